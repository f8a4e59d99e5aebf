"""An explanation as text, as markdown for a ticket, and as a page by itself; as data it is in `data`.

What it shows is anybody's text: ids, designations, an author's sentences. Nothing of it is obeyed: not by a terminal,
not by whatever shows markdown (no markup, no mention, no link), not by a browser.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

from rolecall.explain import Explanation
from rolecall.explain.document import Section, foot, sections
from rolecall.page import lay
from rolecall.vocabulary.origin import visible

Styled = Callable[[str, str], str]
"""A text in a style (`answer`, `title`, `foot`), for a terminal that has colours."""

_CODE: Final = re.compile(r"`([^`]+)`")
_MARKUP: Final = re.compile(r"([\\`*\[\]|~$])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LEADING: Final = re.compile(r"^[-+#=]")
_NUMBER: Final = re.compile(r"^(\d+)([.)])")
_LINKS: Final = re.compile(r"@|#|://|(?i:www)(?=\.)|(?i:gh-)(?=\d)")
_JOINER: Final = "\u2060"
"""What nobody sees, and what keeps a mention or an address from being one."""


def plain(text: str, _style: str) -> str:
    """Give a text as it is."""
    return text


def text(said: Explanation, styled: Styled = plain) -> str:
    """Give the explanation as text."""
    return lay_out(said.sentence, sections(said), foot(said), styled)


def lay_out(sentence: str, parts: list[Section], last: str, styled: Styled = plain) -> str:
    """Give a sentence, sections, and a last line as text."""
    blocks = [styled(_row(sentence), "answer")]
    for part in parts:
        rows = [styled(f"{part.title}:", "title")]
        for row in part.rows:
            rows += [f"  {_row(row.text)}", *(f"    {_row(one)}" for one in row.under)]
        blocks.append("\n".join(rows))
    return "\n\n".join([*blocks, styled(_row(last), "foot")])


def _row(line: str) -> str:
    return visible(" ".join(line.split(" ")))


def markdown(said: Explanation) -> str:
    """Give the explanation as markdown."""
    return mark_down(said.sentence, sections(said), foot(said))


def mark_down(sentence: str, parts: list[Section], last: str) -> str:
    """Give a sentence, sections, and a last line as markdown."""
    blocks = [f"**{escaped(sentence)}**"]
    for part in parts:
        rows = [f"### {escaped(part.title)}", ""]
        for row in part.rows:
            rows += [f"- {escaped(row.text)}", *(f"  - {escaped(one)}" for one in row.under)]
        blocks.append("\n".join(rows))
    return "\n\n".join([*blocks, f"<sub>{escaped(last)}</sub>"]) + "\n"


def escaped(line: str) -> str:
    """Give a line that markdown shows as it is; what stands in backticks stays code, in which nothing is obeyed."""
    line = " ".join(visible(line).split())
    parts, end = [], 0
    for code in _CODE.finditer(line):
        parts += [_inert(line[end : code.start()]), code[0]]
        end = code.end()
    made = "".join([*parts, _inert(line[end:])])
    return _LEADING.sub(lambda found: "\\" + found[0], _NUMBER.sub(r"\1\\\2", made))


def _inert(part: str) -> str:
    broken = _LINKS.sub(lambda found: found[0][:1] + _JOINER + found[0][1:], part)
    shown = html.escape(broken, quote=False)
    return _MARKUP.sub(lambda found: "\\" + found[0], shown)


_STYLE: Final = """\
:root {{ --answer: {light}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --answer: {dark}; }} }}
@media print {{
  :root {{ --answer: #000; }}
  section {{ break-inside: avoid; }}
}}
body {{ background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 46rem; padding: 0 1rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.25rem; line-height: 1.4; border-left: .3rem solid var(--answer); padding-left: .8rem; }}
h2 {{ font-size: 1rem; margin: 1.6rem 0 .4rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); }}
ul {{ margin: 0; padding-left: 1.2rem; }}
ul ul {{ color: var(--soft); list-style: none; padding-left: .2rem; }}
li {{ margin: .2rem 0; }}
code {{ background: var(--code); border-radius: .2rem; font-size: .9em; padding: .1em .3em; }}
footer {{ color: var(--soft); font-size: .85rem; margin-top: 2rem; }}
"""
_BODY: Final = """\
<main>
<h1>{sentence}</h1>
{sections}
</main>
<footer>{foot}</footer>"""
_COLOURS: Final = {"yes": ("#1a7f37", "#3fb950"), "no": ("#cf222e", "#f85149"), "unknown": ("#9a6700", "#d29922")}


def page(said: Explanation) -> str:
    """Give the explanation as a page by itself: no script, nothing from elsewhere; for paper and the dark too."""
    answer = "unknown" if said.code == "indeterminate" else "yes" if said.code == "granted" else "no"
    return lay_page(said.sentence, sections(said), foot(said), answer)


def lay_page(sentence: str, parts: list[Section], last: str, answer: str) -> str:
    """Give a sentence, sections, and a last line as a page; `answer` is `yes`, `no` or `unknown`."""
    light, dark = _COLOURS[answer]
    body = "\n".join(_section(part) for part in parts)
    shown = _BODY.format(sentence=_marked(sentence), sections=body, foot=_marked(last))
    return lay(sentence.split(":", maxsplit=1)[0], _STYLE.format(light=light, dark=dark), shown)


def _section(part: Section) -> str:
    rows = []
    for row in part.rows:
        under = "".join(f"<li>{_marked(one)}</li>" for one in row.under)
        rows.append(f"<li>{_marked(row.text)}{f'<ul>{under}</ul>' if under else ''}</li>")
    return f"<section>\n<h2>{_marked(part.title)}</h2>\n<ul>\n" + "\n".join(rows) + "\n</ul>\n</section>"


def _marked(line: str) -> str:
    """Give a line for a page, what stands in backticks as code."""
    line = " ".join(visible(line).split())
    parts, end = [], 0
    for code in _CODE.finditer(line):
        parts += [html.escape(line[end : code.start()]), f"<code>{html.escape(code[1])}</code>"]
        end = code.end()
    return "".join([*parts, html.escape(line[end:])])
