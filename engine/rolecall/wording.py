"""How sentences name several things, and a value: once, for all who say something to a person."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], last: str = "and") -> str:
    """Give names as one says them: `view, edit and grade`."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


def value_name(value: object) -> str:
    """Give a value of an attribute as a policy writes it; what is not told (None) is `unknown`."""
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value)
