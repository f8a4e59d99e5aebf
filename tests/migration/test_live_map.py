"""The map from Clever itself: the same as from a snapshot of the same data, whole or not at all."""

import json
import random
import re
from collections import Counter
from datetime import timedelta

import pytest
from facts.clever.peer import Hands
from hypothesis import given, settings
from hypothesis import strategies as st
from migration.worlds import made_accounts, outcome_of, planned
from rolecall import FactsError
from rolecall.facts.clever import Clever, ClientTokens, NotShared, StaticTokens, TokenRefused, Unavailable
from rolecall.migration import read_clever, read_map
from rolecall.testing import FakeClever, Fault, demo_district
from rolecall.vocabulary.roles import CLEVER_ROLES, EMPLOYEES

LIKES = frozenset({"email", "sis_id"})
MALFORMED = {"legacy_id": 7}


def clever_of(fake, page=1000, tokens=None):
    """Clever as the fake is it, asked for pages of this size; waiting takes no time."""
    asked = tokens or StaticTokens(fake.tokens)
    return Clever(
        asked, transport=fake.transport(), page=page, per_minute=10**6, patience=timedelta(1), clock=Hands().clock()
    )


def user(new, roles, district="d1", **more):
    """A user with a legacy id for each role."""
    held = {role: {"legacy_id": old} for role, old in roles.items()}
    return {"id": new, "district": district, "roles": held, **more}


def fake_of(*users):
    return FakeClever({"districts": [{"id": "d1"}, {"id": "d2"}], "users": list(users)})


def answers(found):
    """All that plans read of a map, whatever order it came in."""
    return {
        "entries": {
            (old, one.district, one.role, one.person.id) for old, first in found.entries.items() for one in first.all()
        },
        "people": {(one.id, one.district, one.roles) for one in found.people.values()},
        "students": (found.students, found.bad_students),
        "contacts": found.contacts,
        "tangled": found.tangled,
        "alike": {key: sorted(ids) for key, ids in found.alike.items()},
        "problems": {name: found.counts[name] for name in ("two-new-ids", "student-differs", "duplicate")},
    }


