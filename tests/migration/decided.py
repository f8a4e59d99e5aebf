"""Decisions of random worlds, in two rounds: about what is held, and about what is held when those count."""

from hypothesis import strategies as st
from migration.worlds import NEWS, made_accounts, made_map, made_settings, outcome_of, planned, worlds
from rolecall.migration import CONFLICTS
from rolecall.migration.deciding import Decided, Decision, Decisions, allowed
from rolecall.migration.model import AccountStep, PersonStep


class Rows:
    """One table that refers to accounts, with rows of some that meet under its unique key."""

    warnings = slow = ()

    def __init__(self, referring, rows):
        self.referring, self._rows = referring, rows

    def rows(self, _table, _columns):
        return iter(self._rows)


def everyone(steps):
    """Every account of a plan with whose it is (empty: nobody's)."""
    for step in steps:
        if isinstance(step, PersonStep):
            yield from ((step.person, one) for one in step.accounts)
        elif isinstance(step, AccountStep):
            yield "", step.account


def held(steps):
    """The accounts of a plan that are held."""
    return [one for _, one in everyone(steps) if one.outcome in CONFLICTS]


def decisions_of(*many):
    """Decisions, as one file each."""
    return Decisions([Decided(f"{n}.jsonl", f"sha256:{n}", tuple(one)) for n, one in enumerate(many, 1)])


def decision(one, word, v3_id=""):
    """A decision about an account of a plan."""
    return Decision(one.key, one.outcome, word, one.print, one.id, v3_id)


class World:
    """A world, and how it is planned."""

    def __init__(self, rows, students, accounts, choices):
        self.rows, self.map = rows, made_map(rows, students)
        self.accounts, self.settings = made_accounts(accounts), made_settings(choices)

    def plan(self, *files, accounts=None):
        """Header, steps and bytes, with these files of decisions."""
        every = self.accounts if accounts is None else accounts
        return planned(self.map, every, self.settings, decisions=decisions_of(*files) if files else None)

    def people(self, *files):
        """Whose each account is (empty: nobody's), by its key."""
        return {one.key: person for person, one in everyone(self.plan(*files)[1])}

    def outcomes(self, *files):
        """The outcome of each account, by its key."""
        return outcome_of(self.plan(*files)[1])


@st.composite
def decided_worlds(draw):
    """A world, and one or two rounds of decisions about it."""
    world, files = World(*draw(worlds())), []
    for _ in range(draw(st.integers(1, 2))):
        made = []
        for one in held(world.plan(*files)[1]):
            word = draw(st.sampled_from((None, *allowed(one.outcome, one.role), "person")))
            if word in allowed(one.outcome, one.role):
                made.append(decision(one, word, draw(st.sampled_from(NEWS)) if word == "person" else ""))
        files.append(made)
    return world, files
