"""A person's past is told change by change: completely, in plain words, with what each change came by."""

import random
import shutil
from copy import deepcopy

import pytest
import stores
from rolecall.facts.differences import Difference, State, differences
from rolecall.facts.store import Store
from rolecall.facts.timeline import timeline
from rolecall.testing import CAST, demo_district
from rosters import changed, people, world
from stores import SECOND, Feed, filled

DAY = 86_400 * SECOND
T0 = 1_790_000_000 * SECOND  # 2026-09-21 14:13 UTC
OAKVALE = CAST["district"].id
TEACHER, ACADEMY, HIGH = CAST["multi_role_teacher"].id, CAST["academy"].id, CAST["high"].id
ALGEBRA, COVERED = CAST["algebra_class"].id, CAST["covered_class"].id


class Past:
    """The demo district in a store, read in full on day 0, and changed by an event a day."""

    def __init__(self, file):
        self.world = demo_district(users=100)
        self.store = Store.open(file)
        self.feed = Feed(self.store, OAKVALE)

    def record(self, kind, one):
        """A record of the district as it was at first, to be changed."""
        return deepcopy(next(raw for raw in self.world[f"{kind}s"] if raw["id"] == one))

    def put(self, day, kind, record):
        self.feed.put(kind, record, now=T0 + day * DAY)

    def told(self, user=TEACHER, now=T0 + 100 * DAY, **more):
        return timeline(self.store, user, now=now, **more)

    def lines(self, user=TEACHER, **more):
        """Each difference in one line: the day, the sign and text, and what it came by."""
        return [
            f"{(moment.time - T0) // DAY} {one.sign} {one.text} ({moment.cause})"
            for moment in self.told(user, **more).moments
            for one in moment.differences
        ]

    def since(self, day=0.5, user=TEACHER, **more):
        """The lines behind the first full read."""
        return self.lines(user, since=T0 + int(day * DAY), **more)


@pytest.fixture(scope="session")
def first_read(tmp_path_factory):
    file = tmp_path_factory.mktemp("timeline") / "roster.db"
    filled(Store.open(file), demo_district(users=100), now=T0, cursor="e").close()
    return file


@pytest.fixture
def past(first_read, tmp_path):
    made = Past(shutil.copy(first_read, tmp_path / "roster.db"))
    yield made
    made.store.close()


def test_the_first_full_read_says_what_there_was(past):
    """Everything that is held then is gained with it: nothing is known of the time before."""
    assert past.lines() == [
        f"0 + held, in district {OAKVALE} (the first full read)",
        "0 + has the role staff (the first full read)",
        "0 + has the role teacher (the first full read)",
        f"0 + staff and PortalOnly at school {ACADEMY} (the first full read)",
        f"0 + teacher and primary_teacher at school {HIGH} (the first full read)",
        f"0 + teaches section {ALGEBRA}, as its primary teacher (the first full read)",
        f"0 + teaches section {CAST['future_class'].id}, as its primary teacher (the first full read)",
    ]
    found = past.told()
    assert (found.known, found.district, found.begins) == (True, OAKVALE, T0)


def test_a_change_of_a_section_is_a_change_of_whom_it_names(past):
    """Who no longer teaches it, who does now, and who becomes its primary teacher; with Clever's event."""
    section = past.record("section", ALGEBRA)
    section |= {"teacher": CAST["co_teacher"].id, "teachers": [CAST["co_teacher"].id]}
    past.put(1, "section", section)
    assert past.since() == [
        f"1 - no longer teaches section {ALGEBRA}, as its primary teacher (Clever's event e0000001)"
    ]
    assert past.since(user=CAST["co_teacher"].id)[-1].startswith(f"1 + the primary teacher of section {ALGEBRA} (")
    (moment,) = past.told(since=T0 + 1).moments
    assert (moment.cause.what, moment.cause.event, moment.change) == ("event", "e0000001", past.store.look(0).change)
    assert moment.cause.event_ns == 1_791_990_000 * SECOND


