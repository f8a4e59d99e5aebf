"""Whether a sentence gives a reason, or only fills the place of one."""

from __future__ import annotations

import re
from typing import Final

_FEWEST: Final = 3
_WORD: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_PLACEHOLDERS: Final = re.compile(
    r"\b(?:todo|tbd|fixme|xxx+|lorem ipsum|asdf|foo ?bar|placeholder|to be (?:written|done|defined|decided)|"
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
