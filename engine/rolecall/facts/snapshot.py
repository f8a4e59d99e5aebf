"""Facts from a file: Clever's v3.0 objects as its API gives them, and the application's assignments (DESIGN 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Final, Self

from rolecall.errors import FactsError, did_you_mean
from rolecall.facts.around import KINDS, Records
from rolecall.facts.assignments import AssignmentRecord, read_assignment
from rolecall.facts.records import Malformed, identity
from rolecall.facts.roster import Roster
from rolecall.instants import moment_of, parse_instant
from rolecall.json_text import NotJson, read_json

_KINDS: Final = (*KINDS, "assignment")
# What Clever has besides, which no decision needs.
_PASSED_OVER: Final = ("course", "resource", "event")


class Snapshot(Roster):
    """A snapshot file in memory. `Snapshot.load(path)` for a file, `Snapshot.read(mapping)` for its content.

    Either raises `FactsError` and loads nothing where something that would change a decision is wrong.
    """

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a `.json` or `.jsonl` file."""
        file = Path(path)
        try:
            if file.suffix == ".jsonl":
                with file.open("rb") as lines:
                    return cls._build(_of_lines(lines), str(file))
            data = file.read_bytes()
            if data.startswith(b"SQLite format 3\0"):
                fix = "open a roster store with `RosterStore.open`, or `--store` at the command line"
                raise FactsError(f"`{file}` is a database and no snapshot: {fix}")
            content = read_json(data)
        except OSError as error:
            raise FactsError(f"the snapshot `{file}` cannot be read: {error.strerror or error}") from None
        except NotJson as error:
            raise FactsError(f"the snapshot `{file}` cannot be read: {error}") from None
        return cls.read(content, str(file))

    @classmethod
    def read(cls, content: object, source: str = "snapshot") -> Self:
        """Read a snapshot's content: one object with `districts`, `schools`, … (see `docs/facts.md`)."""
        if not isinstance(content, Mapping):
            raise FactsError(f"{source}: a snapshot is one JSON object")
        return cls._build(_of_object(content), source)

    @classmethod
    def _build(cls, entries: Iterable[tuple[str, object, str]], source: str) -> Self:
        """Sort entries (kind, raw, where) into records."""
        loaded = _Loading()
        try:
            for kind, raw, where in entries:
                loaded.add(kind, raw, where)
        except (Malformed, NotJson) as error:
            raise FactsError(f"{source}: {error}") from None
        found = loaded.records
        return cls(
            districts=frozenset(found.districts),
            schools=found.schools,
            terms=found.terms,
            sections=found.sections,
            users=found.users,
            assignments={user: tuple(assigned) for user, assigned in loaded.assignments.items()},
            as_of=loaded.as_of,
            source=source,
            reports=tuple(found.reports),
        )


class _Loading:
    """A snapshot half read. Nobody sees it before it is whole."""

    def __init__(self) -> None:
        self.records = Records()
        self.assignments: dict[str, list[AssignmentRecord]] = {}
        self.as_of: int | None = None
        self.seen: set[tuple[str, str]] = set()

    def add(self, kind: str, raw: object, where: str) -> None:
        """Read one entry."""
        if kind == "as_of":
            self.as_of = parse_instant(raw)
            if self.as_of is None or moment_of(self.as_of) is None:
                raise Malformed(f"{where} must be an RFC 3339 instant with a zone, such as 2026-10-14T15:00:00Z")
        elif kind == "assignment":
            assignment = read_assignment(raw, where)
            self.assignments.setdefault(assignment.user, []).append(assignment)
        elif kind in _KINDS:
            self._record(kind, raw, where)
        elif kind not in _PASSED_OVER:
            self.records.reports.append(f"{where} is passed over: a snapshot has no `{kind}`")

    def _record(self, kind: str, raw: object, where: str) -> None:
        """Read one of Clever's records. Two of one kind with the same id are an error, whatever they say."""
        identifier, _ = identity(raw, where)
        if identifier:
            if (kind, identifier) in self.seen:
                raise Malformed(f"{where}: there are two {kind} records with the id `{identifier}`")
            self.seen.add((kind, identifier))
        self.records.add(kind, raw, where)


def raw_records(file: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Give kind and object of each record of a snapshot that was loaded before, with all that Clever says of it."""
    if file.suffix == ".jsonl":
        with file.open("rb") as lines:
            yield from _objects(_of_lines(lines))
    else:
        content = read_json(file.read_bytes())
        yield from _objects(_of_object(content) if isinstance(content, Mapping) else ())


def _objects(entries: Iterable[tuple[str, object, str]]) -> Iterator[tuple[str, Mapping[str, object]]]:
    return ((kind, raw) for kind, raw, _ in entries if isinstance(raw, Mapping))


def _of_object(content: Mapping[str, object]) -> Iterator[tuple[str, object, str]]:
    """Give the entries of a snapshot that is one object."""
    plurals = {f"{kind}s": kind for kind in (*_KINDS, *_PASSED_OVER)}
    if content.get("as_of") is not None:
        yield "as_of", content["as_of"], "`as_of`"
    for name, entries in content.items():
        if name == "as_of":
            continue
        if name not in plurals:
            _refuse_typo(name, (*plurals, "as_of"), "a snapshot has no member")
            yield name, entries, f"`{name}`"
        elif entries is None:
            continue
        elif not isinstance(entries, list):
            raise Malformed(f"`{name}` must be a list")
        else:
            yield from (
                (plurals[name], entry, f"{name}[{number}]{_named(entry)}") for number, entry in enumerate(entries)
            )


def _of_lines(lines: Iterable[bytes]) -> Iterator[tuple[str, object, str]]:
    """Give the entries of a snapshot in JSON lines."""
    headed = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = read_json(line)
        except NotJson as error:
            raise Malformed(f"line {number}: {error}") from None
        if not isinstance(entry, Mapping) or not isinstance(entry.get("kind"), str):
            raise Malformed(f"line {number}: must be an object with a `kind`")
        kind = str(entry["kind"])
        if headed == (kind == "snapshot"):
            said = "a second snapshot begins" if headed else 'the first line must be {"kind":"snapshot","as_of":…}'
            raise Malformed(f"line {number}: {said}")
        if kind == "snapshot":
            headed = True
            if entry.get("as_of") is not None:
                yield "as_of", entry["as_of"], f"line {number}: `as_of`"
            continue
        if kind == "as_of":  # else it would change the time of the decisions
            raise Malformed(f"line {number}: `as_of` stands in the first line only")
        _refuse_typo(kind, (*_KINDS, *_PASSED_OVER), f"line {number}: a snapshot has no kind")
        yield kind, entry.get("data"), f"line {number} ({kind}){_named(entry.get('data'))}"
    if not headed:
        raise Malformed('the file is empty; the first line must be {"kind":"snapshot","as_of":…}')


def _refuse_typo(word: str, known: Iterable[str], said: str) -> None:
    """Refuse a word that is nearly one of the known ones: passing it over would lose what it holds."""
    hint = "" if word in known else did_you_mean(word, known)
    if hint.startswith("did you mean"):
        raise Malformed(f"{said} `{word}`; {hint}")


def _named(entry: object) -> str:
    """Name a record by its id, where it has one."""
    found = entry.get("id") if isinstance(entry, Mapping) else None
    return f" `{found}`" if isinstance(found, str) and found else ""
