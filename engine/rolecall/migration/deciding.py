"""What people decided about conflicts, and how it takes effect. The plan and the login both ask here.

A decision is about one account, in the state that its fingerprint names, and about one conflict. Whatever has become of
the account since, or of the conflict, the decision is then about something else, and does not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from rolecall.migration.mapping.index import Person
from rolecall.migration.model import Account, Placed
from rolecall.migration.outcomes import CONFLICTS

if TYPE_CHECKING:
    from rolecall.migration.matching import Matcher

Word = Literal["leave", "person", "go"]

ALLOWED: Final[Mapping[str, tuple[Word, ...]]] = {
    "null-id": ("leave", "person"),
    "unknown-role": ("leave", "person"),
    "two-new-ids": ("leave", "person"),
    "new-id-taken": ("leave", "person"),
    "other-district": ("leave", "person"),
    "role-differs": ("leave", "person"),
    "same-role-twice": ("leave", "person"),
    "locked": ("leave", "go"),
    "cycle": ("leave", "person"),
    "student-differs": ("leave",),
    "still-active": ("leave", "go"),
    "columns-differ": ("leave", "go"),
    "unique-key": ("leave", "go"),
}
"""What each conflict can be decided to be. `leave` always grants the least, and is always there."""

AFFIRMED: Final = frozenset({"cycle", "other-district"})
"""Here `person` may name the one whose account it is already: that it is theirs is what nobody could tell."""

_PUPILS: Final = ("student", "contact")  # no account of theirs ever becomes an employee's
_NAMED: Final = 100
_WHY: Final = {
    "gone": "the account is gone",
    "changed": "the account has changed since",
    "nobody": "the map knows nobody with that v3.0 id",
    "waiting": "another account of the same person is not decided in the same way",
    "vain": "it does not settle the conflict that it was made for",
    "free": "the account is not held with that any more",
}


def allowed(outcome: str, role: str) -> tuple[Word, ...]:
    """Give what a conflict of an account in that role can be decided to be."""
    return ("leave",) if role in _PUPILS else ALLOWED[outcome]


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One account, held with `outcome`: what is done with it. `line` is where in the table somebody wrote it.

    Who decided and why stands in that table only, for people are named there.
    """

    account: str
    outcome: str
    decision: Word
    print: str = ""
    id: str = ""
    v3_id: str = ""
    line: int = 0


class Decided(msgspec.Struct, frozen=True):
    """A file of decisions: its name, the SHA-256 of its bytes, what it holds."""

    name: str
    digest: str
    decisions: tuple[Decision, ...]


Said = tuple[str, str, str, str, str]


def _said(one: Decision) -> Said:
    """Give what is decided, wherever it is written: the same in two files is one."""
    return one.account, one.outcome, one.print, one.decision, one.v3_id


class Decisions:
    """All files of decisions together. Of several about one account and one conflict, the first is carried out.

    The next is for when the account is held with the same conflict all the same, or again.
    """

    def __init__(self, files: Sequence[Decided] = ()) -> None:
        """Index them by account, by person, and (whom they name) by Clever id."""
        self.files = tuple(files)
        self.by: dict[str, dict[tuple[str, str], list[Decision]]] = {}
        self.to: dict[str, list[Decision]] = {}
        self.naming: dict[str, list[str]] = {}
        for one in (one for file in self.files for one in file.decisions):
            self.by.setdefault(one.account, {}).setdefault((one.outcome, one.print), []).append(one)
            if one.v3_id:
                self.to.setdefault(one.v3_id, []).append(one)
                self.naming.setdefault(one.id, []).append(one.v3_id)

    def named(self, account: str) -> set[str]:
        """Give everybody whose an account is said to be."""
        return {one.v3_id for many in self.by.get(account, {}).values() for one in many if one.v3_id}