OLDS = st.sampled_from(("o1", "o2", "o3", "n1", "s1", ""))
HELD = st.one_of(st.none(), st.builds(lambda old: {"legacy_id": old, "sis_id": "7"}, OLDS), st.just(MALFORMED))
USER = st.fixed_dictionaries(
    {
        "district": st.sampled_from(("d1", "d1", "d2", "", None)),
        "roles": st.dictionaries(st.sampled_from((*CLEVER_ROLES, "teacher", "staff")), HELD, max_size=4),
        "email": st.sampled_from(("A@x", "a@X ", None)),
    }
)
ACCOUNT = st.fixed_dictionaries(
    {
        "id": st.sampled_from(("o1", "o2", "o3", "n1", "n2", "s1", "x")),
        "role": st.sampled_from((*CLEVER_ROLES, "teacher")),
        "district": st.sampled_from(("d1", "d2", "")),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    people=st.dictionaries(st.sampled_from(("n1", "n2", "n3", "n4", "s1", "s2", "o1")), USER, max_size=6),
    accounts=st.lists(ACCOUNT, max_size=6),
    page=st.integers(1, 4),
)
def test_it_answers_as_a_snapshot_of_the_same_data_does(tmp_path_factory, people, accounts, page):
    """Maps and plans are equal, with several roles, two districts, contradictions and records that cannot be read."""
    snapshot = {"users": [{"id": new, **one} for new, one in people.items()]}
    file = tmp_path_factory.mktemp("s") / "s.json"
    file.write_text(json.dumps(snapshot))
    live = read_clever(clever_of(fake_of(*snapshot["users"]), page), alike=LIKES)
    held = read_map(str(file), alike=LIKES)
    assert answers(live) == answers(held)
    given_ = [{"key": f"k{number}", **one} for number, one in enumerate(accounts)]
    steps = [planned(found, made_accounts(given_))[1] for found in (live, held)]
    assert steps[0] == steps[1]


def test_the_demo_district_is_the_same_live(tmp_path):
    """Both its districts; every list is asked for, and everybody counts once however many lists they stand in."""
    district = demo_district(users=100)
    (tmp_path / "demo.json").write_text(json.dumps(district))
    fake, told = FakeClever(district), []
    live = read_clever(clever_of(fake, page=10), None, told.append)
    assert answers(live) == answers(read_map(str(tmp_path / "demo.json")))
    assert {one.name: one.rows for one in live.sources} == {
        f"clever:{name}": sum(one["district"] == name and bool(one["roles"]) for one in district["users"])
        for name in fake.tokens
    }
    for name in fake.tokens:
        asked = {one.query for one in fake.requests if one.district == name and "starting_after" not in one.query}
        assert {f"limit=10&role={role}" for role in CLEVER_ROLES} <= asked
    assert told == sorted(told)
    entries = [role for one in district["users"] for role in one["roles"]]
    assert told[-1] == len(entries) + sum(role in EMPLOYEES for role in entries)


MANY = [user(f"m{number}", {"teacher": f"p{number}"}) for number in range(9)]
PEOPLE = [
    user("n1", {"teacher": "o1", "staff": "o2"}, email="a@x"),
    user("n2", {"district_admin": "o3", "contact": "c2"}),
    user("s1", {"student": "s1"}),
    user("n3", {"teacher": "o4"}, "d2"),
]


def digests(*users, page=1000, seed=None, **more):
    """The digest of each district's users, in pages of this size, shuffled."""
    fake = fake_of(*users)
    if seed is not None:
        rng = random.Random(seed)
        fake.fault(
            Fault.edit_page("mixed", lambda _, page: page | {"data": rng.sample(page["data"], len(page["data"]))})
        )
    return [one.digest for one in read_clever(clever_of(fake, page), **more).sources]


def test_the_digest_is_of_the_data_and_not_of_its_order():
    """Pages of any size, in any order: one digest; another for another legacy id, role or likeness that is asked for."""
    many = digests(*PEOPLE, *MANY)
    assert len(set(many)) == 2
    assert all(digests(*PEOPLE, *MANY, page=page) == many for page in (1, 2, 3))
    assert all(digests(*PEOPLE, *MANY, seed=seed) == many for seed in range(5))
    once = digests(*PEOPLE)
    assert digests(*PEOPLE[:3], PEOPLE[3] | {"email": "new"}) == once
    assert digests(*PEOPLE[:3], user("n3", {"teacher": "o5"}, "d2"))[1] != once[1]
    assert digests(*PEOPLE[:3], user("n3", {"staff": "o4"}, "d2"))[1] != once[1]
    assert digests(*PEOPLE, {"district": "d1", "roles": {"staff": {}}})[0] != once[0]
    like = digests(*PEOPLE, alike=LIKES)
    assert like[0] != once[0]
    assert digests(PEOPLE[0] | {"email": "b@x"}, *PEOPLE[1:], alike=LIKES)[0] != like[0]


def test_one_district_alone():
    """Only its lists are asked for; what is no district is not quoted, for it may be a token."""
    fake = fake_of(*PEOPLE)
    found = read_clever(clever_of(fake), districts=["d2"])
    assert (set(found.people), {one.district for one in fake.requests}) == ({"n3"}, {"d2"})
    with pytest.raises(FactsError, match="tokens for `d1`, `d2`") as error:
        read_clever(clever_of(fake), districts=["d2", "s3cret"])
    assert "s3cret" not in str(error.value)


def test_progress_counts_on_from_district_to_district():
    """Three of them, never backwards."""
    told = []
    read_clever(clever_of(fake_of(*PEOPLE, user("n4", {"student": "n4"}, "d3"))), None, told.append)
    assert told == sorted(told)
    assert told[-1] == 11


def test_without_a_district_there_is_no_map():
    """An application that nobody has connected yet."""
    fake = fake_of(*PEOPLE)
    fake.fault(Fault.json({"data": [], "links": []}), path="/oauth/tokens")
    with pytest.raises(FactsError, match="there is no district to read"):
        read_clever(clever_of(fake, tokens=ClientTokens("fake-client", "fake-secret")))


def test_records_without_id_and_of_other_districts_are_left_out_and_told():
    """Each once, however many lists they stand in; nobody else waits for them."""
    fake = fake_of(*PEOPLE)
    roles = {role: {"legacy_id": "o9"} for role in ("staff", "teacher")}
    fake.change("user", {"district": "d1", "roles": roles}, district="d1")
    fake.change("user", {"district": "d1", "roles": {"contact": {}}}, district="d1")
    fake.change("user", user("n8", {"teacher": "o8"}, "d9"), district="d1")
    found = read_clever(clever_of(fake))
    assert set(found.people) == {"n1", "n2", "n3"}
    assert sorted((one.where, one.kind) for one in found.named) == [
        ("clever:d1", "blank"),
        ("clever:d1", "blank"),
        ("clever:d1: user `n8`", "other-district"),
    ]


BOTH = {"teacher": "o1", "staff": "o2"}


def changing(before, after, at):
    """A Clever in which `n1` becomes somebody else before request number `at` for users; None: is no longer there."""
    fake, number = fake_of(user("n1", before), *PEOPLE[1:]), iter(range(10_000))

    def seen(asked):
        if asked.path.endswith("/users") and next(number) == at:
            if after is None:
                fake.delete("user", "n1")
            else:
                fake.change("user", user("n1", after))

    fake.on_request = seen
    return fake


def replaced(fake, record, where):
    """Let lists whose query says `where` hold this record in place of the person's own."""

    def changed(_, page):
        data = [{"data": record} if one["data"]["id"] == record["id"] else one for one in page["data"]]
        return page | {"data": data}

    fake.fault(Fault.edit_page("replaced", changed), path=re.compile(where))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BOTH, {"teacher": "o1"}),
        (BOTH, BOTH | {"district_admin": "o7"}),
        (BOTH, {"teacher": "o7", "staff": "o2"}),
        (BOTH, {"student": "n1", "teacher": "o1"}),
        (BOTH, {"district_admin": "o7"}),
        (BOTH, {}),
        (BOTH, None),
        ({"staff": "o2"}, {"teacher": "o1"}),
        ({"district_admin": "o7"}, {"staff": "o2"}),
        ({"contact": "c1"}, {"district_admin": "o7"}),
    ],
)
def test_who_changes_while_it_is_read_is_never_more_than_they_were(before, after):
    """Whenever it happens: they are as before, or as after, or less than one of these, which is told; never missed."""
    told = Counter()
    states = [{one for one in state.items() if one[0] in EMPLOYEES} for state in (before, after or {})]
    for at in range(25):
        found = read_clever(clever_of(changing(before, after, at), page=2))
        taken = {(role, old) for _, role, old in found.olds("n1")}
        changed = found.counts["changed"]
        assert taken <= states[0] or taken <= states[1]
        assert changed or taken in states
        assert changed or taken or not all(states)
        told["changed" if changed else "unseen"] += 1
        assert {"n2", "n3"} <= found.people.keys()
    assert told["unseen"]


