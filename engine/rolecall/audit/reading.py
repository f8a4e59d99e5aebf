"""A store of records opened to read: entries with what they share at hand, found by id, code or query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Self

import msgspec

from rolecall.audit.blobs import read_blob
from rolecall.audit.entry import Entry
from rolecall.audit.rows import is_of_student
from rolecall.audit.stores import open_store
from rolecall.audit.stores.base import Query, Store, Stored
from rolecall.errors import AuditError

__all__ = ["Kept", "Log", "Query", "Wanted"]

MAX_KEPT: Final = 1 << 17
"""How many shared texts are kept read."""

PARTS: Final = ("policy", "person", "cell", "place")
"""What `shared` gives the digests of, in order; not every record has a place."""

_BATCH: Final = 1000
_OUTCOMES: Final = {"allow": "allowed", "deny": "denied", "indeterminate": "indeterminate"}


class Wanted(msgspec.Struct, frozen=True):
    """Which records are meant; None is any. Ids are as recorded, times nanoseconds since 1970 (`until` excluded).

    `outcome` is allow, deny or indeterminate; `student` is one that the resource is, or lies in.
    """

    user: str | None = None
    type: str | None = None
    resource: str | None = None
    student: str | None = None
    permission: str | None = None
    outcome: str | None = None
    rule: str | None = None
    since: int | None = None
    until: int | None = None

    def query(self, *, oldest_first: bool) -> Query:
        """Give what of it a store searches for."""
        return Query(
            user=self.user,
            type=self.type,
            resource=self.resource,
            permission=self.permission,
            outcome=None if self.outcome is None else _OUTCOMES[self.outcome],
            rule=self.rule,
            since=self.since,
            until=self.until,
            oldest_first=oldest_first,
        )


class Kept(Mapping[str, Mapping[str, Any]]):
    """What the records of a store share, by digest, read when it is asked for and then kept.

    Whatever is not held is a `KeyError`; what is not what its digest says is an `AuditError`.
    """

    def __init__(self, store: Store) -> None:
        """Begin with nothing read."""
        self._store = store
        self._read: dict[str, Mapping[str, Any] | AuditError] = {}
        self._kinds: dict[str, str] = {}

    def __getitem__(self, digest: str) -> Mapping[str, Any]:
        """Give one."""
        if digest not in self._read:
            self.want((digest,))
        found = self._read[digest]
        if isinstance(found, AuditError):
            raise AuditError(str(found))
        return found

    def __iter__(self) -> Iterator[str]:
        """Give the digests of all that the store holds."""
        return (blob.digest for blob in self._store.all_blobs())

    def __len__(self) -> int:
        """Count them."""
        return sum(1 for _ in self)

    def want(self, digests: Iterable[str]) -> None:
        """Read those that are not at hand, all at once."""
        wanted = set(digests)
        missing = {one for one in wanted if one not in self._read}
        if not missing:
            return
        if len(self._read) + len(missing) > MAX_KEPT:
            self._read.clear()
            self._kinds.clear()
            missing = wanted
        for digest, blob in self._store.blobs(missing).items():
            try:
                self._read[digest] = read_blob(blob)
                self._kinds[digest] = blob.kind
            except (ValueError, RecursionError) as error:
                self._read[digest] = AuditError(f"{error}: `rolecall audit verify` says more")

    def lacking(self, entry: Entry) -> str:
        """Say what of that which a record names is not held, or is not what it should be; empty where all is well."""
        for part, digest in zip(PARTS, shared(entry), strict=False):
            if self._kinds.get(digest) != part:
                found = self._read.get(digest)
                if found is None:
                    return f"the store does not hold the {part} `{digest[:16]}` that it names"
                return str(found) if isinstance(found, AuditError) else f"what it names as its {part} is none"
        return ""


class Log:
    """A store of records, to be read. `unreadable` are those that cannot be, or lack what they name, told each."""

    def __init__(self, store: Store) -> None:
        """Read from a store that is open."""
        self.store, self.blobs = store, Kept(store)
        self.unreadable: list[str] = []

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a store that is there; raises `AuditError`."""
        try:
            return cls(open_store(url, create=False))
        except UnicodeDecodeError as error:
            raise AuditError(f"the audit log cannot be opened, for it is damaged: {error}") from None

    def entries(self, query: Query | None = None) -> Iterator[Entry]:
        """Give records, oldest first unless the query says otherwise, in constant memory."""
        return self._read(self.store.search(Query(oldest_first=True) if query is None else query))

    def found(self, wanted: Wanted, *, oldest_first: bool = False) -> Iterator[Entry]:
        """Give the records that are wanted, newest first unless said otherwise, in constant memory."""
        entries = self.entries(wanted.query(oldest_first=oldest_first))
        if wanted.outcome == "deny":  # for a store, whatever is not allowed is denied
            entries = (entry for entry in entries if entry.code != "indeterminate")
        if wanted.student is not None:
            student = wanted.student
            entries = (entry for entry in entries if is_of_student(entry, self.blobs, student))
        return entries

    def by_id(self, identifier: str) -> list[Entry]:
        """Give the records of a decision: none, one, or one a mark."""
        return [*self._read(self.store.by_id(identifier))]

    def by_code(self, code: str) -> list[Entry]:
        """Give the records with a short code: mostly those of one decision."""
        return [*self._read(self.store.by_code(code))]

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def _read(self, stored: Iterable[Stored]) -> Iterator[Entry]:
        remaining = iter(stored)
        while batch := list(islice(remaining, _BATCH)):
            entries = [entry for one in batch if (entry := self._entry(one)) is not None]
            self.blobs.want(digest for entry in entries for digest in shared(entry))
            for entry in entries:
                if lacks := self.blobs.lacking(entry):
                    self.unreadable.append(f"decision {entry.id} cannot be told: {lacks}")
                else:
                    yield entry

    def _entry(self, stored: Stored) -> Entry | None:
        try:
            return stored.entry
        except ValueError as error:
            said = f"record {stored.seq} of writer {stored.writer} cannot be read: {stored.problem or error}"
            self.unreadable.append(said)
            return None


def shared(entry: Entry) -> Sequence[str]:
    """Give the digests that a record names."""
    found = (entry.policy, entry.person, entry.cell)
    return found if entry.place is None else (*found, entry.place)
