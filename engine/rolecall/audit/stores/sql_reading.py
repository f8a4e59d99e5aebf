"""What SQLite and PostgreSQL have in common where they are read: the statements, and how rows become records."""

from __future__ import annotations

from abc import abstractmethod

# Statements are put together from names of this package, never from anybody's data.
# ruff: noqa: S608
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from rolecall.audit.stores.base import Blob, Checkpoint, Query, Segment, Store, Stored
from rolecall.audit.stores.rows import SELECT, read
from rolecall.audit.stores.values import as_bytes, as_number, as_text
from rolecall.vocabulary.identity import read_code, short_number

_CHUNK: Final = 500
_STRAYS: Final = 20
SHORT: Final = 500
"""Longer texts than these are not searched for, and may be there twice: not every database looks them up."""


class SqlReading(Store):
    """A store in a database, as it is read. Statements have `?` where a value goes; see `SqlStore`."""

    _ADDED: ClassVar[str]
    """Gives the kind and the name of what acts on the tables, and is none of them."""

    @abstractmethod
    def _run(self, connection: Any, statement: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - two drivers
        """Run a statement; give the driver's cursor."""

    @abstractmethod
    def _reading(self) -> Any:  # noqa: ANN401 - two drivers
        """Give a context that gives a connection on which all reads see one state."""

    def _all(self, connection: Any, statement: str, values: Sequence[Any] = ()) -> list[Any]:  # noqa: ANN401 - two drivers
        """Give all rows at once; another statement may follow on the connection."""
        cursor = self._run(connection, statement, values)
        try:
            found: list[Any] = cursor.fetchall()
        finally:
            cursor.close()
        return found

    @contextmanager
    def _rows(self, statement: str, values: Sequence[Any] = ()) -> Generator[Iterator[Any]]:
        with self._reading() as connection:
            cursor = self._run(connection, statement, values)
            try:
                yield iter(cursor)
            finally:
                cursor.close()

    def _stored(self, rest: str, values: Sequence[Any] = ()) -> Iterator[Stored]:
        with self._rows(f"{SELECT} {rest}", values) as rows:
            yield from read(rows)

    def writers(self) -> list[str]:
        """Give the ids of all writers, in the order in which they came."""
        with self._rows("SELECT name FROM writer ORDER BY number") as rows:
            return [as_text(one) for (one,) in rows]

    def segments(self, writer: str | None = None) -> Iterator[Segment]:
        """Give the segments by writer, then number."""
        where, values = ("", ()) if writer is None else ("WHERE w.name = ? ", (writer,))
        statement = (
            "SELECT w.name, s.number, s.first, s.header, s.last_seq, s.last_hash, s.pruned_ns FROM segment s "
            f"JOIN writer w ON w.number = s.writer {where}ORDER BY s.writer, s.number"
        )
        with self._rows(statement, values) as rows:
            for name, number, first, header, last, closing, pruned in rows:
                end = None if last is None else as_number(last), None if closing is None else as_bytes(closing)
                gone = None if pruned is None else as_number(pruned)
                yield Segment(as_text(name), as_number(number), as_number(first), as_bytes(header), *end, gone)

    def entries(self, writer: str, after: int = 0) -> Iterator[Stored]:
        """Give a writer's records in order."""
        return self._stored(
            "WHERE d.writer = (SELECT number FROM writer WHERE name = ?) AND d.seq > ? ORDER BY d.seq", (writer, after)
        )

    def checkpoints(self, writer: str | None = None) -> Iterator[Checkpoint]:
        """Give the checkpoints by writer, then sequence number."""
        where, values = ("", ()) if writer is None else ("WHERE w.name = ? ", (writer,))
        statement = (
            "SELECT w.name, c.seq, c.body, c.signature FROM checkpoint c JOIN writer w ON w.number = c.writer "
            f"{where}ORDER BY c.writer, c.seq"
        )
        with self._rows(statement, values) as rows:
            for name, seq, body, signature in rows:
                yield Checkpoint(as_text(name), as_number(seq), as_bytes(body), as_bytes(signature))

    def blobs(self, digests: Iterable[str]) -> dict[str, Blob]:
        """Give blobs by digest."""
        wanted = [bytes.fromhex(one) for one in dict.fromkeys(digests)]
        found: dict[str, Blob] = {}
        for begin in range(0, len(wanted), _CHUNK):
            chunk = wanted[begin : begin + _CHUNK]
            signs = ", ".join("?" * len(chunk))
            with self._rows(f"SELECT digest, kind, body FROM blob WHERE digest IN ({signs})", chunk) as rows:
                found.update({one.digest: one for one in _blobs(rows)})
        return found

    def all_blobs(self) -> Iterator[Blob]:
        """Give every blob."""
        with self._rows("SELECT digest, kind, body FROM blob ORDER BY number") as rows:
            yield from _blobs(rows)

    def search(self, query: Query) -> Iterator[Stored]:
        """Give the records that a query asks for, newest first."""
        parts: list[str] = []
        values: list[Any] = []
        texts = {"subject": query.user, "type": query.type, "resource": query.resource}
        texts |= {"permission": query.permission, "mark": query.mark}
        if query.outcome not in (None, "allowed", "denied"):
            texts["code"] = query.outcome
        for column, text in texts.items():
            if text is not None:
                parts.append(f"d.{column} = (SELECT number FROM name WHERE text = ?)")
                values.append(text)
        for sign, moment in ((">=", query.since), ("<", query.until)):
            if moment is not None:
                parts.append(f"d.time_ns {sign} ?")
                values.append(moment)
        if query.outcome in ("allowed", "denied"):
            allowed = query.outcome == "allowed"
            cells = self._cells(lambda body: bool(body["permissions"]) is allowed)
            parts.append(f"(d.allowed = ? OR (d.allowed IS NULL AND d.cell IN ({cells})))")
            values.append(int(allowed))
        if query.rule is not None:
            cells = self._cells(lambda body: any(one[0] == query.rule for one in (*body["given"], *body["capped"])))
            parts.append(f"d.cell IN ({cells})")
        where = f"WHERE {' AND '.join(parts)} " if parts else ""
        way = "ASC" if query.oldest_first else "DESC"
        limit = "" if query.limit is None else f" LIMIT {int(query.limit)}"
        return self._stored(f"{where}ORDER BY d.time_ns {way}, d.writer {way}, d.seq {way}{limit}", values)

    def _cells(self, wanted: Callable[[Mapping[str, Any]], bool]) -> str:
        """Give the numbers of the cells that are wanted, as a list: there are few of them."""
        from rolecall.audit.blobs import read_blob  # noqa: PLC0415 - blobs are made of stores' values

        found = []
        with self._rows("SELECT digest, kind, body, number FROM blob WHERE kind = 'cell'") as rows:
            for digest, kind, body, number in rows:
                try:
                    content = read_blob(Blob(as_bytes(digest).hex(), as_text(kind), as_bytes(body)))
                except ValueError:
                    continue  # `verify` tells of it
                if isinstance(number, int) and wanted(content):
                    found.append(str(number))
        return ", ".join(found) or "NULL"

    def by_id(self, identifier: str) -> list[Stored]:
        """Give the records of a decision."""
        return [one for one in self._short(short_number(identifier)) if _is(one, identifier)]

    def by_code(self, code: str) -> list[Stored]:
        """Give the records with a short code."""
        number = read_code(code)
        return [] if number is None else self._short(number)

    def _short(self, number: int) -> list[Stored]:
        return list(self._stored("WHERE d.short = ? ORDER BY d.time_ns, d.seq", (number,)))

    def count(self) -> int:
        """Give how many records there are."""
        with self._rows("SELECT count(*) FROM decision") as rows:
            found: int = next(rows)[0]
        return found

    def integrity(self) -> list[str]:
        """Give what no walk along the chains would meet: rows that belong to none, and what is there twice."""
        found: list[str] = []
        for table, column, what in (
            ("decision", "seq", "record"), ("segment", "number", "segment"), ("checkpoint", "seq", "checkpoint"),
        ):  # fmt: skip
            beyond = f" OR t.{column} IS NULL OR t.{column} < 1" if table != "checkpoint" else ""
            statement = (
                f"SELECT w.name, t.{column} FROM {table} t LEFT JOIN writer w ON w.number = t.writer "
                f"WHERE w.number IS NULL{beyond} LIMIT {_STRAYS}"
            )
            with self._rows(statement) as rows:
                for name, number in rows:
                    whose = f"of writer {name}" if name is not None else "of a writer that the store does not know"
                    found.append(f"{what} {number} {whose} stands outside of every chain")
        # The rest there is only where somebody changed the tables. A search looks one number up of what is there twice:
        # the records under the other are hidden. What a trigger does with a row, its writer does not know.
        for table, column, what in (("name", "text", "text"), ("blob", "digest", "shared text")):
            short = f"WHERE length({column}) <= {SHORT}"
            twice = f"SELECT min(number) FROM {table} {short} GROUP BY {column} HAVING count(*) > 1 LIMIT {_STRAYS}"
            with self._rows(twice) as rows:
                found += [
                    f"the {what} of number {number} is there twice: a search misses records" for (number,) in rows
                ]
        with self._rows(self._ADDED) as rows:
            found += [f"somebody added the {as_text(kind)} `{as_text(name)}` to the tables" for kind, name in rows]
        return found


def _is(one: Stored, identifier: str) -> bool:
    """Say whether a record has an id, or may have: what cannot be read is told of, not passed over."""
    try:
        return one.entry.id == identifier
    except ValueError:
        return True


def _blobs(rows: Iterable[Any]) -> Iterator[Blob]:
    for digest, kind, body in rows:
        yield Blob(as_bytes(digest).hex(), as_text(kind), as_bytes(body))
