"""Is the policy well?"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.compiler import compile_policy
from rolecall.diagnosis.results import Examination, Result, failed, ok, warning
from rolecall.loader import read_policy


def policy(examination: Examination) -> Iterator[Result]:
    """Look whether the policy loads, and what `rolecall check` finds in it."""
    path, named = examination.setup.policies, examination.setup.policies_named
    if not path.exists():
        says, fix = f"there is no policy `{path}`", "name it with `--policies` or ROLECALL_POLICIES"
        yield failed("policy", says, fix) if named else warning("policy", says, fix)
        return
    read, findings = read_policy(path)
    found = [*findings, *(compile_policy(read).findings if read else ())]
    fix = f"`rolecall check {path}` shows each of them with its place and its fix"
    errors, warnings = (sum(one.severity == severity for one in found) for severity in ("error", "warning"))
    if errors:
        first = next(one for one in found if one.severity == "error")
        where = f" ({first.origin})" if first.origin else ""
        yield failed("policy", f"`{path}` has {_count(errors, 'error')}; the first: {first.message}{where}", fix)
    elif warnings:
        yield warning("policy", f"`{path}` loads, with {_count(warnings, 'warning')}", fix)
    elif read is not None:
        yield ok("policy", f"`{path}` loads: {_count(len(read.rules), 'rule')} for `{read.application}`")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