def test_a_change_is_told_with_what_is_left_out():
    """By id and role; the digest and the map are the same whichever reading came first."""
    sources = []
    for where in ("role=teacher", "role=staff"):
        fake = fake_of(*PEOPLE)
        replaced(fake, user("n1", {"teacher": "o7", "staff": "o2"}), where)
        found = read_clever(clever_of(fake))
        assert found.olds("n1") == (("d1", "staff", "o2"),)
        (one,) = found.named
        assert (one.where, one.kind) == ("clever:d1: user `n1`", "changed")
        assert "as teacher is left out" in one.text
        sources.append(found.sources)
    assert sources[0] == sources[1]


@pytest.mark.parametrize(
    ("roles", "outcome"),
    [
        ({"teacher": "o1"}, "two-new-ids"),  # n1 has it as a teacher too
        ({"teacher": "o2"}, "role-differs"),  # n1 has it as staff: theirs it is not
        ({"teacher": "n1"}, "cycle"),  # which is n1's v3.0 id
        ({"contact": "n1"}, "already-migrated"),  # nobody maps a contact
        ({"teacher": "o9"}, "unmapped"),
    ],
)
def test_what_is_left_out_still_holds_what_it_contradicts(roles, outcome):
    """An old id that was somebody's only for a while, and is another's too, is held: nobody can tell whose it is."""
    fake = fake_of(*PEOPLE, user("n5", {**roles, "staff": "o6"}))
    replaced(fake, user("n5", {"staff": "o6"}), "role=staff")
    found = read_clever(clever_of(fake))
    (old,) = roles.values()
    accounts = made_accounts([{"key": "1", "id": old, "role": "teacher", "district": "d1"}])
    assert outcome_of(planned(found, accounts)[1]) == {"1": outcome}
    assert found.counts["changed"] == 1


