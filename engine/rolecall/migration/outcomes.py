"""What can come of an account: a closed list. Every account gets exactly one of these, whatever is wrong with it."""

from __future__ import annotations

from typing import Final

SETTLED: Final = {
    "unchanged-student": "a student, whose Clever id stays the same: nothing is to be done",
    "already-migrated": "carries the person's v3.0 id already",
    "rekeyed": "the person's only account: its old id gives way to the v3.0 id",
    "merged": "one of several accounts of one person, which become one",
    "linked": "stays, and is associated with the person's one v3.0 id",
    "separate": "stays an account of its own, keyed by the v3.0 id and the role",
    "contact-recreated": "a contact: contacts are created anew, never mapped",
    "archived": "last year's account, put away at the cut-over",
    "unmapped": "the map has no v3.0 id for it",
    "left": "somebody decided that it stays as it is",
}
CONFLICTS: Final = {
    "null-id": "the account has no Clever id",
    "unknown-role": "the account's role is none of Clever's five",
    "two-new-ids": "the map gives one old id two v3.0 ids",
    "new-id-taken": "an account that is not this person's carries the v3.0 id already",
    "other-district": "the map knows the id in another district than the account's",
    "role-differs": "the map knows the id in another role than the account's",
    "same-role-twice": "two accounts of one person have the same role",
    "locked": "the account, or another one of the same person, is locked",
    "cycle": "the id is both an old one and somebody's v3.0 id, so nobody can tell which is meant",
    "student-differs": "Clever gives the student a legacy id that is not their id",
    "still-active": "somebody has used the account since the cut-over, or nobody can tell",
    "columns-differ": "the accounts differ in a column that must be the same",
    "unique-key": "a merge would put two rows under one unique key",
}
OUTCOMES: Final = SETTLED | CONFLICTS
"""Name and sentence of each outcome, in the order in which they are told. `CONFLICTS` are held; people decide them."""
