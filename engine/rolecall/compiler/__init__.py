"""Policy to decision table; every conflict between rules is found here, before anybody is decided about."""

from __future__ import annotations

import msgspec

from rolecall.compiler.cuts import Cut, find_cuts, own_conflicts, report_allowed, report_errors
from rolecall.compiler.halves import make_table
from rolecall.compiler.reach import Reaches
from rolecall.compiler.warnings import find_warnings
from rolecall.errors import PolicyError
from rolecall.policy import Policy
from rolecall.table import Table
from rolecall.vocabulary.origin import Finding

__all__ = ["Compiled", "compile_policy", "load_table", "table_sizes"]


class Compiled(msgspec.Struct, frozen=True, eq=False):
    """A compiled policy: the table, every finding (errors, warnings, then notes of what overrides cut)."""

    policy: Policy
    table: Table
    cuts: tuple[Cut, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid the policy's use."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def compile_policy(policy: Policy) -> Compiled:
    """Compile a policy and check it. The table is of use only where there are no errors."""
    table = make_table(policy)
    cuts = tuple(find_cuts(policy, table))
    found = [*own_conflicts(policy, table), *report_errors(table, cuts)]
    found += [*report_allowed(policy, cuts), *find_warnings(policy, table)]
    order = {"error": 0, "warning": 1, "note": 2}
    found.sort(key=lambda finding: (order[finding.severity], finding.place, finding.code, finding.message))
    return Compiled(policy, table, cuts, tuple(found))


def load_table(policy: Policy) -> Table:
    """Compile a policy for use; raises `PolicyError` where it has errors."""
    table = make_table(policy)
    errors = [*own_conflicts(policy, table), *report_errors(table, find_cuts(policy, table, allowed_too=False))]
    if errors:
        raise PolicyError(sorted(errors, key=lambda error: (error.place, error.code, error.message)))
    return table


def table_sizes(table: Table) -> dict[str, int]:
    """Give for each resource type how many reachable cells its table has: role combinations x attribute states."""
    sizes = {}
    reaches = Reaches(table.atoms)
    for kind in table.types.values():
        states = 1
        for code in (*kind.attributes, *((kind.term,) if kind.term else ())):
            states *= len(code.values) + 1
        sizes[kind.name] = reaches[kind.location_scopes].count(kind.asked) * states
    return sizes
