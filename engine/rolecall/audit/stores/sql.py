"""What SQLite and PostgreSQL have in common where they are written: how a batch becomes rows; what is too old goes."""

from __future__ import annotations

from abc import abstractmethod

# Statements are put together from names of this package, never from anybody's data.
# ruff: noqa: S608
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from rolecall.audit.chain import start
from rolecall.audit.stores.base import Batch, Segment
from rolecall.audit.stores.rows import Texts, row
from rolecall.audit.stores.sql_reading import SqlReading
from rolecall.audit.stores.used import PAGE, TABLES, Used
from rolecall.audit.stores.values import as_bytes
from rolecall.instants import DAY

VERSION: Final = 1
"""The version of the tables."""

MAX_NUMBERS: Final = 1 << 18
"""How many texts, and how many blobs, a process knows the numbers of."""


class SqlStore(SqlReading):
    """A store in a database. Statements have `?` where a value goes; a database that wants another sign turns it."""

    def __init__(self, name: str) -> None:
        """Begin with no number known."""
        self.name = name
        self._names: dict[str, int] = {}
        self._blobs: dict[str, int] = {}
        self._writers: dict[str, int] = {}
        self._generation = -1

    @abstractmethod
    def _writing(self) -> Any:  # noqa: ANN401 - two drivers
        """Give a context that gives the writer's connection, in a transaction of its own."""

    @abstractmethod
    def _insert_rows(self, connection: Any, rows: list[tuple[Any, ...]]) -> None:  # noqa: ANN401 - two drivers
        """Insert into the table `decision`."""

    @abstractmethod
    def _number_names(self, connection: Any, texts: list[str]) -> dict[str, int]:  # noqa: ANN401 - two drivers
        """Give the numbers of texts, of those that are new too."""

    @abstractmethod
    def _number_blobs(self, connection: Any, wanted: list[str], batch: Batch) -> dict[str, int]:  # noqa: ANN401
        """Give the numbers of blobs by digest, of those that are new too."""

    @abstractmethod
    def _lock_writers_out(self, connection: Any) -> None:  # noqa: ANN401 - two drivers
        """Wait until nobody writes, and let nobody until the transaction ends."""

    def write(self, batch: Batch) -> None:
        """Write a batch in one transaction."""
        try:
            with self._writing() as connection:
                self._write(connection, batch)
        except BaseException:  # the numbers of what was rolled back are nobody's
            self._names, self._blobs, self._writers = {}, {}, {}
            raise

    def _write(self, connection: Any, batch: Batch) -> None:  # noqa: ANN401 - two drivers
        self._look_at_generation(connection)
        writer = self._writers.get(batch.writer) or self._number_writer(connection, batch.writer)
        self._writers[batch.writer] = writer
        texts = [Texts.of(one) for one in batch.records]
        if batch.again:
            there = self._run(connection, "SELECT max(seq) FROM decision WHERE writer = ?", (writer,)).fetchone()[0]
            texts = [one for one in texts if one.record.seq > (there or 0)]
        self._number(connection, batch, texts)
        if texts:
            self._insert_rows(connection, [row(one, writer, self._names, self._blobs) for one in texts])
        self._add_segments(connection, batch, writer)
        for one in batch.checkpoints:
            self._run(
                connection,
                "INSERT INTO checkpoint (writer, seq, body, signature) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (writer, one.seq, one.body, one.signature),
            )

    def _number(self, connection: Any, batch: Batch, texts: list[Texts]) -> None:  # noqa: ANN401 - two drivers
        """Learn the numbers of all texts and blobs that the records name."""
        if len(self._names) > MAX_NUMBERS or len(self._blobs) > MAX_NUMBERS:
            self._names, self._blobs = {}, {}
        names, blobs = self._names, self._blobs
        new = {text for one in texts for text in one.names() if text is not None and text not in names}
        wanted = {digest for one in texts for digest in one.digests() if digest not in blobs}
        wanted.update(one.digest for one in batch.blobs if one.digest not in blobs)
        if new:  # sorted, so that two writers never wait for each other
            names.update(self._number_names(connection, sorted(new)))
        if wanted:
            blobs.update(self._number_blobs(connection, sorted(wanted), batch))

    def _add_segments(self, connection: Any, batch: Batch, writer: int) -> None:  # noqa: ANN401 - two drivers
        for header, data in batch.segments:
            self._run(
                connection,
                "INSERT INTO segment (writer, number, first, header) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (writer, header.number, header.first, data),
            )

    def _look_at_generation(self, connection: Any) -> None:  # noqa: ANN401 - two drivers
        """Forget the numbers where somebody deleted what is no longer used."""
        found = self._run(connection, "SELECT value FROM meta WHERE key = 'generation'").fetchone()[0]
        if found != self._generation:
            self._names, self._blobs, self._generation = {}, {}, found

    def _number_writer(self, connection: Any, name: str) -> int:  # noqa: ANN401 - two drivers
        self._run(connection, "INSERT INTO writer (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        found: int = self._run(connection, "SELECT number FROM writer WHERE name = ?", (name,)).fetchone()[0]
        return found

    def pruning(self, before_ns: int, now_ns: int) -> Iterator[int]:
        """Delete each old segment in a transaction of its own, then what no record names any more, little by little."""
        with self._reading() as connection:
            ends = list(self._ends(connection))
        gone = 0
        for end in ends:
            found = self._prune_segment(end, before_ns, now_ns)
            gone += found
            yield found
        if gone:
            yield from self._sweep()

    def _prune_segment(self, end: tuple[int, int, int, int, bytes, int], before_ns: int, now_ns: int) -> int:
        writer, number, first, last, header, began = end
        if began > now_ns - DAY:
            return 0
        rows, inside = (writer, first, last), "FROM decision WHERE writer = ? AND seq BETWEEN ? AND ?"
        with self._writing() as connection:
            self._lock_writers_out(connection)
            which = (writer, number)
            pruned = self._run(connection, "SELECT pruned_ns FROM segment WHERE writer = ? AND number = ?", which)
            newest = self._run(connection, f"SELECT max(time_ns) {inside}", rows).fetchone()[0]
            if pruned.fetchone()[0] is not None or (began if newest is None else newest) >= before_ns:
                return 0
            # The oldest first: what stands before a segment without records is proven by nothing after it.
            older = "SELECT 1 FROM segment WHERE writer = ? AND number < ? AND pruned_ns IS NULL LIMIT 1"
            if self._run(connection, older, which).fetchone() is not None:
                return 0
            found = self._run(connection, "SELECT hash FROM decision WHERE writer = ? AND seq = ?", (writer, last))
            closing = found.fetchone()
            self._run(connection, f"DELETE {inside}", rows)
            self._run(
                connection,
                "UPDATE segment SET last_seq = ?, last_hash = ?, pruned_ns = ? WHERE writer = ? AND number = ?",
                (last, closing[0] if closing else start(header), now_ns, *which),
            )
        return 1

    def _ends(self, connection: Any) -> Iterator[tuple[int, int, int, int, bytes, int]]:  # noqa: ANN401 - two drivers
        """Give the segments that are whole, each with its first and last sequence number and when it began."""
        rows = self._all(
            connection,
            "SELECT s.writer, s.number, s.first, s.header, s.pruned_ns, "
            "(SELECT min(n.first) FROM segment n WHERE n.writer = s.writer AND n.number > s.number), "
            "(SELECT max(d.seq) FROM decision d WHERE d.writer = s.writer) FROM segment s ORDER BY s.writer, s.number",
        )
        for writer, number, first, header, pruned, after, last in rows:
            if pruned is None:
                end = after - 1 if after is not None else last if last is not None and last >= first else first - 1
                try:
                    began = Segment("", number, first, as_bytes(header)).read.began_ns
                except ValueError:
                    continue  # `verify` tells of it
                yield writer, number, first, end, bytes(header), began

    def _sweep(self) -> Iterator[int]:
        """Delete texts and blobs that no record names. Whoever knows their numbers has to forget them."""
        used = Used()
        with self._reading() as connection:
            idle = {table: {one for (one,) in self._all(connection, f"SELECT number FROM {table}")} for table in TABLES}
        while True:
            with self._reading() as connection:
                more = used.look(partial(self._all, connection))
            if not more:
                break
            yield 0
        for table in TABLES:
            numbers = sorted(idle[table] - used.numbers[table])
            for first in range(0, len(numbers), PAGE):
                with self._writing() as connection:
                    self._lock_writers_out(connection)
                    while used.look(partial(self._all, connection)):
                        pass  # what was written meanwhile may name what nobody named
                    for one in set(numbers[first : first + PAGE]) - used.numbers[table]:
                        self._run(connection, f"DELETE FROM {table} WHERE number = ?", (one,))
                    self._run(connection, "UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                yield 0
