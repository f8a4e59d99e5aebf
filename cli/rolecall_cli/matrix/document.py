"""A matrix as a page by itself: one file that needs nothing else, and that can be read without its script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rolecall.page import escaped, lay
from rolecall.vocabulary.reasons import RuleRef

from rolecall_cli.matrix.cells import Cells
from rolecall_cli.matrix.look import SCRIPT, STYLE
from rolecall_cli.matrix.view import counted, exceptions, someone, sums, unless

if TYPE_CHECKING:
    from rolecall.analysis.matrix import Row, Sheet

    from rolecall_cli.matrix.view import View

# An id that the page makes for itself begins with `_`, as no type's name does: a policy cannot take one.


def page(view: View) -> str:
    """Give the page."""
    rules = _rules(view)
    cells = Cells({one.id: number for number, one in enumerate(rules, 1)})
    title = f"Who may do what: {view.matrix.new.policy.application}"
    parts = [
        '<a class="_skip" href="#_matrix">Skip to the tables</a>',
        *_head(view, title, rules),
        '<main id="_matrix">',
        *(line for sheet in view.matrix.sheets for line in _sheet(view, sheet, cells)),
        *_refused(view),
        *_rule_list(rules),
        "</main>",
        f"<footer>{escaped(counted(view.matrix))}. Roles beyond doubt, all of them acted as.</footer>",
    ]
    return lay(title, STYLE, "\n".join(parts), SCRIPT)


def _rules(view: View) -> list[RuleRef]:
    """Give the rules behind any cell, in the order of the policy's files; of another version those that are no more."""
    found: dict[str, RuleRef] = {}
    for before in (False, True):
        for sheet in view.matrix.sheets:
            for row in sheet.rows:
                for entry in row.entries:
                    for one in entry.was if before else entry.rules:
                        found.setdefault(one.rule.id, one.rule)
    return sorted(found.values(), key=lambda one: (one.origin.file, one.origin.line))


def _head(view: View, title: str, rules: list[RuleRef]) -> Iterator[str]:
    yield f"<header>\n<h1>{escaped(title)}</h1>"
    digest = view.matrix.new.policy.digest.removeprefix("sha256:")[:12]
    against = "" if view.against is None else f", compared with <code>{escaped(view.against)}</code>"
    yield f'<p class="_of"><code>{escaped(view.name)}</code>{against} · policy {escaped(digest)}</p>'
    yield from _tools(view, rules)
    yield '<nav aria-label="Resource types"><ul>'
    yield from (f'<li><a href="#{escaped(one.type)}">{escaped(one.type)}</a></li>' for one in _first(view))
    yield '<li><a href="#_rules">the rules</a></li>'
    yield "</ul></nav>\n</header>"


def _first(view: View) -> Iterator[Sheet]:
    """Give a sheet for each type: of one that lies elsewhere now there are two."""
    yield from {one.type: one for one in reversed(view.matrix.sheets)}.values().__reversed__()


def _tools(view: View, rules: list[RuleRef]) -> Iterator[str]:
    """Give what the script needs to find and filter; without it they are not shown, for they would do nothing."""
    sheets = view.matrix.sheets
    roles = dict.fromkeys(role for sheet in sheets for row in sheet.rows for role in sorted(row.roles))
    permissions = dict.fromkeys(one for sheet in sheets for one in sheet.permissions)
    yield '<div role="search" id="_tools" hidden>'
    yield '<label>Find <input type="search" id="_find" placeholder="words, a rule, a file" autocomplete="off"></label>'
    yield _select("Role", "_role", roles)
    yield _select("Permission", "_permission", permissions)
    yield _select("Rule", "_rule", [one.id for one in rules])
    if view.against is not None:
        yield '<label><input type="checkbox" id="_changed"> Only what changed</label>'
    yield '<button type="button" id="_clear">Clear</button>'
    yield '<output id="_count"></output></div>'
    if any(view.folded(sheet) for sheet in sheets):
        yield '<p><label><input type="checkbox" id="_sums"> Show rows that are only the sum of others</label></p>'


