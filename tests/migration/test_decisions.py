"""Each decision by example, files of decisions, and whom a login lets in."""

import json

import pytest
from migration.decided import Rows, decision, decisions_of, everyone, held
from migration.worlds import CUT, made_map, outcome_of, planned
from msgspec.structs import replace
from rolecall.errors import FactsError, RequestError
from rolecall.migration import CONFLICTS, Account, Choice, Resolver, Settings, read_decisions
from rolecall.migration.deciding import ALLOWED, Decision, Decisions
from rolecall.migration.decisions import written_decisions
from rolecall.migration.login import Way
from rolecall.migration.model import PersonStep
from rolecall.migration.references import Referring

ROWS = [("d1", "teacher", "o1", "n1"), ("d1", "staff", "o2", "n1"), ("d1", "teacher", "o3", "n3")]
TEACHER, STAFF, OTHER = (
    Account(key, old, role, "d1", print=f"p{key}")
    for key, old, role in (("1", "o1", "teacher"), ("2", "o2", "staff"), ("3", "o3", "teacher"))
)


class Case:
    """Accounts, a map, choices; what is decided is added round by round."""

    def __init__(self, *accounts, rows=ROWS, students=(), tables=None, **choice):
        self.accounts, self.map, self.files = accounts, made_map(rows, students), []
        self.settings, self.tables = Settings(choice=Choice(**choice)), tables

    def plan(self):
        decisions = decisions_of(*self.files) if self.files else None
        return planned(self.map, list(self.accounts), self.settings, decisions=decisions, tables=self.tables)

    def outcomes(self):
        return outcome_of(self.plan()[1])

    def decide(self, **words):
        """Decide about accounts that are held: `k1="leave"`, or `k1="n1"` for a person."""
        by = {one.key: one for one in held(self.plan()[1])}
        self.files.append(
            [
                decision(
                    by[key[1:]], word if word in ("leave", "go") else "person", "" if word in ("leave", "go") else word
                )
                for key, word in words.items()
            ]
        )
        return self.outcomes()

    def void(self):
        """Why decisions do not count, by account."""
        return {one["account"]: one["why"] for file in self.plan()[0].decisions for one in file.get("void", ())}

    def login(self, new, *roles):
        ports = [lambda ids: [one for one in self.accounts if one.id in ids]]
        ports.append(lambda keys: [one for one in self.accounts if one.key in keys])
        resolver = Resolver(
            ports[0],
            aliases=self.map.rows,
            settings=self.settings,
            decisions=decisions_of(*self.files),
            keyed=ports[1],
        )
        return resolver.resolve({"id": new, "district": "d1", "roles": {role: {} for role in roles}})


def test_every_conflict_can_be_left():
    """The table of what can be decided has every conflict, and `leave` for each."""
    assert ALLOWED.keys() == CONFLICTS.keys()
    assert all(words[0] == "leave" for words in ALLOWED.values())


def test_an_account_without_an_id_is_somebodys_once_that_is_said():
    """It joins the person's accounts like any other, with the values that a merge looks at."""
    case = Case(STAFF, Account("9", "", "teacher", "d1", print="p9"))
    assert case.decide(k9="n1") == {"2": "merged", "9": "merged"}
    (step,) = [one for one in case.plan()[1] if isinstance(one, PersonStep)]
    assert (step.person, step.survivor) == ("n1", "2")
    assert case.login("n1", "teacher", "staff").account == "2"


def test_an_account_in_two_districts_roles_or_minds_is_whose_it_is_said_to_be():
    """`other-district`, `role-differs`, `two-new-ids`: the named person's, and nobody else's."""
    rows = [*ROWS, ("d1", "teacher", "o4", "n3"), ("d1", "teacher", "o4", "n1"), ("d1", "staff", "o5", "n5")]
    away = replace(OTHER, district="d2")
    case = Case(away, Account("4", "o4", "teacher", "d1", print="p4"), Account("5", "o5", "teacher", "d1"), rows=rows)
    assert case.outcomes() == {"3": "other-district", "4": "two-new-ids", "5": "role-differs"}
    assert case.decide(k3="n3", k4="n1", k5="n5") == dict.fromkeys("345", "rekeyed")
    assert {one.key: person for person, one in everyone(case.plan()[1])} == {"3": "n3", "4": "n1", "5": "n5"}


def test_one_of_two_in_the_same_role_is_left_or_somebody_elses():
    """The other then goes on, though nothing is decided about it."""
    late = Account("9", "o9", "teacher", "d1", print="p9")
    rows = [*ROWS, ("d1", "teacher", "o9", "n1")]
    case = Case(TEACHER, late, rows=rows)
    assert case.outcomes() == dict.fromkeys("19", "same-role-twice")
    assert case.decide(k9="leave") == {"1": "rekeyed", "9": "left"}
    other = Case(TEACHER, late, rows=rows)
    assert other.decide(k9="n3") == {"1": "rekeyed", "9": "rekeyed"}