def test_a_likeness_must_be_there_each_time():
    """Somebody whose address changes meanwhile is like nobody by it."""
    fake = fake_of(*PEOPLE)
    replaced(fake, PEOPLE[0] | {"email": "b@x"}, "role=staff")
    found = read_clever(clever_of(fake), alike=LIKES)
    assert (found.alike, found.counts["changed"]) == ({}, 0)


def test_a_record_that_cannot_be_read_is_told_by_its_id():
    """Once, however often it is met; also where it could be read before."""
    fake = fake_of(*PEOPLE, user("n5", {"teacher": 7, "staff": "o6"}))
    found = read_clever(clever_of(fake))
    (one,) = found.named
    assert (one.where, one.kind) == ("clever:d1: user `n5`", "malformed")
    replaced(fake, user("n1", {"teacher": 7}), "role=staff")
    found = read_clever(clever_of(fake))
    assert [(one.where, one.kind) for one in found.named] == [
        ("clever:d1: user `n1`", "changed"),
        ("clever:d1: user `n5`", "malformed"),
    ]
    assert "n1" not in found.people


def test_a_student_whom_one_reading_stops_is_stopped():
    """Their id must be what it was, each time it is read."""
    fake = fake_of(user("s1", {"student": "s1", "contact": "c1"}))
    replaced(fake, user("s1", {"student": "old", "contact": "c1"}), "role=contact")
    found = read_clever(clever_of(fake))
    assert (found.students, found.bad_students) == ({}, {"s1", "old"})
    assert found.counts["changed"] == 1


@pytest.mark.parametrize("skip", [0, 3, 11])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.status(401), TokenRefused),
        (Fault.status(404), (NotShared, Unavailable)),
        (Fault.status(500), Unavailable),
        (Fault.cut(), Unavailable),
        (Fault.broken_json(), Unavailable),
        (Fault.foreign_next(), Unavailable),
        (Fault.repeated_next(), Unavailable),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_half_a_list_is_no_map(fault, error, skip):
    """Whichever page of whichever list cannot be had: an error that names the district and says what it means."""
    fake = FakeClever(demo_district(users=100))
    fake.fault(fault, path="/v3.0/users", skip=skip)
    with pytest.raises(error, match=r"district `d157\w+`: .* Half a list of users is no map") as told:
        read_clever(clever_of(fake, page=10))
    assert not any(token in str(told.value) for token in fake.tokens.values())


def test_a_lost_link_loses_nobody():
    """A page that ought to lead on and does not: what comes behind it is asked for all the same."""
    fake = FakeClever(demo_district(users=100))
    whole = read_clever(clever_of(fake, page=10))
    fake.fault(Fault.missing_next(), path="/v3.0/users")
    assert answers(read_clever(clever_of(fake, page=10))) == answers(whole)


def test_the_end_is_where_nothing_comes_after():
    """Pages shorter than asked for that lead nowhere; a next link behind the end: neither loses or adds anybody."""
    whole = read_clever(clever_of(FakeClever(demo_district(users=100))))

    def short(_asked, page):
        return page | {"data": page["data"][:3], "links": page["links"][:1]}

    def endless(asked, page):
        if page["data"] or "starting_after" not in asked.query:
            return page
        return page | {"links": [*page["links"], {"rel": "next", "uri": asked.target}]}

    for edit in (short, endless):
        fake = FakeClever(demo_district(users=100))
        fake.fault(Fault.edit_page(edit.__name__, edit), path="/v3.0/users")
        assert read_clever(clever_of(fake)).sources == whole.sources


def test_a_try_that_fails_is_made_again():
    """A 503 now and then, and a rate limit, cost time and nothing else."""
    fake = FakeClever(demo_district(users=100))
    whole = read_clever(clever_of(fake, page=10))
    fake.fault(Fault.status(503), path="/v3.0/users", chance=0.3)
    fake.fault(Fault.status(429, reset_in=3), path="/v3.0/users", chance=0.2)
    assert read_clever(clever_of(fake, page=10)).sources == whole.sources


def test_the_library_is_told_how_to_ask():
    """`clever:` is a word of the command line's: the library has no tokens."""
    with pytest.raises(FactsError, match="call `read_clever`"):
        read_map("clever:")
