"""A snapshot is one JSON object, or the same as JSON lines; where anything is wrong, nothing is loaded."""

import json

import pytest
from rolecall import FactsError, Snapshot
from rolecall.testing import CAST, demo_district, demo_lines

AS_OF = 1_792_000_800_000_000_000  # 2026-10-14T18:00:00Z
WHOLE = {
    "as_of": "2026-10-14T18:00:00Z",
    "districts": [{"id": "d1"}],
    "schools": [{"id": "k1", "district": "d1"}],
    "terms": [{"id": "t1", "district": "d1", "start_date": "2026-08-01", "end_date": "2026-12-01"}],
    "sections": [{"id": "s1", "district": "d1", "school": "k1", "term_id": "t1", "teacher": "u1"}],
    "users": [{"id": "u1", "district": "d1", "roles": {"teacher": {"school": "k1"}}}],
    "assignments": [{"user": "u1", "role": "coach", "scope": "school", "id": "k1"}],
}


def lines(*entries):
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in entries)


def as_lines(whole):
    rows = [{"kind": kind[:-1], "data": one} for kind, found in whole.items() if kind != "as_of" for one in found]
    return lines({"kind": "snapshot", "as_of": whole.get("as_of")}, *rows)


@pytest.fixture
def load(tmp_path):
    def written(text, name="snapshot.json"):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Snapshot.load(file)

    return written


def content(facts):
    person = facts.person("u1")
    place = facts.location("section", "s1")
    return (
        facts.as_of,
        person.roles,
        (place.keys, place.term.start),
        facts.application_assignments("u1"),
        facts.location("district", "d1").id,
        facts.reports,
    )


def test_both_forms_say_the_same(load):
    """The object and the JSON lines load to equal facts."""
    one, other = load(json.dumps(WHOLE)), load(as_lines(WHOLE), "snapshot.jsonl")
    assert content(one) == content(other)
    assert one.as_of == AS_OF
    assert one.source.endswith("snapshot.json")


def test_a_mapping_reads_like_a_file(load):
    """`Snapshot.read` takes the content itself."""
    assert content(Snapshot.read(WHOLE)) == content(load(json.dumps(WHOLE)))


def test_the_demo_district_loads_in_both_forms(load):
    """Nothing in the demo district is reported, and both forms hold the same people."""
    one = load(json.dumps(demo_district(users=150)))
    other = load(lines(*demo_lines(150)), "demo.jsonl")
    assert one.reports == other.reports == ()
    for cast in CAST.values():
        mine, theirs = one.person(cast.id), other.person(cast.id)
        assert (mine and mine.roles) == (theirs and theirs.roles)


def test_the_order_of_kinds_does_not_matter(load):
    """A section may come before its school, an assignment before its user."""
    assert content(Snapshot.read(dict(reversed(WHOLE.items())))) == content(Snapshot.read(WHOLE))
    rows = as_lines(WHOLE).splitlines()
    assert content(load(lines(rows[0], *reversed(rows[1:])), "x.jsonl")) == content(Snapshot.read(WHOLE))


@pytest.mark.parametrize("empty", [{}, {"users": None, "as_of": None}, {"users": [], "schools": []}])
def test_a_snapshot_may_hold_nothing(empty):
    """Every member is optional; without `as_of` the age of the facts is unknown."""
    assert Snapshot.read(empty).as_of is None


@pytest.mark.parametrize("raw", [[], None, "users", 7, b"{}"])
def test_a_snapshot_is_one_object(raw):
    """Anything else is refused."""
    with pytest.raises(FactsError, match="a snapshot is one JSON object"):
        Snapshot.read(raw)


@pytest.mark.parametrize(
    "as_of",
    ["2026-10-14", "2026-10-14T18:00:00", "now", "", 7, True, "2026-02-30T00:00:00Z", "9999-12-31T23:59:60Z"],
)
def test_an_as_of_that_is_no_instant_is_an_error(as_of, load):
    """The time of the decisions is never guessed at."""
    for read in (
        lambda: Snapshot.read({"as_of": as_of}),
        lambda: load(lines({"kind": "snapshot", "as_of": as_of}), "x.jsonl"),
    ):
        with pytest.raises(FactsError, match="`as_of` must be an RFC 3339 instant with a zone"):
            read()


@pytest.mark.parametrize(
    ("member", "meant"),
    [("user", "users"), ("Users", "users"), ("usres", "users"), ("section", "sections"), ("asignments", "assignments"),
     ("schols", "schools"), ("district", "districts")],
)  # fmt: skip
def test_a_member_that_is_nearly_known_is_refused(member, meant):
    """Passing over `usres` would lose every user."""
    with pytest.raises(FactsError, match=f"has no member `{member}`; did you mean `{meant}`"):
        Snapshot.read({member: []})


