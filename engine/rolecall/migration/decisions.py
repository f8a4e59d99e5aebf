"""Decisions as a file: JSON lines, first a header with the digest of all that follows, then a decision a line.

Nobody is named in it: who decided, and why, stands in the table that it was made of, whose SHA-256 the header has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from rolecall.errors import FactsError, did_you_mean
from rolecall.migration.deciding import ALLOWED, Decided, Decision, Decisions

VERSION: Final = 1


class DecisionsHeader(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line: the digest of the other lines, the table that was filled in, the plan whose conflicts it had."""

    version: int = msgspec.field(name="rolecall-decisions")
    decisions: str
    table: dict[str, str]
    plan: str
    decided: int
    open: int


def written_decisions(decisions: Iterable[Decision], *, table: dict[str, str], plan: str, still: int) -> bytes:
    """Give the file's bytes. `plan` is the digest of the plan's steps, `still` how many of its conflicts are open."""
    rows = [msgspec.json.encode(one) + b"\n" for one in decisions]
    body = b"".join(rows)
    header = DecisionsHeader(VERSION, _digest(body), table, plan, len(rows), still)
    return msgspec.json.encode(header) + b"\n" + body


def read_decisions(*paths: str | Path) -> Decisions:
    """Read files of decisions; raises `FactsError` where one is none, is not as it was made, or contradicts another."""
    return Decisions([_read(Path(one)) for one in paths])


def _read(where: Path) -> Decided:
    try:
        data = where.read_bytes()
    except OSError as error:
        raise FactsError(f"the decisions `{where}` cannot be read: {error.strerror or error}") from None
    first, _, body = data.partition(b"\n")
    try:
        header = msgspec.json.decode(first, type=DecisionsHeader)
    except msgspec.DecodeError:
        raise FactsError(
            f"`{where}` holds no decisions: its first line is not their header. A filled-in table is made into "
            "decisions by `rolecall migrate resolve`"
        ) from None
    if header.version != VERSION:
        said = f"holds decisions of version {header.version}, and this rolecall reads version {VERSION}"
        raise FactsError(f"`{where}` {said}")
    if header.decisions != _digest(body):
        raise FactsError(
            f"`{where}` is not as it was made: its decisions have another digest than its header says. Change the "
            "table, and run `rolecall migrate resolve` again"
        )
    decode = msgspec.json.Decoder(Decision).decode
    found = list[Decision]()
    for number, line in enumerate(body.splitlines(), 2):
        try:
            found.append(_checked(decode(line), f"{where}:{number}"))
        except msgspec.DecodeError as error:
            raise FactsError(f"{where}:{number}: {error}") from None
    return Decided(where.name, _digest(data), tuple(found))


def _checked(one: Decision, where: str) -> Decision:
    """Refuse what no conflict allows, whoever wrote it."""
    if one.outcome not in ALLOWED:
        raise FactsError(f"{where}: `{one.outcome}` is no conflict; {did_you_mean(one.outcome, ALLOWED)}")
    if one.decision not in ALLOWED[one.outcome] or (one.decision == "person") != bool(one.v3_id):
        whose = f" of `{one.v3_id}`" if one.v3_id else " of nobody" if one.decision == "person" else ""
        raise FactsError(f"{where}: `{one.outcome}` cannot be decided to be `{one.decision}`{whose}")
    return one


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