def _select(label: str, name: str, values: Iterable[str]) -> str:
    options = "".join(f"<option>{escaped(one)}</option>" for one in values)
    return f'<label>{label} <select id="{name}"><option value="">any</option>{options}</select></label>'


def _sheet(view: View, sheet: Sheet, cells: Cells) -> Iterator[str]:
    """Give the table of a type."""
    first = next(one for one in _first(view) if one.type == sheet.type) is sheet
    name, anchor = escaped(sheet.type), f' id="{escaped(sheet.type)}"' if first else ""
    note = f" <small>({escaped(sheet.note)})</small>" if sheet.note else ""
    yield f'<section{anchor} data-type="{name}">\n<h2>{name}{note}</h2>\n<div class="_wide">\n<table>'
    yield f"<caption><span>{escaped(_caption(view, sheet))}</span></caption>"
    columns = "".join(f'<th scope="col" data-p="{escaped(one)}">{escaped(one)}</th>' for one in sheet.permissions)
    yield f'<thead><tr><th scope="col">Whoever is …</th>{columns}</tr></thead>\n<tbody>'
    folded = view.folded(sheet)
    for row in sheet.rows:
        yield from _row(sheet, row, cells, prefix=sheet.type if first else f"_{sheet.type}", folded=row.key in folded)
    yield "</tbody>\n</table>\n</div>\n</section>"


def _caption(view: View, sheet: Sheet) -> str:
    said = f"{sheet.cells:,} cells of the table in {len(sheet.rows) + sheet.left_out} rows."
    if sheet.left_out:
        said += f" {sheet.left_out} of them were asked not to be shown."
    if folded := view.folded(sheet):
        said += f" {sums(len(folded))}."
    elif sheet.ordered and not sheet.left_out:
        said += " Of the rows that fit somebody, the last one is theirs."
    return said


def _row(sheet: Sheet, row: Row, cells: Cells, *, prefix: str, folded: bool) -> Iterator[str]:
    anchor, said = escaped(f"{prefix}.{row.key}"), escaped(someone(row))
    kind = ' class="_sum"' if folded else ""
    changed = " data-changed" if row.moved else ""
    yield f'<tr{kind} data-roles="{escaped(" ".join(sorted(row.roles)))}"{changed}>'
    others = exceptions(row)
    exactly = ""
    if others:
        exactly = f"<ul>{''.join(f'<li>{escaped(one)}</li>' for one in others)}</ul>"
        exactly = (
            f"<p>{'And nothing' if not row.who[0] else 'But none'} of these, who have rows of their own:</p>{exactly}"
        )
    exactly += f"<p>{row.combinations:,} combination{'s' if row.combinations > 1 else ''} of roles.</p>"
    plain = "" if sheet.ordered and not sheet.left_out else f" <small>{escaped(unless(row))}</small>"
    who = cells.popover(f"Who is in this row: {said}", f"<p><b>{said}</b></p>{exactly}", anchor)
    seen = f'<span aria-hidden="true">i</span><span class="_vh">Who exactly is {said}</span>'
    button = f'<button type="button" class="_who" popovertarget="{who[0]}">{seen}</button>'
    yield f'<th scope="row" id="{anchor}"><span>{said}</span>{plain} {button}{who[1]}</th>'
    for entry in row.entries:
        yield cells.cell(sheet, entry, said, escaped(f"{prefix}.{entry.permission}.{row.key}"))
    yield "</tr>"


def _refused(view: View) -> Iterator[str]:
    for name, why in view.matrix.refused.items():
        yield f'<section id="{escaped(name)}"><h2>{escaped(name)}</h2><p>{escaped(why)}</p></section>'


def _rule_list(rules: list[RuleRef]) -> Iterator[str]:
    yield '<section id="_rules"><h2>The rules behind the cells</h2>\n<ol>'
    for one in rules:
        because, at = escaped(one.because), escaped(str(one.origin))
        yield f'<li id="_rule-{escaped(one.id)}"><code>{escaped(one.id)}</code> {because} <small>{at}</small></li>'
    yield "</ol></section>"
