"""Migration: from the old APIs' separate accounts to one v3.0 user. All but `applying` only reads.

    mapping/     (district, role, legacy id) -> v3.0 id, from Clever's users, live or held, or its exported CSVs
    accounts/    the application's accounts: SQL by reflection, CSV, JSON lines
    outcomes     the closed list of what can come of an account
    matching     one account against the map; all accounts of one person against each other; for plan and login
    merging      who survives a merge, which columns it takes from whom
    references   foreign and unique keys that point at accounts, and what a merge would break
    effects      what each person could do before, and can do after, asked of the policy
    planning     all of this, for everybody: a plan
    written      the plan as a file: a header, a line a step, a digest
    deciding     what people decided about conflicts, and how that takes effect
    conflicts    the conflicts as a table to fill in; resolving: what was filled in, checked; decisions: as a file
    login        the same for one person, at the moment they log in
    applying/    a plan carried out in the application's database, and undone; needs SQLAlchemy, so import it yourself

A plan is a header and steps. Each step is complete in itself (a person with all their accounts, or one account): it
names each row by its key and carries a fingerprint of all of it that decides something, so that one can tell, row by
row, whether the plan still holds. Values of columns are never written into a plan, only whose they are.
"""

from __future__ import annotations

from rolecall.migration.accounts import open_accounts
from rolecall.migration.decisions import read_decisions
from rolecall.migration.login import Match, Resolver
from rolecall.migration.mapping import Map, read_clever, read_map
from rolecall.migration.model import Account, Choice, Settings
from rolecall.migration.outcomes import CONFLICTS, OUTCOMES
from rolecall.migration.planning import Planner
from rolecall.migration.resolving import resolve
from rolecall.migration.settings import read_settings
from rolecall.migration.written import Plan, read_plan

__all__ = [
    "CONFLICTS",
    "OUTCOMES",
    "Account",
    "Choice",
    "Map",
    "Match",
    "Plan",
    "Planner",
    "Resolver",
    "Settings",
    "open_accounts",
    "read_clever",
    "read_decisions",
    "read_map",
    "read_plan",
    "read_settings",
    "resolve",
]
