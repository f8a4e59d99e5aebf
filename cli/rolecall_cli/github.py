"""GitHub's workflow commands: a line that GitHub shows as an annotation."""

from __future__ import annotations


def command(level: str, title: str, message: str, where: dict[str, object]) -> str:
    """Give one of GitHub's workflow commands; nothing in a text can begin another."""
    properties = {**where, "title": title}
    said = ",".join(f"{name}={_escaped(str(value), property_too=True)}" for name, value in properties.items())
    return f"::{level} {said}::{_escaped(message)}"


def _escaped(text: str, *, property_too: bool = False) -> str:
    found = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return found.replace(":", "%3A").replace(",", "%2C") if property_too else found