def test_what_changes_nothing_about_a_person_is_not_told(past):
    """A new name, a classmate more or less, another person's role: no line."""
    section = past.record("section", ALGEBRA)
    section["students"] = section["students"][1:]
    past.put(1, "section", section | {"name": "Algebra 1"})
    past.put(2, "user", past.record("user", TEACHER) | {"name": {"first": "R"}})
    past.put(3, "user", past.record("user", CAST["principal"].id) | {"roles": {}})
    assert past.since() == []


def test_designations_come_and_go_with_their_schools(past):
    """They are told together with staff where both change."""
    record = past.record("user", TEACHER)
    record["roles"]["staff"]["roles"] = ["SchoolTechLead"]
    past.put(1, "user", record)
    record["roles"]["staff"]["schools"] = [ACADEMY, HIGH]
    past.put(2, "user", record)
    del record["roles"]["staff"]
    past.put(3, "user", record)
    assert [line.rpartition(" (")[0] for line in past.since()] == [
        f"1 - no longer PortalOnly at school {ACADEMY}",
        f"1 + SchoolTechLead at school {ACADEMY}",
        f"2 + staff and SchoolTechLead at school {HIGH}",
        "3 - no longer has the role staff",
        f"3 - no longer staff and SchoolTechLead at school {ACADEMY}",
        f"3 - no longer staff and SchoolTechLead at school {HIGH}",
    ]


def test_somebody_who_was_deleted_can_come_back(past):
    """All that they held is lost and gained again, and the timeline says where they belong at the end."""
    past.feed.delete("user", TEACHER, now=T0 + DAY)
    gone = past.told()
    assert (gone.known, gone.district) == (True, "")
    assert past.since()[0].startswith("1 - not held any more: deleted in Clever, or no longer shared with this")
    assert len(past.since()) == 7
    past.put(2, "user", past.record("user", TEACHER))
    assert [line.replace("2 + ", "0 + ").partition(" (")[0] for line in past.since(1.5)] == [
        line.partition(" (")[0] for line in past.lines(until=T0)
    ]
    assert past.told().district == OAKVALE


def test_doubts_are_told_once_with_why(past):
    """A student's other roles are doubtful; when that is over, it is said too."""
    record = past.record("user", TEACHER)
    record["roles"]["student"] = {"school": HIGH, "schools": [HIGH]}
    past.put(1, "user", record)
    past.put(2, "user", past.record("user", TEACHER))
    doubtful = [line for line in past.since() if "doubtful" in line]
    assert [line.rpartition(" (")[0] for line in doubtful] == [
        "1 ~ teacher, primary_teacher, staff and PortalOnly doubtful: Clever never gives a student this role",
        "2 ~ teacher, primary_teacher, staff and PortalOnly no longer doubtful",
    ]


def test_what_is_gained_in_doubt_is_told_with_the_doubt(past):
    """Staff without a designation are PortalOnly in doubt."""
    user = CAST["undesignated_staff"].id
    (line,) = [line for line in past.lines(user) if "PortalOnly" in line]
    assert "+ PortalOnly at school" in line
    assert "(doubtful: no designation is exactly known, and PortalOnly is Clever's default)" in line


def test_a_role_without_a_place_is_told_too(past):
    """Staff of no school have the role and the designation, and lose them; so does who administers the district."""
    user = CAST["staff_nowhere"].id
    assert past.lines(user)[1:] == ["0 + has the roles staff and PortalOnly (the first full read)"]
    record = past.record("user", user)
    record["roles"] = {"staff": {"schools": [], "roles": ["SchoolTechLead"]}, "district_admin": {}}
    past.put(1, "user", record)
    assert [line.rpartition(" (")[0] for line in past.since(user=user)] == [
        "1 - no longer PortalOnly, at no particular place",
        f"1 + administrator of district {OAKVALE}",
        "1 + SchoolTechLead, at no particular place",
    ]


def test_somebody_can_come_into_another_district(past):
    """Clever says that ids are of one district; where one changes, it is told."""
    record = past.record("user", TEACHER)
    other = CAST["other_district"].id
    past.put(1, "user", record | {"district": other})
    Feed(past.store, other).put("user", record | {"district": other}, now=T0 + DAY)
    assert past.told().district == other
    assert any(line.startswith(f"1 + held, in district {other}") for line in past.since())
    assert list(differences(State("d1"), State("d2"))) == [
        Difference("~", "belongs to district d2, no longer to district d1")
    ]


