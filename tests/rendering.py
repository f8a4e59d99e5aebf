"""Policies written as many kinds of people write YAML: styles, quotes, comments, blank lines, line ends, all at random.

`rendered(rng, value)` gives a text that reads as the value, and that holds comments wherever YAML lets one stand.
"""

import random
from typing import Any

from strategies import chance

_SAID = [
    "see the minutes", "- id: not-a-rule", "{teacher: section}", 'he said "no', "it's", "a: b", "[", "rolecall: 1", "# twice",
    "min: all }", "äöü ✓", "TODO", "---", "", "key:   value  ",  # texts that people write, not work to be done
]  # fmt: skip


class Renderer:
    """Writes one value. Comments are numbered, so that none is taken for another."""

    def __init__(self, rng: random.Random, *, comments: int = 12) -> None:
        self.rng, self.percent = rng, comments
        self.count, self.below = 0, False
        self.rows: list[str] = []

    def comment(self) -> str:
        """Write a comment."""
        self.count += 1
        return f"#{self.rng.choice(['', ' ', '  ', '!'])}c{self.count} {self.rng.choice(_SAID)}"

    def end(self) -> str:
        """Write what may end a line."""
        if chance(self.rng, self.percent):
            return " " * self.rng.choice([1, 2, 2, 5, 9]) + self.comment()
        return " " * 3 if chance(self.rng, 3) else ""

    def between(self, indent: int) -> None:
        """Write what may stand between two lines: blank lines, comments at any column."""
        below, self.below = self.below, False
        while chance(self.rng, self.percent + 4):
            if below:  # what is written deeper would be part of the text above
                self.rows.append(self.rng.choice(["", self.comment()]))
            elif chance(self.rng, 50):
                self.rows.append(self.rng.choice(["", "", "  ", " " * 9]))
            else:
                column = self.rng.choice([indent, indent, 0, self.rng.randrange(12)])
                self.rows.append(" " * column + self.comment())

    def scalar(self, value: Any, *, flow: bool) -> str:
        """Write a scalar in one line."""
        if value is None:
            return "" if chance(self.rng, 70) else self.rng.choice(["~", "null"])
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int):
            return str(value)
        plain = bool(value) and value not in ("true", "false", "null") and not value[0].isdigit()
        plain = plain and not any(mark in value for mark in (": ", " #", "\n"))
        if flow:
            plain = plain and not set(value) & set(",[]{}")
        form = self.rng.choice(["plain"] * 5 + ["single", "double"])
        if form == "plain" and plain:
            return value
        if form == "double" or "\n" in value:
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        return "'" + value.replace("'", "''") + "'"

    def flow(self, value: Any, indent: int) -> str:
        """Write a value in brackets, in one line or in several."""
        if not isinstance(value, dict | list):
            return self.scalar(value, flow=True)
        opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
        several = chance(self.rng, 15)
        said = []
        for one in value.items() if isinstance(value, dict) else value:
            if isinstance(value, dict):
                text = self.flow(one[1], indent)
                said.append(f"{self.scalar(one[0], flow=True)}:{self.rng.choice([' ', ' ', '  '])}{text}")
            else:
                said.append(self.flow(one, indent))
        if not said:
            return opened + closed
        comma = self.rng.choice([", ", ",", " , "])
        if any(one.endswith((":", ": ")) for one in said):
            comma = " , "
        text = said[0]
        for one in said[1:]:
            text += comma + (self.broken(indent) if several else "") + one
        last = self.rng.choice(["", "", " ", ","])
        if text.endswith((":", ": ")):
            last = " "
        head = self.broken(indent) if several and chance(self.rng, 50) else self.rng.choice(["", "", " "])
        tail = self.broken(indent) if several and chance(self.rng, 50) else ""
        return opened + head + text + last + tail + closed

    def broken(self, indent: int) -> str:
        """Break a line within brackets."""
        text = self.end() if chance(self.rng, 60) else ""
        while chance(self.rng, self.percent):
            text += "\n" + " " * (indent + self.rng.randrange(1, 5)) + self.comment()
        return text + "\n" * self.rng.choice([1, 1, 1, 2]) + " " * (indent + self.rng.randrange(1, 6))

    def long(self, value: str, indent: int) -> str | None:
        """Write a text over several lines, where there is a way."""
        words = value.split(" ")
        if len(words) < 3 or "" in words or "\n" in value or ": " in value or " #" in value or "#" in value:
            return None
        place = self.rng.randrange(1, len(words))
        margin = " " * (indent + self.rng.randrange(1, 5))
        one, two = " ".join(words[:place]), " ".join(words[place:])
        form = self.rng.choice(["plain", "single", "double", "folded", "literal", "escaped"])
        if form in ("plain", "single", "double"):
            mark = {"plain": "", "single": "'", "double": '"'}[form]
            one, two = (part.replace("'", "''") if form == "single" else part for part in (one, two))
            one, two = (part.replace('"', '\\"') if form == "double" else part for part in (one, two))
            return f"{mark}{one}{self.rng.choice(['', '  '])}\n{margin}{two}{mark}{self.end()}"
        if form == "escaped":
            return f'"{one} \\\n{margin}{two}"{self.end()}'
        self.below = True
        body = f"{margin}{one}\n{margin}{two}" if form == "folded" else f"{margin}{value}"
        return f"{'>' if form == 'folded' else '|'}-{self.end()}\n{body}"

    def put(self, head: str, value: Any, indent: int, *, listed: bool) -> None:
        """Write a value after its key or dash."""
        if isinstance(value, dict | list) and value and not chance(self.rng, 45):
            deeper = indent + self.rng.choice([1, 2, 2, 2, 3, 4])
            if listed and isinstance(value, dict):
                if chance(self.rng, 85):
                    self.block(value, len(head) + 1, head + " ")
                    return
                self.rows.append(head + self.end())
            else:
                self.rows.append(head + self.end())
                if isinstance(value, list) and not listed and chance(self.rng, 25):
                    deeper = indent
            self.block(value, deeper, "")
            return
        if isinstance(value, dict | list):
            self.rows.append(f"{head} {self.flow(value, indent + 1)}{self.end()}")
            return
        long = self.long(value, indent) if isinstance(value, str) and chance(self.rng, 30) else None
        if long is not None:
            self.rows.append(f"{head} {long}")
            return
        text = self.scalar(value, flow=False)
        if text and chance(self.rng, 4) and not listed:
            self.rows.append(head + self.end())
            self.between(indent)
            self.rows.append(" " * (indent + 2) + text + self.end())
            return
        self.rows.append(f"{head}{self.rng.choice([' ', ' ', '   '])}{text}".rstrip() + self.end())

    def block(self, value: Any, indent: int, lead: str) -> None:
        """Write a list or mapping in lines; `lead` stands before its first part."""
        entries = list(value.items()) if isinstance(value, dict) else [(None, one) for one in value]
        for number, (key, one) in enumerate(entries):
            if number or not lead:
                self.between(indent)
            head = lead if number == 0 and lead else " " * indent
            if key is None:
                self.put(f"{head}-", one, indent, listed=True)
            else:
                space = " " if chance(self.rng, 3) else ""
                self.put(f"{head}{self.scalar(key, flow=False)}{space}:", one, indent, listed=False)


def rendered(rng: random.Random, value: dict[str, Any], *, comments: int = 12) -> str:
    """Write a file."""
    one = Renderer(rng, comments=comments)
    one.between(0)
    if chance(rng, 10):
        one.rows.append("---" + one.end())
    one.block(value, 0, "")
    one.between(0)
    text = "\n".join(one.rows) + rng.choice(["", "\n", "\n", "\n\n\n"])
    return text.replace("\n", "\r\n") if chance(rng, 15) else text


def shuffled(rng: random.Random, policy: dict[str, Any]) -> dict[str, Any]:
    """Give the keys of every rule another order."""
    rules = [dict(rng.sample(list(rule.items()), len(rule))) for rule in policy["rules"]]
    return policy | {"rules": rules}