def test_to_name_whose_account_it_is_already_settles_nothing():
    """Two accounts in one role stay two; the plan says that the decision is in vain."""
    rows = [*ROWS, ("d1", "teacher", "o9", "n1")]
    case = Case(TEACHER, Account("9", "o9", "teacher", "d1"), rows=rows)
    assert case.decide(k9="n1") == dict.fromkeys("19", "same-role-twice")
    assert case.void() == {"9": "it does not settle the conflict that it was made for"}


def test_an_account_that_is_left_still_has_the_id_it_carries():
    """Nobody is moved to an id that an account keeps, and at login nobody gets in by it."""
    stranger = Account("8", "n1", "", "d1", print="p8")
    case = Case(TEACHER, stranger)
    assert case.outcomes() == {"1": "new-id-taken", "8": "unknown-role"}
    assert case.decide(k8="leave") == {"1": "new-id-taken", "8": "left"}
    assert case.login("n1", "teacher").choices() == ()
    alone = Case(stranger)
    assert alone.decide(k8="leave") == {"8": "left"}
    assert (alone.login("n1", "teacher").conflict, alone.login("n1", "teacher").choices()) == ("new-id-taken", ())


def test_an_account_that_is_somebody_elses_still_has_the_id_it_carries():
    """Until that is carried out; then the id is free."""
    case = Case(TEACHER, Account("8", "n1", "", "d1", print="p8"))
    assert case.decide(k8="n3") == {"1": "new-id-taken", "8": "rekeyed"}
    assert case.login("n1", "teacher").conflict == "new-id-taken"
    done = Case(TEACHER, Account("8", "n3", "teacher", "d1"))
    assert done.outcomes() == {"1": "rekeyed", "8": "already-migrated"}


def test_who_has_the_id_is_the_person_if_somebody_says_so():
    """The stranger is no stranger then."""
    case = Case(TEACHER, Account("8", "n1", "", "d1", print="p8"))
    assert case.decide(k8="n1") == {"1": "merged", "8": "merged"}
    (step,) = [one for one in case.plan()[1] if isinstance(one, PersonStep)]
    assert step.survivor == "8"


def test_locked_goes_on_where_all_of_the_person_say_so():
    """`go` at one of two accounts is not enough, and the plan says so."""
    case = Case(replace(TEACHER, locked=True), STAFF)
    assert case.decide(k1="go") == dict.fromkeys("12", "locked")
    assert case.void() == {"1": "another account of the same person is not decided in the same way"}
    assert case.decide(k2="go") == dict.fromkeys("12", "merged")
    assert case.void() == {}


def test_columns_that_differ_stay_the_survivors_own():
    """`go`: no column is taken from another account for it."""
    case = Case(
        replace(TEACHER, values=("a", 3)), replace(STAFF, values=("b", 2)), columns={"theme": "same", "points": "max"}
    )
    assert case.outcomes() == dict.fromkeys("12", "columns-differ")
    assert case.decide(k1="go", k2="go") == dict.fromkeys("12", "merged")
    (step,) = [one for one in case.plan()[1] if isinstance(one, PersonStep)]
    assert (step.survivor, step.columns) == ("2", {"points": "1"})


@pytest.mark.parametrize(
    ("words", "outcomes"),
    [
        ({"k1": "go", "k2": "go"}, {"1": "merged", "2": "merged"}),
        ({"k1": "go"}, {"1": "unique-key", "2": "unique-key"}),
        ({"k1": "leave"}, {"1": "left", "2": "rekeyed"}),
    ],
)
def test_rows_that_meet_stay_the_survivors_own(words, outcomes):
    """`go` at both: a merge, told with what meets; `leave` at one: no merge."""
    table = Rows((Referring("grades", ("account",), (("account", "class"),)),), [("1", "a"), ("2", "a")])
    case = Case(TEACHER, STAFF, tables=table)
    assert case.outcomes() == dict.fromkeys("12", "unique-key")
    assert case.decide(**words) == outcomes
    (step,) = [one for one in case.plan()[1] if isinstance(one, PersonStep)]
    assert [one.rows for one in step.clashes] == ([1] if "left" not in outcomes.values() else [])


def test_who_is_still_active_is_put_away_all_the_same():
    """`go`; but a lock is decided by itself. The plan is no longer refused."""
    late = replace(TEACHER, active=CUT, locked=True)
    case = Case(late, do="cut-over", date=CUT)
    assert case.decide(k1="go") == {"1": "locked"}
    assert case.decide(k1="go") == {"1": "archived"}
    assert case.plan()[0].refused == ()
    assert case.login("n1", "teacher").choices() == (Way("teacher", "", ("teacher",)),)


