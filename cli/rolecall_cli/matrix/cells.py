"""The cells of a matrix on a page: the answer, and what is behind it for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from rolecall.page import escaped

from rolecall_cli.matrix.view import condition, does, moved

if TYPE_CHECKING:
    from rolecall.analysis.matrix import Entry, Sheet

_KINDS: Final = {"yes": "_yes", "no": "_no", "depends": "_if"}
_MOVED: Final = {
    "gained": ("_gained", "+ gained"),
    "lost": ("_lost", "\u2212 lost"),
    "gained and lost": ("_both", "± gained, lost"),
}


class Cells:
    """Writes cells; each has details of its own, which have a number."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        """`numbers` are the rules', as the page lists them: on paper they stand for the details."""
        self.numbers, self.made = numbers, 0

    def popover(self, label: str, inside: str, anchor: str) -> tuple[str, str]:
        """Give details that a button opens, by their id; all of it is markup. A browser that knows none shows them."""
        self.made += 1
        name = f"_d{self.made}"
        link = f'<p class="_link"><a href="#{anchor}">Link to this</a></p>'
        return name, f'<div popover id="{name}" role="group" aria-label="{label}">{inside}{link}</div>'

    def cell(self, sheet: Sheet, entry: Entry, who: str, anchor: str) -> str:
        """Give a cell; `who` and `anchor` are markup."""
        change = _MOVED.get(entry.moved)
        kinds = f"{_KINDS[entry.answer]}{f' {change[0]}' if change else ''}"
        said = _said(sheet, entry)
        shown = f'{said}<span class="_moved"> {change[1]}</span>' if change else said
        name, details = self.popover(
            f"{who}, {escaped(entry.permission)}", "".join(self._details(sheet, entry, who)), anchor
        )
        ids = dict.fromkeys(one.rule.id for one in (*entry.rules, *entry.was))
        paper = self._paper(entry)
        rules = escaped(" ".join(ids))
        return (
            f'<td id="{anchor}" class="{kinds}" data-p="{escaped(entry.permission)}" data-rules="{rules}">'
            f'<button type="button" popovertarget="{name}">{shown}</button>{paper}{details}</td>'
        )

    def _paper(self, entry: Entry) -> str:
        """Give the numbers of the rules, which paper shows in place of the details."""
        every = [str(self.numbers[one.rule.id]) for one in entry.rules if one.every]
        some = [str(self.numbers[one.rule.id]) for one in entry.rules if not one.every]
        said = "; ".join(part for part in (", ".join(every), f"some: {', '.join(some)}" if some else "") if part)
        return f'<span class="_paper"> [{said}]</span>' if said else ""

    def _details(self, sheet: Sheet, entry: Entry, who: str) -> Iterator[str]:
        what = f"{escaped(sheet.type)}.{escaped(entry.permission)}"
        yield f"<p><b>{who}</b>, <code>{what}</code>: "
        when = escaped(condition(entry.states, sheet))
        yield {"yes": "yes.", "no": "no.", "depends": f"yes, if {when}."}[entry.answer]
        yield "</p>"
        if change := moved(entry, sheet):
            yield f"<p><b>{escaped(change)}</b></p>"
        if not entry.rules:
            yield "<p>No rule gives it.</p>"
        yield from self._rules(sheet, entry, before=False)
        if entry.was:
            yield "<p>In the other version:</p>"
            yield from self._rules(sheet, entry, before=True)

    def _rules(self, sheet: Sheet, entry: Entry, *, before: bool) -> Iterator[str]:
        rows = []
        for one in entry.was if before else entry.rules:
            rule = one.rule
            how = escaped(does(one, sheet, before=before))
            link = f'<a href="#_rule-{escaped(rule.id)}"><code>{escaped(rule.id)}</code></a>'
            rows.append(
                f"<li>{link} {how}.<br><q>{escaped(rule.because)}</q> <small>{escaped(str(rule.origin))}</small></li>"
            )
        if rows:
            yield f"<ul>{''.join(rows)}</ul>"


def _said(sheet: Sheet, entry: Entry) -> str:
    if entry.answer == "depends":
        return f"<b>if</b> {escaped(condition(entry.states, sheet))}"
    return '<span aria-hidden="true">✓ </span>yes' if entry.answer == "yes" else "no"
