"""One account against the map, and all accounts of one person against each other. The plan and the login both ask here.

Accounts are matched by their Clever id, in their role and district, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rolecall.migration.deciding import Deciding, Decisions
from rolecall.migration.mapping.index import Entry, Map, Person
from rolecall.migration.merging import columns_of, survivor_of
from rolecall.migration.model import EMPLOYEES, UNREADABLE, Account, Choice, PersonStep, Placed, Settings


class Matcher:
    """Knows the map and the choices; keeps nothing of the accounts but which v3.0 ids strangers carry (`taken`)."""

    def __init__(self, found: Map, settings: Settings, decisions: Decisions | None = None) -> None:
        """Take the map as it is now, and what people decided about conflicts."""
        self.map, self.settings = found, settings
        self.deciding = Deciding(decisions) if decisions is not None and decisions.files else None
        self.tangled = found.tangled
        self.taken: set[str] = set()
        self.cut = any(one.do == "cut-over" for one in (settings.choice, *settings.districts.values()))
        self._extra = settings.extra_columns()

    def first(self, account: Account) -> str | Person:
        """Give the outcome of an account that is settled by itself, or the person whose account it is."""
        found = self._of(account) if account.id else "null-id"
        if self.deciding is not None:
            found = self.deciding.first(self, account, found)
            self.carried(account, found)
        elif isinstance(found, str) and account.id in self.map.people:
            self.taken.add(account.id)
        return found

    def carried(self, account: Account, found: str | Person) -> None:
        """Note that an account carries the v3.0 id of somebody whose it is not."""
        if account.id in self.map.people and (isinstance(found, str) or found.id != account.id):
            self.taken.add(account.id)

    def joined(self, account: Account, identifier: str) -> str | Person | None:
        """Give the person whose account it is said to be, or what comes of it there; None where nobody is meant."""
        person = self.map.people.get(identifier)
        if person is None:
            return None
        do = self.settings.of(person.district or account.district).do
        if do == "cut-over" and account.id != identifier:
            return self._aged(account, person.district or account.district)
        if do in ("link", "separate") and account.role not in EMPLOYEES:  # there each account is a role's
            return "unknown-role"
        return person

    def put_away(self, account: Account, despite: str) -> str:
        """Give what comes of last year's account that is put away despite a conflict."""
        return "locked" if account.locked and despite != "locked" else "archived"

    def settle(self, groups: dict[str, list[Account]]) -> list[tuple[Account, str]]:
        """Carry out what is decided about accounts that are held with others; gives those that now stand alone."""
        return [] if self.deciding is None else self.deciding.settle(self, groups)

    def _of(self, account: Account) -> str | Person:
        role = account.role
        if role not in EMPLOYEES:
            return self._other(account)
        identifier, district = account.id, account.district
        if identifier in self.tangled:
            return "cycle"
        if self.cut and district and self.settings.of(district).do == "cut-over":
            return self._archived(account, district)
        found = self._look(account)
        if self.cut and not district:
            known = "" if isinstance(found, str) else found.district
            if self.settings.of(known).do == "cut-over":
                return self._archived(account, known)
        return found

    def _other(self, account: Account) -> str:
        """Settle an account that is no employee's."""
        if account.role == "contact":
            return "contact-recreated"
        if account.role != "student":
            return "unknown-role"
        if account.id in self.map.bad_students:
            return "student-differs"
        known = account.id in self.map.people or account.id in self.map.entries
        return "role-differs" if known and account.id not in self.map.students else "unchanged-student"

    def _archived(self, account: Account, district: str) -> str | Person:
        """Settle an account of a district that starts anew: last year's is put away, this year's stays."""
        person = self.map.people.get(account.id)
        return self._aged(account, district) if person is None else person

    def _aged(self, account: Account, district: str) -> str:
        """Settle last year's account."""
        date = self.settings.of(district).date
        if account.active is not None and (account.active == UNREADABLE or date is None or account.active >= date):
            return "still-active"
        return "locked" if account.locked else "archived"

    def _look(self, account: Account) -> str | Person:
        """Look an employee's account up."""
        identifier, district = account.id, account.district
        first = self.map.entries.get(identifier)
        if first is None:
            person = self.map.people.get(identifier)
            if person is None:
                return "role-differs" if identifier in self.map.students else "unmapped"
            return "other-district" if district and person.district and person.district != district else person
        if first.next is None and first.role == account.role and first.district == district:  # most often
            return first.person
        return self._among(account, [*first.all()])

    def _among(self, account: Account, entries: list[Entry]) -> str | Person:
        """Choose among the entries of an old id: those of the account's district, of its role or of a role not said."""
        here = [one for one in entries if not account.district or one.district in ("", account.district)]
        if not here:
            return "other-district"
        right = [one for one in here if one.role == account.role] or [one for one in here if not one.role]
        if not right:
            return "role-differs"
        people = {one.person.id: one.person for one in right}
        return next(iter(people.values())) if len(people) == 1 else "two-new-ids"

    def together(self, person: Person, accounts: Sequence[Account]) -> PersonStep:
        """Settle all accounts of one person."""
        ordered = sorted(accounts, key=lambda one: one.key)
        district = person.district or next((one.district for one in ordered if one.district), "")
        choice = self.settings.of(district)
        held = self._held(person, ordered, district)
        if held:
            return self._step(person, district, choice, [(one, held) for one in ordered])
        if choice.do == "cut-over":  # only those who carry the v3.0 id come here
            return self._step(person, district, choice, [(one, "already-migrated") for one in ordered])
        if choice.do != "consolidate":
            done = "linked" if choice.do == "link" else "separate"
            outcomes = ["already-migrated" if one.id == person.id else done for one in ordered]
            return self._step(person, district, choice, [*zip(ordered, outcomes, strict=True)])
        if len(ordered) == 1:
            outcome = "already-migrated" if ordered[0].id == person.id else "rekeyed"
            return self._step(person, district, choice, [(ordered[0], outcome)])
        stays = survivor_of(person.id, ordered, choice, self._extra)
        columns = columns_of(stays, ordered, choice, self._extra)
        if columns is None and self._despite("columns-differ", ordered):
            columns = columns_of(stays, ordered, choice, self._extra, differ=True)
        if columns is None:
            return self._step(person, district, choice, [(one, "columns-differ") for one in ordered])
        placed = [(one, "merged") for one in ordered]
        return self._step(person, district, choice, placed, survivor=stays.key, columns=columns)

    def _held(self, person: Person, accounts: Sequence[Account], district: str) -> str:
        """Say why nothing can be done about a person's accounts, or an empty text."""
        if person.id in self.tangled and not self._despite("cycle", accounts, person.id):
            return "cycle"
        moving = [one for one in accounts if one.id != person.id]
        if moving and person.id in self.taken:
            return "new-id-taken"
        away = [one for one in accounts if one.district and one.district != district]
        if away and not self._despite("other-district", away, person.id):
            return "other-district"
        if len({one.role for one in accounts}) < len(accounts):
            return "same-role-twice"
        do = self.settings.of(district).do
        if do == "cut-over" and moving and self.deciding is not None:  # whose district nobody knew when they were named
            return "other-district"
        touched = accounts if len(accounts) > 1 and do == "consolidate" else moving
        return "locked" if any(one.locked for one in touched) and not self._despite("locked", accounts) else ""

    def _despite(self, conflict: str, accounts: Sequence[Account], person: str = "") -> bool:
        """Say whether somebody decided that a conflict of these accounts is in nobody's way."""
        return self.deciding is not None and self.deciding.despite(conflict, accounts, person)

    @staticmethod
    def _step(
        person: Person,
        district: str,
        choice: Choice,
        placed: Iterable[tuple[Account, str]],
        survivor: str = "",
        columns: dict[str, str] | None = None,
    ) -> PersonStep:
        rows = tuple(place(one, outcome) for one, outcome in placed)
        return PersonStep(person.id, district, choice.do, rows, survivor, columns or {})


def place(account: Account, outcome: str) -> Placed:
    """Give an account with its outcome, as a plan has it."""
    return Placed(account.key, outcome, account.id, account.role, account.district, account.print)
