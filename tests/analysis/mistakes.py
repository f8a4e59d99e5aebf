"""Mistakes as people make them when they edit the shipped policy: in its text, one at a time, in a fixed order.

`mistakes()` gives them endlessly varied but always the same: each kind lists the edits it can make, puts them in an order
that its name seeds, and the kinds take turns. Whether an edit means anything is for whoever asks for it to find out.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).parents[2] / "policies"
FILES = ("classroom.yaml", "educators.yaml", "families.yaml", "limits.yaml")
SHIPPED = {name: (ROOT / name).read_text("utf-8") for name in FILES}

Edit = tuple[str, str]  # a file's name, and its text as it is now
Kind = Callable[[], Iterator[Edit]]

TYPES = {
    "district": ("view", "report"),
    "school": ("view", "report"),
    "section": ("view", "report", "edit", "take_attendance", "support"),
    "student": ("view", "write_note", "reset_login"),
    "assignment": ("view", "edit", "lock", "hand_in"),
    "grade": ("view", "edit"),
    "note": ("view", "edit"),
}
SETS = (
    "view-all",
    "staff-level",
    "district-level",
    "classroom-editor",
    "substitute-cover",
    "tech-support",
    "read-only",
)
WIDER = {"student": ("section", "school", "anywhere"), "section": ("school", "anywhere"), "school": ("anywhere",),
         "resource": ("anywhere",), "district": ("anywhere",)}  # fmt: skip
NARROWER = {
    "anywhere": ("school", "section"),
    "school": ("section",),
    "section": ("resource",),
    "district": ("school",),
}
OTHER_ROLES = {
    "teacher": ("primary_teacher", "staff", "student"), "staff": ("teacher", "district_admin", "PortalOnly"),
    "student": ("contact", "guardian", "teacher"), "guardian": ("contact", "student"),
    "district_admin": ("staff",), "substitute": ("teacher", "staff"), "owner": ("teacher",),
    "SchoolTechLead": ("PortalOnly", "staff"),
}  # fmt: skip
PAIR = re.compile(r"\b([A-Za-z_]+): (resource|student|section|school|district|anywhere)\b")


class Mistake(NamedTuple):
    """A mistake of a kind: the file, with its text."""

    kind: str
    file: str
    text: str

    @property
    def line(self) -> str:
        """The first line that differs, as it is now, to tell it by."""
        old, new = SHIPPED[self.file].split("\n"), self.text.split("\n")
        number = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old) - 1)
        return f"{self.file}:{number + 1}: {new[min(number, len(new) - 1)].strip()}"


def mistakes() -> Iterator[Mistake]:
    """Give every mistake once, the kinds in turn."""
    seen: set[Edit] = set()
    waiting = {}
    for name, kind in KINDS.items():
        edits = [one for one in kind() if one[1] != SHIPPED[one[0]]]
        Random(f"mistakes:{name}").shuffle(edits)
        waiting[name] = iter(edits)
    while waiting:
        for name in list(waiting):
            edit = next((one for one in waiting[name] if one not in seen), None)
            if edit is None:
                del waiting[name]
            else:
                seen.add(edit)
                yield Mistake(name, *edit)


def lines(pattern: str) -> Iterator[tuple[str, int, re.Match[str]]]:
    """Give every line (but comments) that a pattern is found in: its file, its number, the match."""
    for name, text in SHIPPED.items():
        for number, line in enumerate(text.split("\n")):
            if not line.lstrip().startswith("#") and (match := re.search(pattern, line)):
                yield name, number, match


def with_line(name: str, number: int, *now: str) -> Edit:
    """Give a file with a line replaced by others, or by none."""
    rows = SHIPPED[name].split("\n")
    return name, "\n".join([*rows[:number], *now, *rows[number + 1 :]])


def line(name: str, number: int) -> str:
    """Give a line of the shipped policy."""
    return SHIPPED[name].split("\n")[number]


def rules() -> Iterator[tuple[str, int, int]]:
    """Give where each rule begins and ends: its file, its first line, the one after its last."""
    for name, text in SHIPPED.items():
        rows = text.split("\n")
        starts = [number for number, row in enumerate(rows) if row.startswith("  - id: ")]
        for start in starts:
            after = (n for n in range(start + 1, len(rows)) if not rows[n].startswith("    "))
            yield name, start, next(after, len(rows))


def dropped(pattern: str) -> Kind:
    """Forget a line."""
    return lambda: (with_line(name, number) for name, number, _ in lines(pattern))


def replaced(pattern: str, *ways: str) -> Kind:
    """Write another text in place of what a pattern matches, in one of several ways."""

    def edits() -> Iterator[Edit]:
        for name, number, match in lines(pattern):
            row = line(name, number)
            for way in ways:
                yield with_line(name, number, row[: match.start()] + match.expand(way) + row[match.end() :])

    return edits


def other_pairs(key: str, change: Callable[[str, str], Iterator[str]]) -> Kind:
    """Write another pair in a combination of a `when` or an `unless`."""

    def edits() -> Iterator[Edit]:
        for name, number, _ in lines(rf"^    {key}: [\[{{]"):
            row = line(name, number)
            for match in PAIR.finditer(row):
                for now in change(*match.groups()):
                    yield with_line(name, number, row[: match.start()] + now + row[match.end() :])

    return edits


def scopes(ways: dict[str, tuple[str, ...]]) -> Callable[[str, str], Iterator[str]]:
    """Hold the role elsewhere."""
    return lambda role, scope: (f"{role}: {now}" for now in ways.get(scope, ()))


def other_roles(role: str, scope: str) -> Iterator[str]:
    """Hold another role there."""
    return (f"{now}: {scope}" for now in OTHER_ROLES.get(role, ()))


def designations(role: str, scope: str) -> Iterator[str]:
    """Take one designation for the other, or for all staff."""
    if role in ("SchoolTechLead", "staff"):
        yield from (f"{now}: {scope}" for now in ("PortalOnly", "SchoolTechLead", "staff") if now != role)


def cap_on_default() -> Iterator[Edit]:
    """Give PortalOnly less, and so everybody who is staff."""
    for bound in (*SETS, "none", "{section: [view]}", "{school: [view], section: [view]}", "{student: [view]}"):
        for more in ("", "    overrides: all\n"):
            for kinds in ("", "    for: [section, assignment]\n", "    for: grade\n"):
                rule = "  - id: portal-only-sees-less\n    because: PortalOnly staff see less than others.\n"
                rule += f"{kinds}    when: {{PortalOnly: school}}\n    max: {bound}\n{more}"
                yield "educators.yaml", SHIPPED["educators.yaml"] + "\n" + rule


def typos() -> Iterator[Edit]:
    """Leave out, double or swap letters in a word that means something."""
    for name, number, _ in lines(r"^(?!rolecall|application)\s*(?!because:)[\w-]"):
        row = line(name, number)
        code = row.partition("#")[0]
        for match in re.finditer(r"[A-Za-z_-]{4,}", code):
            if "because" in code or "id:" in code:
                continue
            word, rng = match[0], Random(f"{name}:{number}:{match.start()}")
            at = rng.randrange(1, len(word) - 1)
            for now in (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
            ):
                yield with_line(name, number, row[: match.start()] + now + row[match.end() :])


def more_in_sets() -> Iterator[Edit]:
    """Add a permission to a set that several rules share: to a list of one, or a list of its own."""
    for name, number, _ in lines(r"^  [\w-]+:$"):
        if line(name, number).strip(" :") not in SETS:
            continue
        rows = SHIPPED[name].split("\n")
        end = next(n for n in range(number + 1, len(rows)) if not rows[n].startswith("    "))
        for kind, permissions in TYPES.items():
            at = next((n for n in range(number + 1, end) if rows[n].startswith(f"    {kind}: [")), None)
            for permission in permissions:
                if at is None:
                    yield with_line(name, number, rows[number], f"    {kind}: [{permission}]")
                elif not re.search(rf"\b{permission}\b", rows[at]):
                    yield with_line(name, at, rows[at].replace("]", f", {permission}]", 1))


def less_in_lists() -> Iterator[Edit]:
    """Leave a permission out of a list."""
    for name, number, match in lines(r"\[([\w, -]+)\]"):
        row, members = line(name, number), match[1].split(", ")
        if re.match(r" +(within|scopes|visibility|unless|for|overrides|report|edit|.*implies)", row):
            continue
        for gone in members:
            left = ", ".join(one for one in members if one != gone)
            yield with_line(name, number, row[: match.start()] + f"[{left}]" + row[match.end() :])


def other_sets() -> Iterator[Edit]:
    """Hand out another set than was meant."""
    for name, number, match in lines(r"^    (min|max): ([\w-]+)"):
        for other in (*SETS, "all"):
            yield with_line(name, number, f"    {match[1]}: {other}")


def all_for_some() -> Iterator[Edit]:
    """Write `all` where some permissions were meant."""
    for name, number, match in lines(r"\b\w+: (\[[\w, ]+\])"):
        row = line(name, number)
        if not re.match(r" +(within|scopes|visibility|unless|overrides|for|include)|.*implies", row):
            yield with_line(name, number, row[: match.start(1)] + "all" + row[match.end(1) :])


def removed_rules() -> Iterator[Edit]:
    """Lose a whole rule, or all of it but its first lines."""
    for name, start, end in rules():
        rows = SHIPPED[name].split("\n")
        yield name, "\n".join(rows[:start] + rows[end:])
        yield name, "\n".join(rows[: start + 2] + rows[end:])


def copied_rules() -> Iterator[Edit]:
    """Copy a rule to begin another one, and forget to give it its own id, or paste it into another file."""
    for name, start, end in rules():
        rows = SHIPPED[name].split("\n")
        copy = rows[start:end]
        yield name, "\n".join([*rows[:end], *copy, *rows[end:]])
        for other in ("families.yaml", "educators.yaml"):
            if other != name:
                yield other, SHIPPED[other] + "\n".join(["", *copy, ""])


def half_edited_copies() -> Iterator[Edit]:
    """Copy a rule for another role, with an id of its own, and leave what it gives as it was."""
    for name, start, end in rules():
        rows = SHIPPED[name].split("\n")
        if any(row.startswith("    max:") for row in rows[start:end]):
            continue
        for when in ("{student: section}", "{guardian: section}", "{teacher: school}", "{contact: student}",
                     "{staff: anywhere}", "{substitute: section}"):  # fmt: skip
            copy = [re.sub(r"^    when: .*", f"    when: {when}", row) for row in rows[start:end]]
            copy[0] += "-too"
            yield name, "\n".join([*rows[:end], *copy, *rows[end:]])


def and_for_or() -> Iterator[Edit]:
    """Write combinations as one, or one as several: `and` for `or`."""
    for name, number, match in lines(r"^    (when|unless): (.*?)( +#.*)?$"):
        if "}, {" in match[2]:
            yield with_line(name, number, f"    {match[1]}: {match[2].strip('[]').replace('}, {', ', ')}")
        elif ", " in match[2]:
            parts = match[2].strip("{}").split(", ")
            yield with_line(name, number, f"    {match[1]}: [{', '.join(f'{{{one}}}' for one in parts)}]")
            yield from (with_line(name, number, f"    {match[1]}: {{{one}}}") for one in parts)


def fewer_alternatives() -> Iterator[Edit]:
    """Forget one of the combinations that a rule speaks of, or is not to speak of."""
    for name, number, match in lines(r"^    (when|unless): \[(.*)\]"):
        parts = match[2].split(", ")
        for gone in parts:
            left = ", ".join(one for one in parts if one != gone)
            yield with_line(name, number, f"    {match[1]}: {left}")


def other_for() -> Iterator[Edit]:
    """Name another type in `for`, one too many, or one too few."""
    for name, number, match in lines(r"^    for: \[?([\w, ]+)\]?"):
        now = match[1].split(", ")
        for kind in TYPES:
            more = [one for one in now if one != kind] if kind in now else [*now, kind]
            if more:
                yield with_line(name, number, f"    for: [{', '.join(more)}]")
            if len(now) == 1:
                yield with_line(name, number, f"    for: {kind}")


def overrides() -> Iterator[Edit]:
    """Forget an override, name another rule, or give one to a maximum that should have none."""
    for name, number, _ in lines(r"^    overrides:"):
        yield with_line(name, number)
        for other in (
            "staff-who-teach-keep-staff-level",
            "district-administrators-view-their-district",
            "guardians-see-their-child",
        ):
            yield with_line(name, number, f"    overrides: [{other}]")
            yield with_line(name, number, f"    overrides: [administrators-view-their-schools, {other}]")
    for name, _, end in rules():
        rows = SHIPPED[name].split("\n")
        yield name, "\n".join([*rows[:end], "    overrides: all", *rows[end:]])


def wrong_locks() -> Iterator[Edit]:
    """Add a maximum for a role, where it was for a state, or forget what it should spare."""
    for name, start, end in rules():
        rows = SHIPPED[name].split("\n")
        maximum = next((n for n in range(start, end) if rows[n].startswith("    max:")), None)
        if maximum is not None:
            for bound in ("none", "{section: [view]}", "view-all", "{assignment: [view]}", "read-only", "all"):
                yield with_line(name, maximum, f"    max: {bound}")
        else:
            for bound in ("view-all", "{section: [view]}"):
                yield with_line(name, end - 1, rows[end - 1], f"    max: {bound}")


def wrong_indents() -> Iterator[Edit]:
    """Put a line one or two spaces off."""
    for name, number, _ in lines(r"^ +[\w-]"):
        row = line(name, number)
        for now in (row[1:], f" {row}", row[2:], f"  {row}"):
            yield with_line(name, number, now)


def slips() -> Iterator[Edit]:
    """Leave out a bracket, a colon or the space after one; a quote that never ends."""
    for name, number, _ in lines(r"\S"):
        row = line(name, number)
        code = row.partition(" #")[0]
        for mark in ("}", "]", ": ", "{", "["):
            if mark in code and "because" not in code:
                at = code.rindex(mark)
                yield with_line(name, number, row[:at] + (":" if mark == ": " else "") + row[at + len(mark) :])
        if "because: " in code:
            yield with_line(name, number, row.replace("because: ", "because: '", 1))
            yield with_line(name, number, row.replace("because: ", "because: Note: ", 1))


def merge_markers() -> Iterator[Edit]:
    """Leave what git writes where two edits meet."""
    for name, start, end in rules():
        rows = SHIPPED[name].split("\n")
        yield (
            name,
            "\n".join([*rows[:start], "<<<<<<< HEAD", *rows[start:end], "=======", ">>>>>>> other", *rows[end:]]),
        )


def doubled() -> Iterator[Edit]:
    """Give a key twice, with another value the second time."""
    for name, number, match in lines(r"^    (when|min|for|if|max|unless): (.*)"):
        row = line(name, number)
        yield with_line(name, number, row, row)
        yield with_line(name, number, row, f"    {match[1]}: none")


def of_yaml_1_1() -> Iterator[Edit]:
    """Write a boolean as YAML once allowed it, or a value in quotes that is none."""
    for name, number, match in lines(r": (true|boolean)\b"):
        row = line(name, number)
        for now in ("yes", "no", "on", "'true'", "True", "1", "y"):
            yield with_line(name, number, row[: match.start(1)] + now + row[match.end(1) :])


KINDS: dict[str, Kind] = {
    "a scope too wide": other_pairs("when", scopes(WIDER)),
    "a scope too narrow": other_pairs("when", scopes(NARROWER)),
    "a wrong scope in `unless`": other_pairs("unless", scopes(WIDER | NARROWER)),
    "another role": other_pairs("(?:when|unless)", other_roles),
    "the wrong designation": other_pairs("(?:when|unless)", designations),
    "a cap on the default designation": cap_on_default,
    "for everyone": replaced(r"^    when: .*", "    when: everyone"),
    "`and` for `or`": and_for_or,
    "a forgotten combination": fewer_alternatives,
    "a forgotten `unless`": dropped("^    unless:"),
    "a forgotten `if`": dropped("^    if:"),
    "a forgotten `if_unknown`": dropped("^    if_unknown:"),
    "a forgotten `for`": dropped("^    for:"),
    "another value in `if`": replaced(
        r"\{(\w+): (?:published|true|past)\}",
        r"{\1: draft}",
        r"{\1: false}",
        r"{\1: current}",
        r"{\1: [past, current]}",
        r"{\1: [true, false]}",
        r"{\1: future}",
    ),
    "unknown taken for yes": replaced(
        r"^    if: \{(\w+): (\w+)\}", r"\g<0>\n    if_unknown: {\1: apply}", r"\g<0>\n    if_unknown: {\1: skip}"
    ),
    "another `for`": other_for,
    "`min` and `max` swapped": lambda: iter(
        [*replaced(r"^    min:", "    max:")(), *replaced(r"^    max:", "    min:")()]
    ),
    "a wrong override": overrides,
    "another set": other_sets,
    "another maximum": wrong_locks,
    "a permission too many in a set": more_in_sets,
    "a permission too few": less_in_lists,
    "`all` for some": all_for_some,
    "a removed rule": removed_rules,
    "a copied rule": copied_rules,
    "a copy edited by half": half_edited_copies,
    "a broken `implies`": replaced(
        r"^      (\w+): \{implies: \[view\]\}", r"      \1:", r"      \1: {implies: [edit]}"
    ),
    "another `within`, or other places of a role": lambda: iter(
        [
            *replaced(
                r"within: .*", "within: section", "within: student", "within: school", "within: [student, section]"
            )(),
            *replaced(r"scopes: \[section\]", "scopes: [school]", "scopes: [section, school]")(),
        ]
    ),
    "another time zone": replaced(
        r"America/Chicago +.*", "America/New_York", "UTC", "CST", "Chicago", "America/Chigaco"
    ),
    "a typo": typos,
    "a boolean of YAML 1.1": of_yaml_1_1,
    "a tab": replaced(r"^(  ) *", r"\t", r"\t\t"),
    "a wrong indent": wrong_indents,
    "a key given twice": doubled,
    "a bracket, colon or quote too few": slips,
    "a merge left half done": merge_markers,
}
"""What people get wrong, by what one would call it."""