def test_what_is_odd_is_told_when_it_begins_and_when_it_ends(past):
    """A section that names somebody a teacher who has no such role."""
    user, section = CAST["principal"].id, past.record("section", ALGEBRA)
    past.put(1, "section", section | {"teachers": [*section["teachers"], user]})
    past.put(2, "section", section)
    odd = f"section `{ALGEBRA}` names them as a teacher, but they have no role `teacher`"
    assert [line.rpartition(" (")[0] for line in past.since(user=user)] == [f"1 ! {odd}", f"2 ! no longer so: {odd}"]


def test_a_guardians_past_is_their_childrens_too(past):
    """When the child changes class, the guardian does; when the child is gone, so is what came through them."""
    guardian, child = CAST["guardian"].id, CAST["child_high"].id
    section = past.record("section", ALGEBRA)
    past.put(1, "section", section | {"students": [one for one in section["students"] if one != child]})
    past.feed.delete("user", child, now=T0 + 2 * DAY)
    lines = [line.rpartition(" (")[0] for line in past.since(user=guardian)]
    assert lines[0] == f"1 - no longer contact and guardian at section {ALGEBRA}"
    assert f"2 - no longer contact and guardian of student {child}" in lines
    assert f"2 - no longer contact and guardian at school {HIGH}" in lines


def test_a_school_that_is_gone_takes_its_classes_along(past):
    """Without the school there is no section, and no role at either."""
    past.feed.delete("school", HIGH, now=T0 + DAY)
    lines = past.since()
    assert any(line.startswith(f"1 - no longer teacher and primary_teacher at school {HIGH} (") for line in lines)
    assert any(line.startswith(f"1 - no longer teaches section {ALGEBRA}") for line in lines)
    assert any(f"names the school `{HIGH}`, which their district does not have here" in line for line in lines)


def test_assignments_are_told_when_made_when_in_force_and_when_over(past):
    """By whom and why where somebody did it; by the clock where time did."""
    begin, end = T0 + 2 * DAY, T0 + 3 * DAY
    past.store.assign(
        TEACHER, "substitute", "section", COVERED, starts=begin, ends=end, by="ana", why="a trip", now=T0 + DAY
    )
    made = past.store.assign(TEACHER, "coach", "school", ACADEMY, by="ana", why="asked", now=T0 + 4 * DAY)
    past.store.unassign(made, by="bob", why="not true", now=T0 + 5 * DAY)
    first = made - 1
    when = "from 2026-09-23 14:13 UTC until 2026-09-24 14:13 UTC"
    assert past.since() == [
        f"1 ~ to be substitute at section {COVERED} {when} (assignment {first}, made by ana: a trip)",
        f"2 + substitute at section {COVERED} (assignment {first} begins)",
        f"3 - no longer substitute at section {COVERED} (assignment {first} is over)",
        f"4 + coach at school {ACADEMY} (assignment {made}, made by ana: asked)",
        f"5 - no longer coach at school {ACADEMY} (assignment {made}, ended by bob: not true)",
    ]
    assert past.since(now=begin)[-1].startswith("2 + ")
    assert past.since(now=begin - 1)[-1].startswith("1 ~ ")


def test_an_assignment_that_is_withdrawn_never_begins(past):
    """The clock does not tell of what was ended before."""
    number = past.store.assign(
        TEACHER, "coach", "school", ACADEMY, starts=T0 + 9 * DAY, by="ana", why="x", now=T0 + DAY
    )
    past.store.unassign(number, by="bob", why="y", now=T0 + 2 * DAY)
    assert [line[:4] for line in past.since()] == ["1 ~ ", "2 ~ "]
    assert past.since()[1].startswith(f"2 ~ no longer to be coach at school {ACADEMY} from ")


