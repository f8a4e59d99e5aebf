"""A table of conflicts that people filled in, checked against the plan, and made into decisions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from rolecall.errors import FactsError, MigrationError, did_you_mean
from rolecall.migration.conflicts import ASKED, TOLD, candidates, held, meant_by, told_of
from rolecall.migration.deciding import AFFIRMED, Decision, allowed
from rolecall.migration.decisions import written_decisions
from rolecall.migration.model import EMPLOYEES, NewStep, PersonStep, Placed
from rolecall.migration.outcomes import OUTCOMES
from rolecall.migration.report import guarded
from rolecall.migration.tables import NO_NAMES, Table, open_table
from rolecall.migration.written import Plan
from rolecall.vocabulary.origin import Finding, Origin, Source

_NEEDED: Final = ("account", "outcome", *ASKED)
_ANEW: Final = "make the table anew with `rolecall migrate report PLAN --format conflicts`"
_AS_TEXT: Final = "if a spreadsheet rewrote it, such as a long number, load the column as text"


class Resolved(msgspec.Struct, frozen=True):
    """What came of a table: the decisions, how many conflicts of the plan are still open, the file's bytes."""

    decisions: tuple[Decision, ...]
    open: int
    data: bytes


def resolve(path: str | Path, plan: Plan) -> Resolved:
    """Make decisions of a filled-in table; raises `MigrationError` with everything that is wrong in it."""
    where = Path(path)
    if not where.is_file():
        raise FactsError(f"there is no file `{where}`; `rolecall migrate report PLAN --format conflicts` makes one")
    table = open_table(where.name, lambda: where.open("rb"))
    for name in _NEEDED:
        if name not in table.header:
            raise FactsError(
                f"`{where}` has no column `{name}`; {did_you_mean(name, table.named()) or f'it has {NO_NAMES}'}"
            )
    checking = _Checking(plan, str(where))
    for line, row in checking.rows(table):
        checking.see(line, row)
    checking.people()
    if checking.findings:
        raise MigrationError(sorted(checking.findings, key=lambda one: one.place), f"`{where}`")
    decisions = tuple(sorted(checking.decisions, key=lambda one: one.account))
    still = len(checking.held) - len(decisions)
    made = {"name": where.name, "digest": f"sha256:{table.digest}"}
    data = written_decisions(decisions, table=made, plan=plan.header.steps, still=still)
    return Resolved(decisions, still, data)


