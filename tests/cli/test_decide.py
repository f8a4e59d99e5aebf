"""`rolecall decide`: AuthZEN requests in, a line each; answers out, a line each, in order (DESIGN section 6)."""

import json
from functools import cache

import pytest
from demo import at, pdp, who
from rolecall.testing import demo_district, demo_requests
from shell import facts, lines, run

TEACHER = who("multi_role_teacher")
ALGEBRA = who("algebra_class")
YES = {
    "subject": {"type": "user", "id": TEACHER},
    "action": {"name": "edit"},
    "resource": {"type": "section", "id": ALGEBRA},
}
NO = YES | {"action": {"name": "support"}}
ASSIGNMENT = {"type": "assignment", "id": "a1", "properties": {"section": ALGEBRA, "locked": False}}


def changed(path, value):
    """The request above with one member, by its path, put in, or taken out where `value` is `absent`."""
    request = json.loads(json.dumps(YES))
    *parents, last = path.split(".")
    inner = request
    for name in parents:
        inner = inner.setdefault(name, {})
    if value == "absent":
        del inner[last]
    else:
        inner[last] = value
    return request


def decide(text, *options):
    """The exit code, and the answers; nothing else is on standard output."""
    ran = run("decide", *facts(), *options, stdin=text)
    return ran.code, [json.loads(line) for line in ran.out.splitlines()]


def error(answer):
    """The message of an error, of which an answer has nothing besides."""
    context = answer["context"]
    assert answer == {"decision": False, "context": {"error": {"status": 400, "message": context["error"]["message"]}}}
    return context["error"]["message"]


def test_an_answer_is_an_authzen_response():
    """The decision, and in `context` its id, all permissions held, the code and the reasons."""
    code, (answer,) = decide(lines(YES))
    assert (code, answer["decision"]) == (0, True)
    assert set(answer["context"]) == {"id", "permissions", "code", "reasons"}
    assert answer["context"]["permissions"] == ["edit", "report", "take_attendance", "view"]
    (reason,) = answer["context"]["reasons"]
    assert (reason["permission"], reason["code"]) == ("edit", "granted")
    assert reason["given_by"][0]["rule"] == "teachers-edit-the-classrooms-they-teach"
    assert reason["given_by"][0]["at"].endswith("educators.yaml:12")


def test_a_denial_is_an_answer_like_any_other():
    """What the facts do not hold, and what no rule gives, is denied with a reason, and the exit code stays 0."""
    for request, reason in [
        (NO, "no-rule"),
        (changed("subject.id", "gone"), "subject-not-found"),
        (changed("subject.id", ""), "subject-not-found"),
        (changed("resource.id", "gone"), "resource-not-found"),
        (changed("resource", ASSIGNMENT | {"properties": {"section": "gone"}}), "place-not-found"),
        (changed("resource", ASSIGNMENT | {"properties": {"section": "", "owner": None}}), "place-not-found"),
        (changed("context", {"acting_as": ["student"]}), "not-acting"),
        (changed("context", {"acting_as": []}), "not-acting"),
    ]:
        code, (answer,) = decide(lines(request))
        assert (code, answer["decision"], answer["context"]["code"]) == (0, False, reason)
        assert "error" not in answer["context"]