def test_who_is_named_at_a_cut_over_is_last_years():
    """An account without an id, of somebody whose district starts anew, is archived, or held as still active."""
    case = Case(Account("9", "", "teacher", "d1", active=CUT), do="cut-over", date=CUT)
    assert case.decide(k9="n1") == {"9": "still-active"}
    assert case.decide(k9="leave") == {"9": "left"}


def test_a_cycle_ends_where_somebody_says_whose_the_id_is():
    """All accounts of whoever is in the cycle must be said to be theirs."""
    rows = [*ROWS, ("d1", "staff", "n1", "n6")]
    case = Case(TEACHER, Account("8", "n1", "staff", "d1", print="p8"), rows=rows)
    assert case.outcomes() == dict.fromkeys("18", "cycle")
    assert case.decide(k8="n1") == dict.fromkeys("18", "cycle")
    assert case.decide(k1="n1") == dict.fromkeys("18", "merged")


@pytest.mark.parametrize(
    ("do", "outcome"), [("link", "unknown-role"), ("separate", "unknown-role"), ("consolidate", "rekeyed")]
)
def test_what_stays_apart_needs_a_role(do, outcome):
    """An account of an unknown role can be merged, and cannot be one of a person's roles."""
    case = Case(Account("9", "o1", "", "d1", print="p9"), do=do)
    assert case.decide(k9="n1") == {"9": outcome}


@pytest.mark.parametrize(("word", "outcome"), [("leave", "left"), ("n3", "rekeyed")])
def test_one_of_a_persons_accounts_that_goes_takes_the_id_it_carries_along(word, outcome):
    """Of two in one role the one that carries the v3.0 id is left, or another's: the other cannot move to that id."""
    case = Case(TEACHER, Account("8", "n1", "teacher", "d1", print="p8"))
    assert case.decide(k8=word) == {"1": "new-id-taken", "8": outcome}
    assert case.login("n1", "teacher").choices() == ()


def test_whose_district_nobody_knew_is_not_taken_for_migrated():
    """Somebody without a district, whose one account is of a district that starts anew: the other one stays held."""
    accounts = Account("1", "n1", "staff", "d1"), Account("9", "", "teacher", "d2")
    case = Case(*accounts, rows=[("", "staff", "o1", "n1")])
    case.settings = Settings(districts={"d1": Choice("cut-over", date=CUT)})
    assert case.decide(k9="n1") == dict.fromkeys("19", "other-district")
    assert case.decide(k9="n1") == dict.fromkeys("19", "other-district")
    assert case.decide(k9="leave") == {"1": "already-migrated", "9": "left"}


def test_who_joins_has_to_be_decided_as_well():
    """Two say `go`, then a third account is said to be the same person's: all are held, and no `go` counts."""
    rows = [*ROWS, ("d1", "teacher", "o8", "n3")]
    third = Account("8", "o8", "teacher", "d1", print="p8")
    case = Case(TEACHER, replace(STAFF, locked=True), OTHER, third, rows=rows)
    case.decide(k1="go", k2="go", k8="n1")
    assert case.outcomes() == {"1": "same-role-twice", "2": "same-role-twice", "3": "rekeyed", "8": "same-role-twice"}
    assert case.void() == dict.fromkeys("12", "the account is not held with that any more")
    assert case.decide(k1="leave") == {"1": "left", "2": "locked", "3": "rekeyed", "8": "locked"}
    assert case.void() == {
        "1": "the account is not held with that any more",
        "2": "another account of the same person is not decided in the same way",
    }


def test_what_did_not_help_is_decided_anew():
    """`go` at one account, and nobody said so at the other: a later file leaves one of them."""
    case = Case(replace(TEACHER, locked=True), STAFF)
    assert case.decide(k1="go") == dict.fromkeys("12", "locked")
    assert case.decide(k1="leave") == {"1": "left", "2": "rekeyed"}


def test_a_decision_that_is_no_longer_needed_says_so():
    """The locked account is left: the other one is not held, whatever was decided about it."""
    case = Case(replace(TEACHER, locked=True), STAFF)
    assert case.decide(k1="leave", k2="go") == {"1": "left", "2": "rekeyed"}
    assert case.void() == {"2": "the account is not held with that any more"}


def test_a_login_settles_only_people_whose_accounts_it_has_all():
    """An id that is somebody else's in another district: what becomes of that account is not for this login to say."""
    rows = [("d2", "teacher", "o4", "n1"), ("d1", "teacher", "o4", "n3"), ("d1", "teacher", "o3", "n3")]
    case = Case(Account("4", "o4", "teacher", "d1", locked=True), OTHER, rows=rows)
    case.files = [[Decision("4", "locked", "leave", "", "o4")]]
    assert case.outcomes() == dict.fromkeys("34", "same-role-twice")
    match = case.login("n1", "teacher")
    assert (match.accounts, match.conflict) == ((), "")