class _Checking:
    """Checks rows against a plan; keeps decisions, and what is wrong."""

    def __init__(self, plan: Plan, name: str) -> None:
        self.plan, self._source = plan, Source(name, "")
        self.held = {one.key: (person, one) for person, one in held(plan)}
        self._cells = {guarded(key): key for key in self.held if guarded(key) not in self.held}
        self.decisions: list[Decision] = []
        self.findings: list[Finding] = []
        self._lines: dict[str, int] = {}

    def rows(self, table: Table) -> Iterator[tuple[int, dict[str, str]]]:
        """Give every row with the line that it begins in; what people write may have line ends in it."""
        with table.opened() as data, io.TextIOWrapper(data, table.encoding, errors="replace", newline="") as lines:
            reader, line = csv.reader(lines, delimiter=table.separator, strict=True), 1
            try:
                for number, cells in enumerate(reader):
                    if number and any(one.strip() for one in cells):
                        if any(one.strip() for one in cells[len(table.header) :]):
                            self._wrong(line, "no-row", f"the row has more than {len(table.header)} cells")
                        padded = [*cells, *[""] * len(table.header)]
                        yield line, {name: padded[at].strip() for at, name in enumerate(table.header)}
                    line = reader.line_num + 1
            except csv.Error as error:
                self._wrong(line, "no-row", f"from here on the table cannot be read: {error}", "close the quotes")

    def see(self, line: int, row: dict[str, str]) -> None:
        """Check a row, and keep its decision, if there is one."""
        if not any(row[one] for one in ASKED):
            return
        key = self._cells.get(row["account"], row["account"])
        if key not in self.held:
            said = "the plan does not hold the account" + (f" `{key}`" if key else ", for the row names none")
            self._wrong(line, "not-held", said, f"{did_you_mean(key, self.held)}", _AS_TEXT, f"else {_ANEW}")
            return
        if key in self._lines:
            said = f"the account `{key}` stands in line {self._lines[key]} already"
            self._wrong(line, "twice", said, "leave one of the two rows out")
            return
        self._lines[key] = line
        person, one = self.held[key]
        if self._as_planned(line, row, told_of(one, person)) and self._whole(line, row, one):
            self._decide(line, row, one)

    def _as_planned(self, line: int, row: dict[str, str], told: tuple[str, ...]) -> bool:
        """Say whether a row says of the account what the plan says: who decided has seen what is there now."""
        for name, value in zip(TOLD, told, strict=False):
            cell = row.get(name)
            if name != "account" and cell is not None and cell not in (value.strip(), guarded(value).strip()):
                said = f"of the account `{told[0]}` the plan says {name} `{value}`, and the row `{cell}`"
                self._wrong(line, "other-plan", said, _ANEW, *(() if name == "outcome" else (_AS_TEXT,)))
                return False
        return True

    def _whole(self, line: int, row: dict[str, str], one: Placed) -> bool:
        """Say whether a decision is one of those that the conflict allows, and somebody answers for it."""
        word, can = row["decision"].lower(), allowed(one.outcome, one.role)
        if not word:
            said = f"there is no decision, though something is written beside it; it can be {', '.join(can)}"
            self._wrong(line, "blank", said, "write one, or empty the other cells: the account is held then")
            return False
        if word not in can:
            whose = f"of a {one.role}'s account " if can == ("leave",) and one.role not in EMPLOYEES else ""
            said = f"`{one.outcome}` {whose}cannot be decided to be `{word}`"
            self._wrong(line, "wrong-decision", said, did_you_mean(word, can))
            return False
        before = len(self.findings)
        for name, said in (("by", "who decided it"), ("why", "why it was decided so")):
            if not row[name]:
                self._wrong(line, "blank", f"`{name}` is empty: nobody says {said}", f"fill `{name}` in")
        if word == "person" and not row["v3_id"]:
            self._wrong(line, "blank", "`v3_id` is empty: whose account is it?", *self._candidates(one))
        elif word != "person" and row["v3_id"]:
            said = f"`v3_id` belongs to `person`, and the decision is `{word}`"
            fix = "empty `v3_id`, or decide `person`" if "person" in can else "empty `v3_id`"
            self._wrong(line, "wrong-decision", said, fix)
        return len(self.findings) == before

    def _decide(self, line: int, row: dict[str, str], one: Placed) -> None:
        made: Any = {"account": one.key, "print": one.print, "outcome": one.outcome, "id": one.id, "line": line}
        made |= {"decision": row["decision"].lower(), "v3_id": row["v3_id"]}
        self.decisions.append(msgspec.convert(made, Decision))

    def people(self) -> None:
        """Check that whoever is named is a person of the plan, and that something is settled by naming them."""
        wanted = {one.v3_id for one in self.decisions if one.v3_id}
        found: dict[str, str] = {}
        for step in self.plan.steps() if wanted else ():
            if isinstance(step, PersonStep | NewStep) and step.person in wanted:
                found[step.person] = step.district
        for decision in self.decisions:
            if decision.v3_id:
                self._person(decision, found)

    def _person(self, decision: Decision, found: Mapping[str, str]) -> None:
        owner, one = self.held[decision.account]
        named, line = decision.v3_id, decision.line
        if named not in found:
            said = f"the plan knows no person `{named}`: decisions name the v3.0 id of somebody in the map"
            self._wrong(line, "wrong-person", said, *self._candidates(one))
        elif named == owner and one.outcome not in AFFIRMED:
            said = f"`{named}` is whose account it is already, and {OUTCOMES[one.outcome]}"
            self._wrong(line, "wrong-person", said, "name somebody else, or decide `leave` for one of the accounts")
        elif one.role not in EMPLOYEES and self._do(found[named] or one.district) in ("link", "separate"):
            said = f"the accounts of `{named}` stay apart, each in its role, and this one's role nobody knows"
            fix = "say in the migration file what its role means (`accounts: {roles: {…}}`), or decide `leave`"
            self._wrong(line, "wrong-person", said, fix)

    def _do(self, district: str) -> str:
        choices = self.plan.header.choices
        return str(choices.get("districts", {}).get(district, choices["all"])["do"])

    def _candidates(self, one: Placed) -> tuple[str, ...]:
        """Give whom the map knows by the account's id, as a fix."""
        meant = meant_by(one, self.held[one.key][0], candidates(self.plan, [one.id]))
        return (f"the map knows its id as that of {' and '.join(f'`{who}`' for who in meant)}",) if meant else ()

    def _wrong(self, line: int, code: str, said: str, *helps: str) -> None:
        at = Origin(self._source, line, 1)
        self.findings.append(Finding(code, said, at, helps=tuple(one for one in helps if one)))
