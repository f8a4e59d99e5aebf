"""Bugs planted on purpose, one in each place that a fault presses on, so that the table is seen to fail."""

import contextlib
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from unittest.mock import patch

from laws.planted import Bug
from rolecall.facts.store import Store, feeds

CURRENT: str | None = None
"""The bug that is planted now, for processes that begin meanwhile."""

_APPLY = Store.apply


@dataclass(frozen=True)
class Planted:
    """What is believed wrongly, in which functions, and the scenario in which some column shows it."""

    texts: tuple[tuple[str, str, str], ...]
    scenario: str
    columns: tuple[str, ...] = ("wrong_deny", "wrong_allow")
    patches: tuple = field(default=())


def _cursor_first(store, district, events, *, cursor_was, now, complete, accept=False):
    """Commit the cursor, and only then the changes."""
    events = list(events)
    cursor = events[-1]["id"] if events else cursor_was
    with store._database.writing() as connection:
        feeds.advance(connection, district, cursor_was, cursor=cursor)
    time.sleep(0.005 if events else 0)
    return _APPLY(store, district, events, cursor_was=cursor, now=now, complete=complete, accept=accept)


BUGS = {
    "facts asked of Clever are used however old they are": Planted(
        (
            ("facts.gathering:Gathering._any", " or not kept.within(self.stale, self.clock())", ""),
            ("facts.direct_view:DirectView._fold", "problem = self.why_old(as_of, now, None) or self.why_old(as_of, gathering.began, asked.bound)", 'problem = ""'),
        ),
        "500: asked directly",
        ("wrong_allow",),
    ),
    "an error is a 404": Planted(
        (("facts.direct:Direct._ask", 'return self.records.rest((district, "") if of_all else key, why, clock(), retry_at)', "found = Kept(None, at, ticks)"),),
        "500: asked directly",
        ("wrong_deny",),
    ),
    "a page set that was cut short is whole (asked directly)": Planted(
        (("facts.clever.pages:complete", 'if "ending_before" in query or query.get("limit") != str(len(page.records)):', "if True:"),),
        "a page's link to the next one missing: asked directly",
        ("wrong_deny",),
    ),
    "a page set that was cut short is whole (a store)": Planted(
        (
            ("facts.clever.pages:complete", 'if "ending_before" in query or query.get("limit") != str(len(page.records)):', "if True:"),
            ("facts.sync.full:_Read._stage", '"" if page.next or kind == "district" else _last(page.records)', '""'),
        ),
        "a page's link to the next one missing: lists and events of a store",
        ("wrong_deny",),
    ),
    "a failing event is passed over": Planted(
        (("facts.store.incoming:read_events", "return found, error", "continue"),),
        "bad, spoilt, unknown and expired events: a store",
        ("lost",),
    ),
    "the cursor is committed before the changes": Planted(
        (),
        "kill -9 while events are applied: SQLite",
        ("lost",),
        ((Store, "apply", _cursor_first),),
    ),
    "a change touches nobody": Planted(
        (("facts.store_view:StoreView._take", "for key in look.touched or ():", "for key in ():"),),
        "nothing wrong, but changes: a store",
        ("wrong_allow",),
    ),
    "what changes while a district is read is not looked for": Planted(
        (("facts.sync.full:_Read.finish", "asked = self._catch_up()", "asked = self.job.clock()"),),
        "changes while paging: lists and events of a store",
    ),
    "a clock that is put back makes facts young": Planted(
        (("facts.store_view:StoreView._as_of", "return ever_since(as_of, heard, now)", "return as_of"),),
        "a clock that jumps: a store",
        ("wrong_allow",),
    ),
    "a store in another's place is the same": Planted(
        (("facts.store_view:StoreView._take", "replaced = look.identity != self._identity", "replaced = False"),),
        "store file deleted or replaced under deciding",
        ("wrong_allow",),
    ),
}  # fmt: skip


@contextlib.contextmanager
def planted(name):
    """Plant a bug for a while, here and in the processes that begin meanwhile; without a name, none."""
    global CURRENT  # noqa: PLW0603 - what a process is told when it begins
    before, CURRENT = CURRENT, name
    with ExitStack() as stack:
        found = BUGS.get(name, Planted((), ""))
        for text in found.texts:
            stack.enter_context(Bug(name, *text).planted())
        for one in found.patches:
            stack.enter_context(patch.object(*one))
        yield
    CURRENT = before
