"""A page by itself: one file, nothing from elsewhere, for a screen by day and by night and for paper.

Its own content security policy allows the one style and the one script that it was made with, by their digests, and
nothing else: no text that it shows can be obeyed, even if it got out of its quotes.
"""

from __future__ import annotations

import html
from base64 import b64encode
from hashlib import sha256
from typing import Final

from rolecall.vocabulary.origin import visible

PALETTE: Final = """\
:root { --ink: #1b1f24; --soft: #59636e; --paper: #fff; --line: #d1d9e0; --code: #f1f3f5; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa5b1; --paper: #14171a; --line: #3d444d; --code: #262c33; }
}
@media print {
  :root { --ink: #000; --soft: #333; --paper: #fff; --line: #999; --code: #fff; color-scheme: only light; }
}
"""
"""The colours that every page has: text, what is less important, the ground, lines, and what stands in code."""

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
{script}</body>
</html>
"""


def lay(title: str, style: str, body: str, script: str = "") -> str:
    """Give a page. `style`, `script` and `body` are markup as they are, `title` is a text."""
    whole = PALETTE + style
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src {_digest(whole)}"
    policy += f"; script-src {_digest(script)}" if script else ""
    element = f"<script>{script}</script>\n" if script else ""
    return _PAGE.format(policy=policy, title=escaped(title), style=whole, body=body, script=element)


def escaped(text: str) -> str:
    """Give a text of one line for a page, in an attribute too: whatever stands in it is shown, nothing is obeyed."""
    return html.escape(" ".join(visible(text).split()))


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