@pytest.mark.parametrize("kind", ["users", "User", "sectoin", "assigment"])
def test_a_kind_of_line_that_is_nearly_known_is_refused(kind, load):
    """The kinds of lines are singular, and a near miss is refused."""
    first = {"kind": "snapshot"}
    with pytest.raises(FactsError, match=f"line 2: a snapshot has no kind `{kind}`; did you mean"):
        load(lines(first, {"kind": kind, "data": {}}), "x.jsonl")


def test_an_unknown_member_is_passed_over_and_reported(load):
    """What is not nearly anything is none of this format's, and said to be so."""
    assert Snapshot.read({"$comment": "made by hand"}).reports == (
        "`$comment` is passed over: a snapshot has no `$comment`",
    )
    assert load(lines({"kind": "snapshot"}, {"kind": "weather", "data": 7}), "x.jsonl").reports == (
        "line 2 (weather) is passed over: a snapshot has no `weather`",
    )


def test_what_clever_has_besides_is_passed_over_silently(load):
    """Courses, resources and events change no decision."""
    assert Snapshot.read({"courses": [{"id": "c"}], "resources": [], "events": [7]}).reports == ()
    assert load(lines({"kind": "snapshot"}, {"kind": "course", "data": {"id": "c"}}), "x.jsonl").reports == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (lines({"kind": "user", "data": {}}), "line 1: the first line must be"),
        (lines({"kind": "snapshot"}, {"kind": "snapshot"}), "line 2: a second snapshot begins"),
        (lines({"kind": "snapshot"}, "[]"), "line 2: must be an object with a `kind`"),
        (lines({"kind": "snapshot"}, {"data": {}}), "line 2: must be an object with a `kind`"),
        (lines({"kind": "snapshot"}, {"kind": 7}), "line 2: must be an object with a `kind`"),
        (lines({"kind": "snapshot"}, "", "{"), "line 3: not JSON"),
        (lines({"kind": "snapshot"}, '{"kind":"user","data":{"id":"a","id":"b"}}'), "line 2: the member name `id`"),
        (lines({"kind": "snapshot"}, {"kind": "user"}), r"line 2 \(user\) must be an object, not null"),
        (lines({"kind": "snapshot"}, {"kind": "as_of", "data": WHOLE["as_of"]}), "line 2: `as_of` stands in the first"),
        (json.dumps(WHOLE), "line 1: must be an object with a `kind`"),
        (b"\xff\xfe", "line 1: not UTF-8"),
    ],
)
def test_lines_that_are_no_snapshot_are_refused_with_their_number(text, said, load):
    """The error names the line."""
    with pytest.raises(FactsError, match=said):
        load(text, "x.jsonl")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"users":[],"users":[]}', "the member name `users` stands twice"),
        ('{"users":[{"id":"u","district":"d","roles":{"teacher":{},"teacher":null}}]}', "the member name `teacher`"),
        ('{"as_of":NaN}', "`NaN` is no JSON value"),
        ("[" * 100_000, "nested too deep"),
        (b'{"as_of":"\xff"}', "not UTF-8"),
        ("{} {}", "not JSON"),
        ("[]", "a snapshot is one JSON object"),
        ('{"users":{}}', "`users` must be a list"),
        (as_lines(WHOLE), "not JSON"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused(text, said, load):
    """JSON that could be read two ways is not read at all."""
    with pytest.raises(FactsError, match=said):
        load(text)


def test_a_byte_order_mark_and_carriage_returns_are_harmless(load):
    """Files from other systems load."""
    assert content(load(b"\xef\xbb\xbf" + json.dumps(WHOLE, indent=1).replace("\n", "\r\n").encode())) == content(
        Snapshot.read(WHOLE)
    )
    text = b"\xef\xbb\xbf" + as_lines(WHOLE).rstrip("\n").replace("\n", "\r\n").encode()
    assert content(load(text, "x.jsonl")) == content(Snapshot.read(WHOLE))


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    """A missing file, or a folder, is no snapshot."""
    with pytest.raises(FactsError, match=r"none.json` cannot be read: No such file"):
        Snapshot.load(tmp_path / "none.json")
    with pytest.raises(FactsError, match="cannot be read: Is a directory"):
        Snapshot.load(tmp_path)


def test_nothing_is_loaded_where_the_last_record_is_wrong(load):
    """There is no half of a snapshot: the error comes instead of it."""
    wrong = as_lines(WHOLE) + lines({"kind": "user", "data": {"id": "u1", "district": "d1"}})
    with pytest.raises(FactsError, match="there are two user records with the id `u1`"):
        load(wrong, "x.jsonl")