class Deciding:
    """The decisions as they take effect in one run: which of them counted is known at its end (`told`)."""

    def __init__(self, decisions: Decisions) -> None:
        """Begin with none that counted."""
        self.decisions, self._by = decisions, decisions.by
        self.named: dict[str, str] = {}
        self._met: dict[str, str] = {}
        self._spent: set[Said] = set()
        self._used: set[Said] = set()
        self._despite: set[Said] = set()
        self._waiting: set[Said] = set()
        self._vain: set[Said] = set()

    def _about(self, account: Account | Placed, conflict: str) -> list[Decision]:
        """Give what is decided about an account that is held with a conflict."""
        about = self._by.get(account.key)
        found = about.get((conflict, account.print), ()) if about else ()
        return [one for one in found if one.decision in allowed(conflict, account.role)]

    def _next(self, account: Account | Placed, conflict: str) -> Decision | None:
        """Give the first of them that has not been carried out yet."""
        return next((one for one in self._about(account, conflict) if _said(one) not in self._spent), None)

    def first(self, matcher: Matcher, account: Account, found: str | Person) -> str | Person:
        """Carry out what is decided about an account that is held by itself."""
        about = self._by.get(account.key)
        if not about:
            return found
        self._met[account.key] = account.print
        while isinstance(found, str) and found in CONFLICTS:
            decision = self._next(account, found)
            if decision is None:
                break
            found = self._carry_out(matcher, account, decision)
        return found

    def _carry_out(self, matcher: Matcher, account: Account, decision: Decision) -> str | Person:
        """Give what becomes of an account: where the decision has no effect, what it was. `named` keeps whose it is."""
        found: str | Person = "left"
        self._spent.add(_said(decision))
        if decision.decision == "go":
            found = matcher.put_away(account, decision.outcome)
        elif decision.decision == "person":
            found = matcher.joined(account, decision.v3_id) or decision.outcome
        if found == decision.outcome:
            self._vain.add(_said(decision))
            return found
        self._used.add(_said(decision))
        if decision.v3_id:
            self.named[account.key] = decision.v3_id
        return found

    def despite(self, conflict: str, accounts: Sequence[Account | Placed], person: str = "") -> bool:
        """Say whether of all these accounts it is decided that the conflict is in nobody's way."""
        said = {self._lets(one, conflict, person) for one in accounts} - {None}
        every = len(said) == len(accounts)
        (self._despite if every else self._waiting).update(one for one in said if one is not None)
        return every

    def _lets(self, account: Account | Placed, conflict: str, person: str) -> Said | None:
        """Give what is decided about an account, if it is that the conflict is in nobody's way."""
        now = self._next(account, conflict)
        if now is not None and now.decision == "go":
            return _said(now)
        if conflict not in AFFIRMED:
            return None
        done = (one for one in self._about(account, conflict) if one is now or _said(one) in self._spent)
        return next((_said(one) for one in done if one.v3_id == person), None)

    def settle(self, matcher: Matcher, groups: dict[str, list[Account]]) -> list[tuple[Account, str]]:
        """Take out of the people's accounts (`groups`, by person) what is left or somebody else's.

        Gives those that now stand by themselves. Step by step, for what is held can change with each one that goes.
        """
        alone: list[tuple[Account, str]] = []
        opened = {name for name, mine in groups.items() if any(one.key in self._by for one in mine)}
        while opened:
            moves = [move for name in sorted(opened) for move in self._moves(matcher, name, groups[name])]
            opened = set()
            for name, account, decision in moves:
                groups[name] = [one for one in groups[name] if one is not account]
                found = self.first(matcher, account, self._carry_out(matcher, account, decision))
                if isinstance(found, Person):
                    groups.setdefault(found.id, []).append(account)
                    opened.add(found.id)
                else:
                    alone.append((account, found))
                matcher.carried(account, found)
                opened.add(name)
            for name in [name for name in opened if not groups[name]]:
                del groups[name]
                opened.discard(name)
        self._despite.clear()
        self._waiting.clear()
        return alone

    def _moves(self, matcher: Matcher, name: str, accounts: list[Account]) -> list[tuple[str, Account, Decision]]:
        """Give the accounts of a person that are decided to be left, or somebody else's.

        They are held: so what was decided about them to the end that they go on, in an earlier file, was of no use.
        """
        step = matcher.together(matcher.map.people[name], accounts)
        conflict = step.accounts[0].outcome
        if conflict not in CONFLICTS:  # which rows meet tables would tell; at login there are none
            conflict = "unique-key" if step.survivor and not self.despite("unique-key", accounts) else ""
        moves: list[tuple[str, Account, Decision]] = []
        for account in sorted(accounts, key=lambda one: one.key):
            for one in self._about(account, conflict):
                if _said(one) in self._spent or one.decision == "go":
                    continue
                if one.decision == "leave" or (one.v3_id != name and one.v3_id in matcher.map.people):
                    moves.append((name, account, one))
                    break
                if conflict not in AFFIRMED:
                    self._vain.add(_said(one))
        return moves

    def told(self, people: Mapping[str, Person]) -> tuple[dict[str, Any], ...]:
        """Give, for each file, its digest, how many of its decisions counted, and why the others did not."""
        used, said = self._used | self._despite, list[dict[str, Any]]()
        for file in self.decisions.files:
            void = [
                {"account": one.account, "outcome": one.outcome, "why": _WHY[self._why(one, people)]}
                for one in file.decisions
                if _said(one) not in used
            ]
            count = len(file.decisions)
            row = {"name": file.name, "digest": file.digest, "decisions": count, "counted": count - len(void)}
            said.append(row | ({"void": void[:_NAMED]} if void else {}))
        return tuple(said)

    def _why(self, one: Decision, people: Mapping[str, Person]) -> str:
        if one.account not in self._met:
            return "gone"
        if self._met[one.account] != one.print:
            return "changed"
        if one.v3_id and one.v3_id not in people:
            return "nobody"
        return "waiting" if _said(one) in self._waiting else "vain" if _said(one) in self._vain else "free"
