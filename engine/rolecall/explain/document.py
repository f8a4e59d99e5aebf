"""An explanation as sections and rows, the same for every format. A text in backticks is somebody's input, or code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from rolecall.counterfactual import MAKERS, Counterfactuals, Suggestion, elsewhere
from rolecall.explain import Asked, Explanation, Line, Named, Rule
from rolecall.explain.sentences import one_line
from rolecall.instants import SECOND, say_instant, say_span
from rolecall.wording import listed

_SUGGESTED: Final = 6
"""How many suggestions are shown; JSON has them all."""

WANTED: Final = {"allow": "What would allow it", "deny": "What would deny it", "": "What would change it"}


class Row(msgspec.Struct, frozen=True):
    """A line, and the lines that belong under it."""

    text: str
    under: tuple[str, ...] = ()


class Section(msgspec.Struct, frozen=True):
    """A part of an explanation: its title, and its rows (never none)."""

    title: str
    rows: tuple[Row, ...]


def sections(said: Explanation) -> list[Section]:
    """Give the sections that have anything to say, in their order."""
    parts = [
        Section("Who", tuple(_who(said))),
        Section("Names", tuple(name_rows(said.names or ()))),
        Section("Asked", tuple(_asked(said.asked))),
        Section("Allowed", tuple(_allowed(said))),
        Section("Not allowed", tuple(Row(one) for one in _not_allowed(said))),
        Section("How it adds up", tuple(Row(one) for one in said.arithmetic)),
        Section("The rules that decide", tuple(_rule(one) for one in said.rules)),
        Section("Odd in the data", tuple(Row(one) for one in said.odd)),
        Section("Since when", tuple(Row(one) for one in said.since)),
    ]
    if said.changes is not None:
        parts.append(Section(_title(said.changes), tuple(change_rows(said.changes))))
    return [one for one in parts if one.rows]


def foot(said: Explanation) -> str:
    """Give what whoever looks further needs: the reason code, the decision, the policy."""
    return f"{said.code} · decision {said.decision} · policy {said.policy[:19]}"


def _rule(one: Rule) -> Row:
    return Row(f"`{one.rule}` ({one.at})", (one_line(one.because),))


def _who(said: Explanation) -> Iterator[Row]:
    who, now = said.who, said.asked.time
    held = f" of district {who.district}" if who.district else ", whom the facts do not hold"
    yield Row(f"user {who.user}{'' if said.code == 'indeterminate' and not who.district else held}")
    for role, doubt in who.roles:
        yield Row(f"{role}  (doubtful: {doubt})" if doubt else role)
    if who.district and not who.roles:
        yield Row("no role")
    age = f", as of {say_instant(who.as_of)}" if who.as_of is not None else ", of unknown age"
    if who.as_of is not None and now - who.as_of >= SECOND:
        age += f", {say_span(now - who.as_of)} before the decision"
    event = f"; the last of Clever's events in it: {who.event}" if who.event else ""
    yield Row(f"according to {who.source}{age}{event}")


def name_rows(names: Iterable[Named]) -> Iterator[Row]:
    """Give whose ids are whose."""
    yield from (Row(f"{one.kind} {one.id}: {one.name or 'the facts hold no name'}") for one in names)


def _asked(asked: Asked) -> Iterator[Row]:
    what = f"{asked.permission} permission" if asked.permission is not None else "every permission"
    yield Row(f"{what} for {asked.type} {asked.id}, at {say_instant(asked.time)}")
    if asked.acting_as is not None:
        yield Row(f"acting as {listed(asked.acting_as) or 'no role'}")
    for name, value in asked.asserted.items():
        shown = str(value).lower() if isinstance(value, bool) else "none of its values" if value is None else value
        yield Row(f"the application says: {name} is {shown or 'nobody'}")


def _allowed(said: Explanation) -> Iterator[Row]:
    if said.allowed:
        yield Row(", ".join(line.permission for line in said.allowed))
    elif said.missing:
        yield Row("nothing")


def _not_allowed(said: Explanation) -> Iterator[str]:
    """Say why each permission is missing: what was asked first, and then together what is missing for one reason."""
    asked = said.asked.permission
    reasons: dict[str, list[str]] = {}
    for line in said.missing:
        key = f"{line.permission}\n" if asked is None or line.permission == asked else ""
        reasons.setdefault(key + _reason(line), []).append(line.permission)
    for reason, names in reasons.items():
        yield f"{', '.join(names)}: {reason.partition(chr(10))[2] or reason}"


def _reason(line: Line) -> str:
    if line.why:
        return line.why
    rules = [f"`{rule['rule']}`" for rule in line.cut_by]
    return f"rules {listed(rules)} take it away" if len(rules) > 1 else f"rule {listed(rules)} takes it away"


def _title(changes: Counterfactuals) -> str:
    return WANTED[changes.wanted] + (", least first" if len(changes.suggestions) > 1 else "")


def change_rows(changes: Counterfactuals) -> Iterator[Row]:
    """Give what would change an answer, least first, with who can do it and what else it does."""
    for one in changes.suggestions[:_SUGGESTED]:
        yield Row(one.sentence, tuple(_under(one)))
    more = len(changes.suggestions) - _SUGGESTED
    if more > 0:
        yield Row(f"and {more} more way{'s' if more > 1 else ''}, with more besides (`--format json` tells all)")
    yield from (Row(_sentence(one)) for one in (*changes.notes, changes.cut_off) if one)


def _under(one: Suggestion) -> Iterator[str]:
    yield f"by {listed([MAKERS[maker] for maker in one.makers])}"
    if one.changes[0].kind != "identifier":
        yield f"besides: {elsewhere(one.elsewhere)}"


def _sentence(text: str) -> str:
    return one_line(f"{text[:1].upper()}{text[1:]}")
