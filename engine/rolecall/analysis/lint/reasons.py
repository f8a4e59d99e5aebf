"""Whether a sentence gives a reason, or only fills the place of one."""

from __future__ import annotations

import re
from typing import Final

_FEWEST: Final = 3
# Thai, Lao, Burmese, Khmer, Japanese and Chinese have no spaces between words: each sign counts as one.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:['\u2019-][^\W_{_UNSPACED}]+)*")
# `todo` is Spanish for everything: in small letters it fills a place only before a colon.
_PLACEHOLDERS: Final = re.compile(
    r"\b(?-i:TODO|TBD|FIXME)\b|\b(?:todo|tbd|fixme):"  # what people write for want of a reason, not work to be done
    r"|\b(?:xxx+|lorem ipsum|asdf|foo ?bar|placeholder|to be (?:written|done|defined|decided)|"
    r"because i said so|reason goes here|fill (?:this )?in)\b"
    r"|\b(?:as per|see) (?:the )?(?:ticket|issue|jira)(?:[ #\w-]*\d+)?\W*\Z",
    re.IGNORECASE,
)


def says_nothing(text: str, name: str = "") -> str:
    """Say why a text is no reason for what has that name; empty where it is one."""
    words = _WORD.findall(text)
    if name and [word.casefold() for word in words if word] == _WORD.findall(name.replace("-", " ").replace("_", " ")):
        return "it only repeats the rule's id"
    if found := _PLACEHOLDERS.search(text):
        return f"`{found.group().strip()}` stands where the reason should"
    if len(words) < _FEWEST:
        return f"it has {len(words)} word{'s' if len(words) != 1 else ''}"
    if len({word.casefold() for word in words}) == 1:
        return "it says one word again and again"
    return ""
