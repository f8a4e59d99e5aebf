"""Denials that never reach the table: what is to be done then, and what is not known because of what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import Final

from rolecall.counterfactual.changes import Change, Counterfactuals, Suggestion
from rolecall.facts.roster import Roster
from rolecall.vocabulary.decision import Decision

Answer = Callable[[str], bool | None]
"""Whether the same question would be answered otherwise of another id; None where that is not known."""

_LEGACY: Final = re.compile(r"legacy id, from before Clever's API 3\.0, of `([^`]+)`$")
_REACHED: Final = ("table", "no-role", "not-acting")


def outside(decision: Decision, answer: Answer, roster: Roster | None = None) -> Counterfactuals | None:
    """Say what would change a denial that the table was not asked about; None where the search has something to try."""
    code = decision.cell.code
    if code in _REACHED:
        return None
    if code == "indeterminate":
        more = f". {_mend(decision.indeterminate)}"
        return _notes("it is not known what would change it, because {}", decision.indeterminate + more)
    if code == "other-district":
        said = (
            f"nothing would, while the person belongs to another district than the {decision.resource.type}: no role "
            "and no rule reaches across districts. Whoever works in both has an account in each: ask about the other"
        )
        return Counterfactuals("allow", notes=(said,))
    if code == "subject-not-found":
        found = _LEGACY.search(decision.detail)
        if found:
            return _legacy(found[1], answer(found[1]))
        return _notes("it is not known what the person could be given, because {}", _absent(decision, roster))
    what = "the thing lies" if code == "place-not-found" else "the thing is"
    return _notes(
        f"it is not known what would change it, because nobody knows where {what}: {{}}", _absent(decision, roster)
    )


def _mend(why: str) -> str:
    """Say what makes it known again."""
    if "paused" in why:
        return "Once Clever syncs the district again, and the facts are up to date, ask again"
    if why.startswith("the facts ("):
        return "`rolecall sync` brings the facts up to date, `rolecall doctor` says what is in the way: then ask again"
    return "Once that is put right, ask again"


def _notes(text: str, why: str) -> Counterfactuals:
    return Counterfactuals("", notes=(text.format(why),))


def _absent(decision: Decision, roster: Roster | None) -> str:
    said = decision.detail or "the facts do not hold it"
    if decision.code == "resource-not-found" and said.startswith("the application has"):
        return said
    if roster is not None and (what := _mistaken(decision, roster)):
        return f"{said}, but {what}"
    return f"{said}. Check the id; if it is right, the district has to share it with this application in Clever"


def _mistaken(decision: Decision, roster: Roster) -> str:
    """Say what an id is that is not held as what it was given for; an empty text where nobody can tell."""
    held: dict[str, Container[str]] = {"user": roster.users, "section": roster.sections, "school": roster.schools}
    held |= {"term": roster.terms, "district": roster.districts}
    asked, identifier = "user", decision.subject
    if decision.code != "subject-not-found":
        asked, identifier = decision.resource.type, decision.resource.id
        if asked not in (*held, "student"):  # the application's own: only it knows its ids
            return ""
    if asked == "student" and identifier in roster.users:
        return f"`{identifier}` is a user who is no student"
    kind = next((kind for kind, ids in held.items() if identifier in ids), "")
    if kind:
        return f"`{identifier}` is the id of a {kind}"
    plain = identifier.strip().lower()
    if plain in held["user" if asked == "student" else asked]:
        return f"there is `{plain}`: spaces and capital letters count in an id"
    return ""


def _legacy(identifier: str, flips: bool | None) -> Counterfactuals:
    """Offer the id that somebody has now: as what would change it, if it would."""
    said = f"Ask about user {identifier}: the id asked about is the one they had before Clever's API 3.0."
    if flips:
        return Counterfactuals("allow", (Suggestion((Change("identifier", value=identifier),), said, ("product",)),))
    more = " The answer would still be no." if flips is False else " What they may do is not known from this decision."
    return Counterfactuals("", notes=(said + more,))
