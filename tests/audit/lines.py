"""Single changes to a log of JSON lines, as whoever can write to the folder makes them; each says where it is to be found."""

import json
import re

from mutations import flip

TOLD = ("segment", "entry", "checkpoint", "pruned")


def read(line):
    """A line's kind and the record it speaks of; nothing where it is no line of ours."""
    try:
        kind, *rest = json.loads(line)
        if kind == "segment":
            return kind, rest[0][3]
        return (kind, rest[0] + (kind == "pruned")) if kind in TOLD else (kind, None)
    except (ValueError, IndexError, TypeError, KeyError):
        return "", None


def places(writer, before, after):
    """Where a file says something else than it did; None where all that a chain holds together is as it was."""
    olds, news = ([row for row in rows if read(row)[0] != "blob"] for rows in (before, after))
    if olds == news:
        return None
    if read(olds[-1])[0] == "pruned" and sorted(olds) == sorted(news) and olds[0] == news[0]:
        return None  # of a segment that was deleted by age there are two facts, in whatever order
    if read(olds[-1])[0] == "pruned" and list(map(untimed, olds)) == list(map(untimed, news)):
        return None  # when such a segment began, and when it was deleted, nothing proves
    last, found = 0, set()
    for number in range(max(len(olds), len(news))):
        old, new = (rows[number] if number < len(rows) else b"" for rows in (olds, news))
        kind, seq = read(old)
        if old == new:
            last = seq if kind == "entry" else seq - 1 if kind == "segment" else last
            continue
        found |= {(writer, seq), (writer, read(new)[1]), (writer, last + 1)}
        if "blob" in (kind, read(line_at(before, after))[0]):
            found.add("shared")
        if "checkpoint" in (kind, read(new)[0]):  # how many there were says the head, not which
            found |= {(writer, 0), *((writer, seq + 1) for seq in stands_after(news, old))}
        break
    return found


def untimed(row):
    """A line without the time at its end."""
    return re.sub(rb",\d+\]{1,2}\n$", b"", row)


def stands_after(rows, line):
    """The records after which a line stands."""
    last = 0
    for row in rows:
        kind, seq = read(row)
        last = seq if kind == "entry" else last
        if row == line:
            yield last


def line_at(before, after):
    """The first line of a file that is another one afterwards."""
    return next((old for old, new in zip(before, after, strict=False) if old != new), b"")


def change(rng, folder):
    """Change one file; gives its name, what it was (None where there was none), and the places."""
    file = rng.choice(sorted(folder.glob("*.jsonl")))
    writer, data = file.name.partition(".")[0], file.read_bytes()
    rows = data.splitlines(keepends=True)
    at, after = rng.randrange(len(rows)), list(rows)
    match rng.randrange(9):
        case 0 | 1:
            after[at] = flip(rng, after[at])
        case 2:
            del after[at]
        case 3:
            after.insert(rng.randrange(len(after)), after[at])
        case 4:
            other = rng.randrange(len(after))
            after[at], after[other] = after[other], after[at]
        case 5:
            del after[at:]
        case 6:
            at = rng.randrange(len(data))
            after = data[:at].splitlines(keepends=True)
        case 7:
            file.unlink()
            return [(file, data)], {(writer, read(rows[0])[1])}
        case _:
            number = rng.randrange(1, 12)
            to = file.with_name(f"{writer}.{number:06d}.jsonl")
            if to.exists():
                return None
            to.write_bytes(data)
            if rng.random() < 0.5:
                file.unlink()
            last = max((seq for kind, seq in map(read, rows) if kind == "entry"), default=read(rows[0])[1])
            return [(file, data), (to, None)], {(writer, read(rows[0])[1]), (writer, last + 1)}
    whole = [one for one in after if one.endswith(b"\n")]
    found = places(writer, rows, whole)
    if not found:
        return None
    file.write_bytes(b"".join(after))
    return [(file, data)], found
