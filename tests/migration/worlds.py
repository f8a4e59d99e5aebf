"""Small random worlds of a migration: a map with splits, merges and contradictions, and accounts old and new."""

from io import BytesIO

import msgspec
from hypothesis import strategies as st
from rolecall.migration import Account, Choice, Map, Planner, Settings, open_accounts, read_plan
from rolecall.migration.model import AccountStep, PersonStep, Step

DISTRICTS = ("d1", "d2")
ROLES = ("teacher", "staff", "district_admin")
OLDS = tuple(f"o{number}" for number in range(8))
NEWS = tuple(f"n{number}" for number in range(4))
CUT = 100


class Given:
    """Accounts that are given, as a source of them."""

    def __init__(self, accounts, tables=None):
        self.accounts, self._tables = accounts, tables
        self.name, self.notes, self.digest = "given", [], "sha256:given"

    def read(self, _keep):
        yield from self.accounts

    def count(self):
        return len(self.accounts)

    def tables(self):
        return self._tables

    def close(self):
        pass


@st.composite
def worlds(draw, *, tangled=True):
    """Rows of employees and students, accounts, choices. A v3.0 user has one district."""
    where = {new: draw(st.sampled_from(DISTRICTS)) for new in NEWS}
    olds = st.sampled_from((*OLDS, *NEWS[:2]) if tangled else OLDS)
    pairs = draw(st.lists(st.tuples(olds, st.sampled_from(NEWS), st.sampled_from((*ROLES, *ROLES, ""))), max_size=9))
    rows = [(where[new], role, old, new) for old, new, role in pairs]
    pupils = draw(st.lists(st.sampled_from(("s1", "s2", "s3", "n0", "o0")), unique=True, max_size=3))
    students = [("d1", one if draw(st.integers(0, 5)) else "s9", one) for one in pupils]
    ids = st.sampled_from((*OLDS, *OLDS, *NEWS, "s1", "s2", "s9", "x1", ""))
    roles = st.sampled_from((*ROLES, *ROLES, *ROLES, "student", "contact", ""))
    accounts = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "id": ids,
                    "role": roles,
                    "district": st.sampled_from((*DISTRICTS, "d1", "")),
                    "locked": st.integers(0, 9).map(lambda n: n == 0),
                    "active": st.sampled_from((None, 50, 100, 150)),
                }
            ),
            max_size=12,
        )
    )
    accounts = [{"key": f"k{number:02}", **one} for number, one in enumerate(accounts)]
    dos = st.sampled_from(("consolidate", "consolidate", "link", "separate", "cut-over"))
    choices = {name: {"do": draw(dos), "date": CUT} for name in ("", "d1")}
    return rows, students, accounts, choices


def made_map(rows, students):
    """The map of such rows."""
    found = Map()
    for district, role, old, new in rows:
        found.add(district, role, old, new)
    for district, old, new in students:
        found.add_student(district, old, new)
    return found


def made_accounts(accounts):
    """Accounts of such dicts."""
    return [Account(**one, print=one["key"]) for one in accounts]


def made_settings(choices):
    """The settings of such choices."""
    made = {
        name: Choice(one["do"], date=one["date"] if one["do"] == "cut-over" else None) for name, one in choices.items()
    }
    return Settings(choice=made.pop(""), districts=made)


def written(url, settings, rows, folder, decisions=None):
    """A plan of a database's accounts, by a map of these rows, written into a folder and read."""
    source = open_accounts(url, settings)
    planner = Planner(made_map(rows, []), settings, decisions=decisions)
    planner.run(source)
    with (folder / "plan.jsonl").open("wb") as file:
        planner.write(file)
    planner.close()
    source.close()
    return read_plan(folder / "plan.jsonl")


def planned(found, accounts, settings=None, **more):
    """Header and steps of a plan, and its bytes."""
    planner = Planner(
        found,
        settings or Settings(),
        **{key: more[key] for key in ("effects", "max_losses", "decisions") if key in more},
    )
    header = planner.run(Given(accounts, more.get("tables")))
    out = BytesIO()
    planner.write(out)
    planner.close()
    decode = msgspec.json.Decoder(Step).decode
    return header, [decode(line) for line in out.getvalue().splitlines()[1:]], out.getvalue()


def outcome_of(steps):
    """The outcome of each account, by its key; every account stands in one step only."""
    found = {}
    for step in steps:
        rows = (
            step.accounts if isinstance(step, PersonStep) else (step.account,) if isinstance(step, AccountStep) else ()
        )
        for one in rows:
            assert one.key not in found
            found[one.key] = one.outcome
    return found