@pytest.mark.parametrize("role", ["student", "contact"])
def test_no_students_account_becomes_an_employees(role):
    """Whatever a file of decisions says."""
    case = Case(Account("9", "", role, "d1"))
    assert case.decide(k9="n1") == {"9": "null-id"}


def test_a_student_who_is_left_stays_out():
    """Whose legacy id is not their id: left is as it was, and nobody gets in by the id."""
    case = Case(Account("5", "s2", "student", "d1"), students=[("d1", "s9", "s2")])
    assert case.decide(k5="leave") == {"5": "left"}
    assert case.login("s2", "student").choices() == ()


def test_the_first_decision_stands():
    """A later file decides what is held once the earlier ones count; about what they settled it does not count."""
    case = Case(Account("9", "", "teacher", "d1"))
    files = [[Decision("9", "null-id", word, "", "", new)] for word, new in (("leave", ""), ("person", "n1"))]
    case.files = files
    assert case.outcomes() == {"9": "left"}
    assert case.void() == {"9": "the account is not held with that any more"}
    case.files = files[::-1]
    assert case.outcomes() == {"9": "rekeyed"}


def test_nobody_of_the_map_is_nobody():
    """A person whom the map has lost since makes the decision void."""
    case = Case(Account("9", "", "teacher", "d1"))
    case.files = [[Decision("9", "null-id", "person", "", "", "n9")]]
    assert case.outcomes() == {"9": "null-id"}
    assert case.void() == {"9": "the map knows nobody with that v3.0 id"}


def test_the_toggle_never_leads_into_an_account_that_is_left():
    """Linked accounts: the one that is left is no way in; for its role there is none yet."""
    case = Case(TEACHER, replace(STAFF, locked=True), do="link")
    assert case.decide(k2="leave") == {"1": "linked", "2": "left"}
    assert case.login("n1", "teacher", "staff").choices() == (
        Way("teacher", "1", ("teacher",)),
        Way("staff", "", ("staff",)),
    )


def test_an_account_without_an_id_needs_a_port_that_finds_it():
    """Said when the resolver is made, not when somebody logs in."""
    decisions = decisions_of([Decision("9", "null-id", "person", "", "", "n1")])
    with pytest.raises(RequestError, match="`keyed` must find it"):
        Resolver(lambda _ids: [], decisions=decisions)


def file(folder, *decisions, **change):
    data = written_decisions(decisions, table={"name": "c.csv", "digest": "sha256:0"}, plan="sha256:1", still=0)
    text = data.decode()
    for old, new in change.items():
        text = text.replace(old, new)
    path = folder / "decisions.jsonl"
    path.write_text(text)
    return path


def test_decisions_as_a_file(tmp_path):
    """What is written is what is read; the header has the digests of the table, the plan and the decisions."""
    one = Decision("9", "null-id", "person", "p9", "", "n1", 2)
    path = file(tmp_path, one)
    (found,) = read_decisions(path).files
    assert (found.name, found.decisions) == ("decisions.jsonl", (one,))
    header = json.loads(path.read_text().splitlines()[0])
    assert header["table"] == {"name": "c.csv", "digest": "sha256:0"}
    assert (header["plan"], header["decided"], header["open"]) == ("sha256:1", 1, 0)
    assert Decisions().files == ()


@pytest.mark.parametrize(
    ("made", "change", "says"),
    [
        (Decision("9", "null-id", "leave"), {"leave": "go"}, "is not as it was made"),
        (Decision("9", "null-id", "leave"), {'decisions":1': 'decisions":9'}, "holds decisions of version 9"),
        (Decision("9", "null-id", "leave"), {"rolecall": "x"}, "its first line is not their header"),
        (Decision("9", "null-id", "go"), {}, ":2: `null-id` cannot be decided to be `go`"),
        (Decision("9", "null-id", "person"), {}, "cannot be decided to be `person` of nobody"),
        (Decision("9", "null-id", "leave", v3_id="n1"), {}, "cannot be decided to be `leave` of `n1`"),
        (Decision("9", "nul-id", "leave"), {}, "did you mean `null-id`?"),
    ],
)
def test_a_file_that_is_no_decisions_is_refused(tmp_path, made, change, says):
    """Changed since, of another version, something else, or with what no conflict allows."""
    with pytest.raises(FactsError) as error:
        read_decisions(file(tmp_path, made, **change))
    assert says in str(error.value)


def test_no_file_at_all(tmp_path):
    """Is told by its name."""
    with pytest.raises(FactsError, match="cannot be read"):
        read_decisions(tmp_path / "none")
