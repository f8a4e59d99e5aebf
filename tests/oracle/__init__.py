"""The plain specification: sections 3 and 4 of the design, read aloud in sets and loops.

No table, no masks, no caches. Nothing here shares code with the engine, which is tested against it.

Where the design can be read in two ways, the reading that grants less was taken (but 5, 14 and 15 keep to the
plainer words, though another reading would grant less):

 1. A section without a `school`, or whose `school` is not a string, is a section whose school the facts do
    not hold.
 2. A `roles.staff.roles` that is not a list is as absent: PortalOnly is doubtful there. Of a list, only
    strings are read. Two spellings, one exact and one nearly so, are one designation beyond doubt.
 3. PortalOnly in doubt is, like PortalOnly beyond doubt, held wherever staff is: at `anywhere` even without
    schools.
 4. A role held beyond doubt by one assignment and doubtfully by another at the same scope is beyond doubt.
 5. In a grade whose section does not list the student, the roles at the scopes `section` and `school` are
    doubtful, however they came about; those at `student`, `district`, `anywhere` and `resource` are not.
 6. A grade whose student and section are of two districts is a place that the facts do not hold.
 7. `owner` is none of the roles that the question "holds a role in the resource's district" counts.
 8. The doubtful `owner` is everyone's who holds a role there, on own types only; on Clever's types the
    request's `owner` is looked at only for its type (neither a string nor null: invalid).
 9. `acting_as`, `context`, `properties` and `action`, where present, must have their type: null is mistyped,
    and so is an AuthZEN `properties` of the subject or the action that is no object.
10. A permission is known when the resource's own type declares it, not when some type does.
11. A place of another type than string is mistyped, thus invalid; null is a place that the request lacks. A
    place that the type does not need is ignored.
12. An indeterminate instant of an assignment of the asked user comes before "not found", "other district" and
    so on.
13. A date is `YYYY-MM-DD`, an instant `YYYY-MM-DDThh:mm[:ss[.f]]` with or without a zone; anything else is no
    date, and the term is unknown. `from` and `until` are RFC 3339 to the letter, with a `T` and seconds.
14. A *start* at exactly midnight UTC is an instant; only an *end* there means the bare date.
15. A term of one bare date, or one that starts and ends at the same instant, is a term.
16. An attribute matches by type and value: neither `1` nor `"true"` is true.
17. A known attribute that does not match decides before any unknown one.
18. `if_unknown` speaks for both parts of a rule that has both; only its absence lets each part take its
    default.
19. `except` closes first: what is taken out goes together with all that implies it, directly or through
    others.
20. Under `acting_as` what `when` of a `min` reads is both beyond doubt and acting.
21. A rule is never in a cut with itself; `own_conflicts` speaks of that.
22. An own role that can only be assigned at the district is not, as district_admin is, at the district
    wherever it is held anywhere, when cells are counted: section 4 says so of district_admin only.
23. `reachable`: a cell holds at least one role besides owner, for nobody else gets as far as the table.
24. A Clever type may declare attributes too; only owners and `within` are for own types alone.
"""

from oracle.bugs import BUGS, Bugs
from oracle.decide import Answer, Oracle, decide
from oracle.language import Language
from oracle.reach import Cell, cells, cuts, own_conflicts, permissions_of_cell, refused

__all__ = [
    "BUGS",
    "Answer",
    "Bugs",
    "Cell",
    "Language",
    "Oracle",
    "cells",
    "cuts",
    "decide",
    "own_conflicts",
    "permissions_of_cell",
    "refused",
]
