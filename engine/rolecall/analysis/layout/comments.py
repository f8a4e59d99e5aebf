"""Whose a comment is: the part below it, the part that it stands beside, or the end of a list or mapping."""

from __future__ import annotations

from bisect import bisect_left

from rolecall.analysis.layout.tree import Comment, Group, Part, Text, Tree, lines_before


def attach(tree: Tree) -> None:
    """Give every comment, and every blank line, to the part that it goes with."""
    starts = [part.start for part in tree.parts]
    for one in tree.comments:
        number = bisect_left(starts, one.start)
        last = tree.parts[number - 1] if number else None
        following = tree.parts[number] if number < len(tree.parts) else None
        if last is None or one.alone:
            place = _alone(tree, one, last, following)
            if _blank_above(tree.text, one.start):
                place.append("")
            place.append(one.text)
        else:
            _beside(tree, one, last)
    for part in tree.parts:
        if not lines_before(tree.text, part.start).strip() and _blank_above(tree.text, part.start):
            part.above.append("")


def _alone(tree: Tree, one: Comment, last: Part | None, following: Part | None) -> list[str]:
    """Find whose a comment is that has its line for itself."""
    if last is not None and one.start < last.value.start and (isinstance(last.value, Text) or last.value.flow):
        return last.above  # between a key and its value
    around = [group for group in _groups(last) if group.flow and group.start < one.start < group.end]
    if around and not (following and following.start < around[0].end):
        return around[0].tail if around[0].parts else _owner_above(around[0])
    if around and following:
        return following.above
    column = len(lines_before(tree.text, following.start)) if following else -1
    stop = following.up if following else None
    for group in _groups(last):
        if group is stop:
            break
        # A list may stand in the column of its key: then what ends it there is said of what is around it.
        level = group.owner is not None and group.owner.up.column == group.column
        if not group.flow and not level and column < group.column <= one.column:
            return group.tail
    return following.above if following else tree.root.tail


def _beside(tree: Tree, one: Comment, last: Part) -> None:
    """Give a comment that ends a line to the part whose line it is."""
    part = last
    while part.up.flow and part.up.end <= one.start:
        if part.up.owner is None:
            tree.root.tail.append(one.text)
            return
        part = part.up.owner
    part.beside.append(one)


def _groups(part: Part | None) -> list[Group]:
    """Give the groups that a part lies in, the innermost first, its own value before them."""
    found = [part.value] if part and isinstance(part.value, Group) else []
    while part is not None:
        found.append(part.up)
        part = part.up.owner
    return found


def _owner_above(group: Group) -> list[str]:
    """Give the lines over the part whose value is an empty list or mapping: nothing can stand within it."""
    return group.tail if group.owner is None else group.owner.above


def _blank_above(text: str, offset: int) -> bool:
    """Say whether there is a line above that of a place, and it is blank."""
    begin = offset - len(lines_before(text, offset))
    if not begin:
        return False
    above = begin - (2 if text[:begin].endswith("\r\n") else 1)
    return not lines_before(text, above).strip()