WRONG = [
    (b"7", "must be a JSON object"), (b"null", "must be a JSON object"), (b'"x"', "must be a JSON object"),
    (b"[]", "must be a JSON object"), (b"{", "not JSON"), (b"{} {}", "not JSON"), (b"yes", "not JSON"),
    (b"\xff", "not UTF-8"), (b'{"subject":"\xed\xa0\x80"}', "not UTF-8"), (b"\x00", "not JSON"), (b"\xef\xbb\xbf", "not JSON"),
    (b'{"subject":NaN}', "`NaN` is no JSON value"), (b'{"a":-Infinity}', "`-Infinity` is no JSON value"),
    (b'{"a":1e5,"a":1e5}', "the member name `a` stands twice"), (b'{"x":[{"\\u0061":1,"a":2}]}', "the member name `a`"),
    (b'{"context":' + b"[" * 100_000, "nested too deep"), (b'{"a":' * 100_000, "nested too deep"),
    (b'{"a":' + b"9" * 10_000 + b"}", "not JSON"), (b"{}", "lacks `subject`"),
    (b'{"a":"' + b"x" * (2 << 20) + b'"}', "1 MiB at most"),
    *((json.dumps(changed(path, value)).encode(), said) for path, value, said in [
        ("subject", "absent", "lacks `subject`"), ("subject", None, "`subject` must be an object"),
        ("subject", "u1", "`subject` must be an object"), ("subject.type", "absent", "`subject` lacks `type`"),
        ("subject.type", "group", "`subject.type` is `group`"), ("subject.type", None, "`subject.type` must be a text"),
        ("subject.id", "absent", "`subject` lacks `id`"), ("subject.id", 7, "`subject.id` must be a text"),
        ("subject.properties", [], "`subject.properties` must be an object"), ("action", "absent", "lacks `action`"),
        ("action", "edit", "`action` must be an object"), ("action", None, "`action` must be an object"),
        ("action.name", "absent", "`action` lacks `name`"), ("action.name", ["edit"], "`action.name` must be a text"),
        ("action.name", "edti", "did you mean `edit`?"), ("action.name", "hand_in", "has no permission `hand_in`"),
        ("action.properties", 7, "`action.properties` must be an object"), ("resource", "absent", "lacks `resource`"),
        ("resource", ["section"], "`resource` must be an object"), ("resource.type", "absent", "lacks `type`"),
        ("resource.type", None, "`resource.type` must be a text"), ("resource.type", "sectoin", "did you mean `section`?"),
        ("resource.id", "absent", "`resource` lacks `id`"), ("resource.id", None, "`resource.id` must be a text"),
        ("resource.properties", None, "`resource.properties` must be an object"),
        ("resource.properties", "x", "`resource.properties` must be an object"),
        ("resource.properties.owner", 7, "`owner` must be"), ("resource.properties.owner", [TEACHER], "`owner` must be"),
        ("resource.properties.owner", False, "`owner` must be"), ("context", None, "`context` must be an object"),
        ("context", [], "`context` must be an object"), ("context.acting_as", None, "`context.acting_as` must be a list"),
        ("context.acting_as", "teacher", "`context.acting_as` must be a list"),
        ("context.acting_as", [7], "`context.acting_as` must be a list"),
        ("context.acting_as", ["techer"], "did you mean `teacher`?"), ("context.acting_as", ["owner"], "`owner`"),
        ("context.acting_as", ["teacher", "PortalOnly"], "`PortalOnly`"), ("context.acting_as", ["guardian"], "`guardian`"),
    ]),
    *((json.dumps(changed("resource", ASSIGNMENT | {"properties": found})).encode(), "must name the section")
      for found in ({}, {"section": None}, {"section": 7}, {"section": [ALGEBRA]}, {"student": "x"})),
]  # fmt: skip


@cache
def answers_between():
    """The answers to every wrong line, each after a request that is allowed, and one more after all of them."""
    code, answers = decide(lines(*(one for wrong, _ in WRONG for one in (YES, wrong)), NO))
    assert (code, len(answers)) == (1, 2 * len(WRONG) + 1)
    return answers


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_line_that_is_no_valid_request_is_answered_in_its_place(number):
    """The lines around it are answered in order, and the exit code is 1 at the end."""
    before, answer, after = answers_between()[2 * number : 2 * number + 3]
    assert before["decision"] is True
    assert "error" not in after["context"]
    assert WRONG[number][1] in error(answer)


def test_one_line_that_is_no_valid_request_makes_the_exit_code_1():
    """Wherever it stands."""
    for order in ((b"7", YES), (YES, b"7"), (b"7",)):
        assert decide(lines(*order))[0] == 1


def test_members_that_authzen_does_not_define_are_ignored():
    """At every level, and whatever they hold; so are properties of the subject and the action."""
    extra = {"x": {"acting_as": 7}, "evaluations": [], "options": None}
    request = {name: value | extra for name, value in YES.items()} | extra
    request["subject"]["properties"] = {"roles": ["district_admin"]}
    request["action"]["properties"] = {}
    request["context"] = {"time": "2026-01-01", "ip": None}
    assert decide(lines(request))[1][0]["decision"] is True


