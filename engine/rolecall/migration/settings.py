"""The migration file: where accounts stand, what the map's columns are called, what is done with whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from msgspec.structs import replace

from rolecall.errors import MigrationError, did_you_mean
from rolecall.instants import parse_date, parse_instant
from rolecall.loader.files import read_sources
from rolecall.loader.names import child, entries, text, texts
from rolecall.loader.nodes import Mapping, Node, Scalar, parse
from rolecall.loader.nodes import Sequence as Listed
from rolecall.loader.structure import check_structure
from rolecall.migration.model import (
    EMPLOYEES,
    ROLE_ORDER,
    AccountColumns,
    Choice,
    MapColumns,
    Policy,
    Reference,
    Settings,
    clever_role,
)
from rolecall.vocabulary.origin import Finding, Origin
from rolecall.vocabulary.roles import CLEVER_ROLES

KEY: Final = "rolecall-migration"
SCHEMA: Final = "migration-1"


def read_settings(path: str | Path) -> Settings:
    """Read a migration file; raises `MigrationError` with everything that is wrong with it."""
    where = Path(path)
    if where.is_dir():
        raise MigrationError([Finding("no-such-file", f"`{where}` is a folder; a migration file is one file")])
    sources, findings = read_sources(where)
    findings = [one for one in findings if one.severity == "error"]
    root = parse(sources[0], findings) if sources else None
    begins = f"a migration file begins with `{KEY}: 1`"
    findings = [replace(one, helps=(begins,)) if one.code == "empty" else one for one in findings]
    if root is not None:
        if isinstance(root, Mapping) and next(iter(root.keys), "") != KEY:
            raise MigrationError([Finding("missing-key", begins, root.origin)])
        findings += check_structure(root, SCHEMA)
    if findings or root is None:
        raise MigrationError(sorted(findings, key=lambda one: one.place))
    reader = _Reader()
    settings = reader.read(root, str(where))
    if reader.findings:
        raise MigrationError(sorted(reader.findings, key=lambda one: one.place))
    return settings


class _Reader:
    """Reads a file whose shape is right; what does not fit together is reported."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def read(self, root: Node, file: str) -> Settings:
        accounts = self._accounts(child(root, "accounts"))
        columns = child(root, "map")
        clash = text(child(root, "clashes")) or "hold"
        references = [
            Reference(
                text(child(one, "table")) or "",
                text(child(one, "column")) or "",
                cast("Any", text(child(one, "clash")) or clash),
                declared=True,
                only={name: str(_plain(value)) for name, value, _ in entries(child(one, "only"))},
            )
            for one in _items(child(root, "references"))
        ]
        seen = set[tuple[str, str]]()
        for one, node in zip(references, _items(child(root, "references")), strict=True):
            if (one.table, one.column) in seen:
                self._error(f"`{one.table}.{one.column}` stands twice", node.origin, "keep one of them")
            seen.add((one.table, one.column))
        found = {name: _plain(node) for name, node, _ in entries(columns)}
        return Settings(
            accounts=accounts,
            map=MapColumns(**cast("dict[str, Any]", found)),
            choice=self._choice(child(root, "choose"), accounts),
            districts={name: self._choice(node, accounts) for name, node, _ in entries(child(root, "districts"))},
            references=tuple(references),
            clash=cast("Any", clash),
            file=file,
        )

    def _accounts(self, node: Node | None) -> AccountColumns:
        """Read where the parts of an account stand."""
        given = {name: text(value) for name, value, _ in entries(node) if text(value) is not None}
        roles = {}
        for written, value, at in entries(child(node, "roles")):
            roles[written] = clever_role(text(value) or "")
            if not roles[written]:
                self._error(f"`{text(value)}` is none of Clever's roles", at, did_you_mean(text(value), CLEVER_ROLES))
        names = {"clever_id": "id", "last_active": "active"}
        parts = {names.get(name, name): value for name, value in given.items()}
        alike = {name: text(value) or "" for name, value, _ in entries(child(node, "alike"))}
        archive = {name: cast("Any", _plain(value)) for name, value, _ in entries(child(node, "archive"))}
        for name, _, at in entries(child(node, "archive")):
            if name == parts.get("key", "id"):
                self._error(f"`{name}` is the accounts' key, and never changes", at, "name another column")
        return AccountColumns(**cast("dict[str, Any]", parts), roles=roles, alike=alike, archive=archive)

    def _choice(self, node: Node | None, accounts: AccountColumns) -> Choice:
        """Read one choice."""
        if node is None:
            return Choice()
        do = cast("Any", text(child(node, "do")) or "consolidate")
        survivor, column = self._survivor(child(node, "survivor"), accounts)
        columns: dict[str, Policy] = {
            name: cast("Policy", text(value)) for name, value, _ in entries(child(node, "columns"))
        }
        for name, _, at in entries(child(node, "columns")):
            if name in (accounts.key, accounts.id, accounts.role, accounts.district):
                self._error(f"`{name}` says who an account is, and is not merged", at, "delete the line")
        for key in ("survivor", "columns"):
            if do != "consolidate" and (where := _key(node, key)) is not None:
                self._error(f"`{key}` belongs to `do: consolidate`, and this is `{do}`", where, "delete the line")
        date = self._date(node, accounts, do)
        return Choice(do, survivor, column, columns, date)

    def _survivor(self, node: Node | None, accounts: AccountColumns) -> tuple[Any, str]:
        """Read which account of a merge stays."""
        if isinstance(node, Listed):
            order = tuple(clever_role(name) for name, _ in texts(node))
            for (name, at), role in zip(texts(node), order, strict=True):
                if role not in EMPLOYEES:
                    self._error(f"`{name}` is no role that accounts are merged in", at, did_you_mean(name, EMPLOYEES))
            return order, ""
        if isinstance(node, Mapping):
            return ROLE_ORDER, text(child(node, "column")) or ""
        if text(node) == "most-recent":
            if not accounts.active and node is not None:
                fix = "add `last_active: …`, the column that says it, to `accounts`"
                self._error("nobody says when an account was last used", node.origin, fix)
            return "most-recent", ""
        return ROLE_ORDER, ""

    def _date(self, node: Node, accounts: AccountColumns, do: str) -> int | None:
        """Read the cut-over's date: a bare one is midnight UTC."""
        at, written = _key(node, "date"), text(child(node, "date"))
        if do != "cut-over":
            if at is not None:
                self._error(f"`date` belongs to `do: cut-over`, and this is `{do}`", at, "delete the line")
            return None
        if at is None or written is None:
            self._error("a cut-over needs its date", node.origin, "add `date: 2026-07-01`")
            return None
        if not accounts.active:
            fix = "add `last_active: …`, the column that says it, to `accounts`"
            self._error("a cut-over must know who is still active", at, fix)
        found = parse_instant(written if parse_date(written) is None else f"{written}T00:00:00Z")
        if found is None:
            self._error(
                f"`{written}` is no date, and no time with a zone", at, "write 2026-07-01, or 2026-07-01T06:00:00Z"
            )
        return found

    def _error(self, message: str, at: Origin, fix: str = "") -> None:
        self.findings.append(Finding("wrong-value", message, at, helps=(fix,) if fix else ()))


def _items(node: Node | None) -> Sequence[Node]:
    return node.items if isinstance(node, Listed) else ()


def _plain(node: Node) -> object:
    return node.value if isinstance(node, Scalar) else None


def _key(node: Node, key: str) -> Origin | None:
    return node.keys.get(key) if isinstance(node, Mapping) else None
