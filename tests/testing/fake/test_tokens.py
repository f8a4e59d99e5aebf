"""Who may ask the fake, and how often."""

from base64 import b64encode

import pytest
from clever_fake import NOW, OAKVALE, PINE_HOLLOW, ask, fake, link, pages, who
from rolecall.testing import demo_district


@pytest.fixture
def clever():
    return fake()


def basic(said="fake-client:fake-secret"):
    return f"Basic {b64encode(said.encode()).decode()}"


def tokens(clever, query="owner_type=district", said=None):
    return ask(clever, f"/oauth/tokens?{query}", authorization=said or basic())


def test_each_district_has_a_token_of_its_own(clever):
    """The first one's is the one that was given, or all of them were."""
    assert clever.tokens == {OAKVALE: "fake-token", PINE_HOLLOW: "fake-token-2"}
    assert fake(token="mine").tokens[OAKVALE] == "mine"  # noqa: S106 - nobody's password
    own = fake(demo_district(users=100), tokens={PINE_HOLLOW: "theirs"})
    assert own.tokens == {PINE_HOLLOW: "theirs"}
    assert len(pages(own, "/v3.0/users", "theirs")[0]) == 3


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer wrong", "Basic fake-token", "fake-token", "Bearer Fake-Token"])
def test_no_good_token_is_a_401_with_a_message(clever, said):
    """Whatever is asked for, even what is not there."""
    for target in ("/v3.0/users", "/v3.0/nothing", "/v3.0/events"):
        got = ask(clever, target, authorization=said or " ")
        assert (got.status, list(got.json)) == (401, ["message"])


def test_a_scheme_has_no_case(clever):
    """`bearer` is as good as `Bearer`; the token itself is not so lenient."""
    assert ask(clever, "/v3.0/users", authorization="bearer fake-token").status == 200


def test_a_token_that_was_rotated_is_refused(clever):
    """The new one is good, and another district's stays."""
    old = clever.tokens[OAKVALE]
    new = clever.rotate()
    assert (ask(clever, "/v3.0/users", old).status, ask(clever, "/v3.0/users", new).status) == (401, 200)
    assert clever.tokens == {OAKVALE: new, PINE_HOLLOW: "fake-token-2"}
    newest = clever.rotate(OAKVALE, keep_old=True)
    assert len({old, new, newest}) == 3
    assert [ask(clever, "/v3.0/users", one).status for one in (new, newest)] == [200, 200]


def test_the_client_can_ask_for_the_tokens(clever):
    """Every district's, or one's; always the current ones."""
    got = tokens(clever)
    assert got.status == 200
    assert {one["owner"]["id"]: one["access_token"] for one in got.json["data"]} == clever.tokens
    assert {one["owner"]["type"] for one in got.json["data"]} == {"district"}
    assert link(got.json, "self") == "/oauth/tokens?owner_type=district"
    new = clever.rotate(PINE_HOLLOW)
    (one,) = tokens(clever, f"owner_type=district&district={PINE_HOLLOW}").json["data"]
    assert one["access_token"] == new


@pytest.mark.parametrize(
    ("query", "said", "status"),
    [
        ("owner_type=district", basic("fake-client:wrong"), 401),
        ("owner_type=district", "Basic ???", 401),
        ("owner_type=district", "Basic /w==", 401),
        ("owner_type=district", "Bearer fake-token", 401),
        ("owner_type=user", None, 400),
        ("", None, 400),
    ],
)
def test_whoever_is_not_the_client_gets_no_token(clever, query, said, status):
    """Nor does a wrong question."""
    got = tokens(clever, query, said)
    assert (got.status, list(got.json)) == (status, ["message"])


def test_a_person_s_token_reaches_what_is_theirs(clever):
    """Who they are, their own record, their schools and their district, and nothing else."""
    token = clever.sso_token(who("multi_role_teacher"))
    me = ask(clever, "/v3.0/me", token).json
    assert (me["type"], me["data"]["id"], me["data"]["district"]) == ("user", who("multi_role_teacher"), OAKVALE)
    assert link(me, "canonical") == f"/v3.0/users/{who('multi_role_teacher')}"
    for good in (
        f"users/{who('multi_role_teacher')}",
        f"schools/{who('high')}",
        f"schools/{who('academy')}",
        f"districts/{OAKVALE}",
    ):
        assert ask(clever, f"/v3.0/{good}", token).status == 200
    for bad in (
        "users",
        "sections",
        "events",
        f"users/{who('teacher')}",
        f"schools/{who('middle')}",
        f"sections/{who('algebra_class')}",
    ):
        assert ask(clever, f"/v3.0/{bad}", token).status == 404
    assert ask(clever, "/v3.0/me").status == 404


def test_a_person_s_token_cannot_page(clever):
    """Nor use a limit."""
    token = clever.sso_token(who("teacher"))
    for name in ("limit", "starting_after", "ending_before"):
        assert ask(clever, f"/v3.0/users/{who('teacher')}?{name}=1", token).status == 400


def test_a_person_s_token_ends_with_the_person(clever):
    """Whoever is deleted is nobody."""
    token = clever.sso_token(who("teacher"))
    clever.delete("user", who("teacher"))
    assert ask(clever, "/v3.0/me", token).status == ask(clever, f"/v3.0/users/{who('teacher')}", token).status == 404


def test_too_many_requests_a_minute_are_refused_until_it_ends(clever):
    """Each token by itself; the answer says when, in seconds since 1970. Nothing is counted while it is off."""
    for _ in range(5):
        assert ask(clever, "/v3.0/terms").status == 200
    clever.rate_limit = 3
    statuses = [ask(clever, "/v3.0/terms").status for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    got = ask(clever, "/v3.0/terms")
    reset = int(got.headers["x-ratelimit-reset"])
    assert NOW < reset <= NOW + 60
    assert reset % 60 == 0
    assert ask(clever, "/v3.0/terms", clever.tokens[PINE_HOLLOW]).status == 200
    clever.clock.now = reset - 0.01
    assert ask(clever, "/v3.0/terms").status == 429
    clever.clock.now = reset
    assert ask(clever, "/v3.0/terms").status == 200