def test_blank_lines_are_skipped_and_line_ends_may_be_anybodys():
    """Empty lines get no answer; CRLF, a byte order mark and a last line without an end are well."""
    text = b"\n  \n" + lines(YES).replace(b"\n", b"\r\n") + b"\r\n\t\n\xef\xbb\xbf" + lines(NO).rstrip()
    code, answers = decide(text)
    assert (code, [one["decision"] for one in answers]) == (0, [True, False])
    assert decide(b"") == (0, [])
    assert decide(b"\n\n") == (0, [])


def test_answers_come_in_the_order_of_the_requests():
    """A thousand requests of all kinds get a thousand answers, each the library's own."""
    asked = list(demo_requests(demo_district(users=100), 1000, seed=9))
    code, answers = decide(lines(*asked))
    engine = pdp(max_stale=None)
    assert (code, len(answers)) == (0, len(asked))
    assert 300 < sum(one["decision"] for one in answers) < 700
    for request, answer in zip(asked, answers, strict=True):
        thing = type(at("high"))(
            request["resource"]["type"], request["resource"]["id"], request["resource"]["properties"]
        )
        decision = engine.authorize(
            request["subject"]["id"],
            thing,
            request["action"]["name"],
            acting_as=request.get("context", {}).get("acting_as"),
        )
        assert answer["decision"] is decision.allowed
        assert answer["context"]["permissions"] == sorted(decision.permissions)


def test_requests_may_come_from_a_file(tmp_path):
    """A path, `-` and standard input are alike."""
    file = tmp_path / "requests.jsonl"
    file.write_bytes(lines(YES, NO))
    for ran in (
        run("decide", *facts(), file),
        run("decide", *facts(), "-", stdin=lines(YES, NO)),
        run("decide", *facts(), stdin=lines(YES, NO)),
    ):
        assert [json.loads(line)["decision"] for line in ran.out.splitlines()] == [True, False]
    ran = run("decide", *facts(), tmp_path / "none.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert "No such file" in ran.err
    assert run("decide", *facts(), tmp_path).code == 2


def test_with_permissions_the_action_may_be_absent():
    """Then `decision` says whether any permission is held, and every permission of the type has a reason."""
    nothing = changed("subject.id", who("nobody"))
    asked = [{k: v for k, v in one.items() if k != "action"} for one in (YES, nothing)] + [NO]
    code, answers = decide(lines(*asked), "--permissions")
    assert (code, [one["decision"] for one in answers]) == (0, [True, False, False])
    codes = {one["permission"]: one["code"] for one in answers[0]["context"]["reasons"]}
    assert codes == dict.fromkeys(("view", "report", "edit", "take_attendance"), "granted") | {"support": "no-rule"}
    assert answers[1]["context"]["permissions"] == []
    assert error(decide(lines(YES | {"action": None}), "--permissions")[1][0]) == "`action` must be an object"


@pytest.mark.parametrize(
    ("at_", "allowed"),
    [("2026-12-19T05:59:59Z", True), ("2026-12-19T06:00:00Z", False), ("2026-08-01T00:00:00-05:00", True)],
)
def test_at_is_the_time_of_the_decisions(at_, allowed):
    """The fall term ends with 2026-12-18 in Chicago; before it has begun a class is no past one."""
    assert decide(lines(YES), "--at", at_)[1][0]["decision"] is allowed


@pytest.mark.parametrize("at_", ["now", "2026-12-18", "2026-12-18T00:00:00", "", "9999-12-31T23:59:59-05:00"])
def test_an_at_that_is_no_instant_is_wrong_usage(at_):
    """Nothing is decided as of a guess."""
    ran = run("decide", *facts(), "--at", at_, stdin=lines(YES))
    assert (ran.code, ran.out) == (2, "")
    assert "is no RFC 3339 time with a zone" in ran.err