def test_an_assignment_at_a_place_that_is_not_held_gives_nothing(past):
    """It is told as such, and begins to count when the place is there again."""
    section = past.record("section", COVERED)
    past.feed.delete("section", COVERED, now=T0 + DAY)
    past.store.assign(TEACHER, "substitute", "section", COVERED, by="ana", why="x", now=T0 + 2 * DAY)
    past.put(3, "section", section)
    lines = [line.rpartition(" (")[0] for line in past.since()]
    assert lines == [
        f"2 ~ assigned as substitute at section {COVERED}, for nothing: their district has no such place here",
        f"3 + substitute at section {COVERED}",
    ]


def test_a_later_full_read_is_not_the_first(past):
    """What it finds is told as its own."""
    record = past.record("user", TEACHER)
    del record["roles"]["staff"]
    past.world["users"] = [record if one["id"] == TEACHER else one for one in past.world["users"]]
    stores.full_read(past.store, past.world, OAKVALE, now=T0 + DAY, cursor="e2")
    assert past.since()[0] == "1 - no longer has the role staff (a full read)"


def test_only_the_time_asked_about_is_told(past):
    """Both edges are in it; what was before is what the first difference is told from."""
    section = past.record("section", ALGEBRA)
    for day in (1, 2, 3):
        named = [] if day % 2 else [TEACHER]
        past.put(day, "section", section | {"teacher": None, "teachers": named})
    assert len(past.told(since=T0 + DAY, until=T0 + 3 * DAY).moments) == 3
    assert len(past.told(since=T0 + DAY + 1, until=T0 + 3 * DAY - 1).moments) == 1
    assert past.told(since=T0 + 4 * DAY).moments == ()
    assert past.told(since=T0 + 4 * DAY).known
    assert past.told(until=T0 - 1).moments == ()


def test_nobody_is_known_whom_the_store_never_held(past):
    """Neither an id that is nobody's, nor one that sections name, nor an id from before API 3.0, nor a section's."""
    section = past.record("section", ALGEBRA)
    past.put(1, "section", section | {"teachers": ["named"]})
    past.store.assign("assigned", "coach", "school", ACADEMY, by="ana", why="x", now=T0 + DAY)
    legacy = past.record("user", TEACHER)["roles"]["staff"]["legacy_id"]
    for user in ("nobody", "named", "assigned", legacy, ALGEBRA, "", "\x00"):
        found = past.told(user)
        assert (found.known, found.district, found.moments) == (False, "", ())


def test_a_store_that_is_empty_knows_nobody(tmp_path):
    """Nor when anything began."""
    store = Store.open(tmp_path / "new.db")
    found = timeline(store, "x", now=T0)
    assert (found.known, found.begins, found.moments) == (False, None, ())
    store.close()


def state(roster, user):
    """All that is told of a person, of one roster."""
    found = roster.person(user)
    return found and (found.district, set(found.roles), {note for note in found.notes if " is doubtful: " not in note})


@pytest.mark.parametrize("worlds", [2, pytest.param(10, marks=pytest.mark.full)])
@pytest.mark.parametrize("engine", stores.ENGINES)
def test_every_change_of_every_person_is_told_and_no_other(engine, worlds, tmp_path):
    """In random worlds that change at random: a moment for each change that alters a person, and for none that does not."""
    told = 0
    for seed in range(worlds):
        rng, snapshot = random.Random(f"timeline {seed}"), world(seed)
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        store = filled(Store.open(stores.new_url(engine, folder)), snapshot, cursor="e")
        feeds = {one: Feed(store, one) for one in store.districts()}
        users = people(snapshot)
        for round_ in range(20):
            for district, kind, verb, thing in changed(rng, snapshot, feeds):
                at = (2000 + round_) * SECOND
                feeds[district].apply(feeds[district].event(kind, verb, thing), now=at, accept=True)
        rosters = {number: store.roster(number) for number in range(1, store.look(0).change + 1)}
        for user in users:
            found = {moment.change for moment in timeline(store, user, now=9000 * SECOND).moments}
            numbers = sorted(rosters)
            want = {n for n in numbers if state(rosters[n], user) != (state(rosters[n - 1], user) if n > 1 else None)}
            assert found == want, (seed, user)
            assert want <= set(store.concerning(user))
            told += len(found)
        store.close()
    assert told > 20 * worlds
