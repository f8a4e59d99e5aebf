"""Files merged into one policy: which file is which, every name in one list, then roles, types, sets and rules."""

from __future__ import annotations

import hashlib
import os
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from rolecall.loader.names import Names, child, entries, items, text
from rolecall.loader.nodes import Mapping, Node
from rolecall.loader.resources import build_resource, build_role, build_set, refuse_set_cycles
from rolecall.loader.rules import Known, build_rule, known_scopes
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Finding, Origin, Source

POLICY_KEY = "rolecall"
_NO_ZONES = ("localtime", "posixrules", "Factory")  # files that a machine has beside the zones
WORKBENCH_KEYS = ("rolecall-tests", "rolecall-claims")


def is_policy(root: Node, source: Source, findings: list[Finding]) -> bool:
    """Tell a policy file by its first key; tests and claims belong to the workbench, anything else is an error."""
    first = next(iter(root.keys), "") if isinstance(root, Mapping) else ""
    if first == POLICY_KEY:
        return True
    if first not in WORKBENCH_KEYS:
        at = root.keys[first] if isinstance(root, Mapping) and first else Origin(source, 1, 1)
        shown = f"begins with `{first}`" if first else "does not begin with a key"
        fix = "let `rolecall: 1` be its first key (or `rolecall-tests: 1`, `rolecall-claims: 1`), or move it elsewhere"
        findings.append(Finding("not-a-policy", f"the file {shown}, so it is no file of a policy", at, helps=(fix,)))
    return False


def build(roots: list[tuple[Source, Node]], top: Path, findings: list[Finding], *, lenient: bool) -> Policy:
    """Merge policy files. The result is of use only where no error was found."""
    names = Names(findings, lenient=lenient)
    nodes = [root for _, root in roots]
    application = _single(nodes, "application", names)
    if application is None and roots and not lenient:
        at = nodes[0].origin
        names.error("missing-key", "no file names the `application`", at, "add `application: my-app` to one file")
    roles = {
        name: build_role(name, value, at) for name, value, at in _all(nodes, "roles") if names.define("role", name, at)
    }
    kinds = {
        name: build_resource(name, value, at, names)
        for name, value, at in _all(nodes, "resources")
        if names.define("resource type", name, at)
    }
    set_nodes = {
        name: (value, at)
        for name, value, at in _all(nodes, "permission_sets")
        if names.define("permission set", name, at)
    }
    set_origins = {name: at for name, (_, at) in set_nodes.items()}
    sets = {name: build_set(value, kinds, set_origins, names, at) for name, (value, at) in set_nodes.items()}
    refuse_set_cycles(sets, set_origins, names)
    rule_nodes: list[tuple[str, Mapping, Origin]] = []
    for node in (item for root in nodes for item in items(child(root, "rules"))):
        identity = text(child(node, "id"))
        if isinstance(node, Mapping) and identity is not None:
            names.define("rule", identity, node.values["id"].origin)
            rule_nodes.append((identity, node, node.values["id"].origin))
    scopes = known_scopes({name: role.scopes for name, role in roles.items()})
    known = Known(scopes, kinds, set_origins, {name: at for name, _, at in rule_nodes})
    rules = tuple(build_rule(node, name, at, known, names) for name, node, at in rule_nodes)
    sources = tuple(source for source, _ in roots)
    timezone = _timezone(nodes, names)
    return Policy(application or "", timezone, roles, kinds, sets, rules, sources, digest(sources, top))


def digest(sources: tuple[Source, ...], top: Path) -> str:
    """Give the SHA-256 of the policy files: name (below `top`) and text of each, in the order of the names."""
    found = hashlib.sha256()
    for source in sorted(sources, key=lambda source: source.name):
        file = Path(source.name)
        name = file.relative_to(top).as_posix() if top in file.parents else file.name
        for part in (os.fsencode(name), source.text.encode()):
            found.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{found.hexdigest()}"


def _all(nodes: list[Node], key: str) -> list[tuple[str, Node, Origin]]:
    return [entry for node in nodes for entry in entries(child(node, key))]


def _single(nodes: list[Node], key: str, names: Names) -> str | None:
    """Give what stands in one file only; a second file that says it too is an error."""
    found: str | None = None
    first: Origin | None = None
    for node in nodes:
        if isinstance(node, Mapping) and key in node.keys:
            if first is not None:
                message = f"`{key}` stands in two files; the first is at {first}"
                names.error("duplicate-name", message, node.keys[key], "keep one of them")
                continue
            first = node.keys[key]
            found = text(node.values[key]) or found
    return found


def _timezone(nodes: list[Node], names: Names) -> str:
    zone = _single(nodes, "timezone", names)
    if zone is None:
        return "UTC"
    try:
        ZoneInfo(zone)
        found = zone not in _NO_ZONES and not zone.startswith(("posix/", "right/"))
    except (LookupError, ValueError, OSError):  # zoneinfo's own error is a LookupError
        found = False
    if not found:
        known = available_timezones()
        folded = {name.casefold().rsplit("/", 1)[-1]: name for name in sorted(known)}
        close = get_close_matches(zone.casefold().rsplit("/", 1)[-1].replace(" ", "_"), folded, n=1, cutoff=0.8)
        at = next(
            node.values["timezone"].origin for node in nodes if isinstance(node, Mapping) and "timezone" in node.keys
        )
        fix = f"did you mean `{folded[close[0]]}`?" if close else "write one of the IANA names, such as America/Chicago"
        names.error("unknown-timezone", f"there is no time zone `{zone}`", at, fix)
    return zone
