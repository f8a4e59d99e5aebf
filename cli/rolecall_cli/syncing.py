"""What `rolecall sync` says: how far it is, what came of it, what that means for decisions, and what to do."""

from __future__ import annotations

import json
import sys
import time
import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import typer

from rolecall_cli.options import Format
from rolecall_cli.style import shown

if TYPE_CHECKING:
    from rolecall.facts.sync import Outcome, Progress, Synced, Verified
    from rolecall.live import Store

_STEPS: Final = ("looking", "district", "school", "term", "section", "user", "catching up", "comparing")
_EVERY: Final = 10.0
_MOST: Final = 10
_LATER: Final = "Decisions go on with older facts until those are too old, and are indeterminate then."


class Bar:
    """Says on standard error how far a full read is: a bar on a terminal, else a line now and then."""

    def __init__(self, district: str) -> None:
        """Say nothing before there is something to say."""
        self._district, self._stack = district, ExitStack()
        self._bar: Any = None
        self._said, self._at = "", time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, progress: Progress) -> None:
        """Take note of how far it is."""
        if progress.stage == "following":
            return
        doing = f"{progress.stage} {progress.kind}s" if progress.kind not in ("", "event") else progress.stage
        thing = "event" if progress.kind == "event" else "record"
        count = f"{progress.records:,} {thing}{'' if progress.records == 1 else 's'}"
        if sys.stderr.isatty():
            self._draw(progress, f"district {self._district}: {doing}, {count}")
        elif doing != self._said or time.monotonic() - self._at > _EVERY:
            self._said, self._at = doing, time.monotonic()
            _err(f"district {self._district}: {doing}, {count} so far")

    def _draw(self, progress: Progress, label: str) -> None:
        if self._bar is None:
            bar: Any = typer.progressbar(
                length=len(_STEPS), file=sys.stderr, show_eta=False, show_percent=False, width=len(_STEPS)
            )
            self._bar = self._stack.enter_context(bar)
        step = _STEPS.index(progress.kind if progress.stage == "reading" else progress.stage)
        self._bar.label = label
        self._bar.update(max(step + 1 - self._bar.pos, 0))
        self._bar.render_progress()


class Teller:
    """Tells what came of syncs, each in a line or a few, and keeps the exit code."""

    def __init__(self, store: Store, form: Format) -> None:
        """Say nothing yet."""
        self._store, self._form, self._last = store, form, dict[str, str]()
        self.code = 0

    def tell(self, outcome: Outcome) -> None:
        """Tell one outcome."""
        if outcome.synced is not None:
            self._tell_synced(outcome.synced)
        elif outcome.error is not None:
            self._tell_error(outcome.district, outcome.error)

    def tell_news(self, outcome: Outcome) -> None:
        """Tell one outcome, if it is another than the one before: nobody reads a line every ten seconds."""
        said = "" if outcome.error is None else str(outcome.error)
        before = self._last.get(outcome.district)
        self._last[outcome.district] = said
        news = outcome.synced is not None and (outcome.synced.altered or outcome.synced.how == "read")
        if said != before or news:
            self.tell(outcome)

    def tell_verified(self, found: Verified) -> None:
        """Tell what a comparison found."""
        deciding = [one for one in found.differences if one.decides]
        self.code = max(self.code, 1 if found.differences or found.more else 0)
        if self._form is Format.json:
            rows = [{name: getattr(one, name) for name in one.__struct_fields__} for one in found.differences]
            data: dict[str, object] = {"schema": 1, "district": found.district, "outcome": "verified"}
            data |= {"compared": found.compared, "change": found.change, "differences": rows}
            _out(data | {"more": found.more, "reports": found.reports})
            return
        head = f"district {found.district}: {found.compared:,} records compared with Clever"
        if not found.differences:
            typer.echo(f"{head}: the store says the same")
        else:
            number = len(found.differences) + found.more
            typer.echo(f"{head}: {number:,} differ, {len(deciding):,} of them so that decisions can be others")
        for one in found.differences:
            fields = f" ({', '.join(one.fields)})" if one.fields else ""
            said = {"missing": "is in Clever, not in the store", "gone": "is in the store, not in Clever"}.get(one.what)
            typer.echo(shown(f"  {one.kind} {one.id} {said or 'is different'}{fields}"))
        if found.more:
            typer.echo(f"  … and {found.more:,} more that were not looked at one by one")
        if found.differences:
            typer.echo("`rolecall sync --full` reads the district anew.")
        _reports(found.reports)

    def _tell_synced(self, synced: Synced) -> None:
        feed = synced.feed
        if self._form is Format.json:
            data: dict[str, object] = {"schema": 1, "district": synced.district, "outcome": synced.how}
            data |= {"why": synced.why or None}
            data |= {"altered": synced.altered, "change": synced.change, **_standing(feed)}
            _out(data | {"reports": synced.reports})
            return
        number = f"{synced.altered:,} record{'' if synced.altered == 1 else 's'}"
        if synced.how == "read":
            said = f"read in full, because {synced.why}: {number} new, changed or gone"
        else:
            said = f"{number} changed" if synced.altered else "nothing new"
        typer.echo(shown(f"district {synced.district}: {said}; {_complete(feed.as_of)}"))
        if feed.why:
            typer.echo(shown(f"  {feed.why}. {_LATER}"))
        if not feed.last_event:
            typer.echo(
                "  No event ever came for this district, so that only a full read tells what has changed. "
                "Are events switched on in Clever's dashboard?"
            )
        _reports(synced.reports)

    def _tell_error(self, district: str, error: Exception) -> None:
        from rolecall.errors import FactsError  # noqa: PLC0415 - keeps --help quick
        from rolecall.facts.store import AnotherSync, BadEvent, BadRecord, MassChange  # noqa: PLC0415
        from rolecall.live import CleverError, TokenRefused  # noqa: PLC0415

        if not isinstance(error, FactsError):
            _err(f"district {district}: this is a fault of rolecall's own, please report it:")
            traceback.print_exception(error)
            return
        held = isinstance(error, MassChange)
        self.code = 4 if not held or self.code == 4 else 1  # noqa: PLR2004 - the exit code
        names = {MassChange: "held", BadEvent: "stopped", BadRecord: "stopped", AnotherSync: "busy"}
        name = next((name for kind, name in names.items() if isinstance(error, kind)), "failed")
        if self._form is Format.json:
            feed = self._store.feed(district) if district else None
            standing = _standing(feed) if feed else {}
            _out({"schema": 1, "district": district or None, "outcome": name, "error": str(error), **standing})
            return
        said = [str(error)]
        if isinstance(error, CleverError):
            kept = (
                "" if isinstance(error, TokenRefused) else "What was read so far is kept; run `rolecall sync` again. "
            )
            said.append(f"  {kept}{_LATER}")
        for line in said:
            _err(line)


def _standing(feed: Any) -> dict[str, object]:  # noqa: ANN401 - a FeedState, which is not imported for --help
    """Give how a feed stands, for a program."""
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick

    as_of = None if feed.as_of is None else render_instant(feed.as_of)
    return {"state": feed.state, "as_of": as_of, "last_event": feed.last_event or None, "note": feed.why or None}


def _complete(as_of: int | None) -> str:
    from rolecall.instants import say_instant  # noqa: PLC0415 - keeps --help quick

    return "nobody knows as of when it is complete" if as_of is None else f"complete as of {say_instant(as_of)}"


def _reports(reports: tuple[str, ...]) -> None:
    """Say what was left out, as far as it has room."""
    for report in reports[:_MOST]:
        _err(f"note: {report}")
    if len(reports) > _MOST:
        _err(f"note: … and {len(reports) - _MOST} more records like these")


def _out(data: dict[str, object]) -> None:
    typer.echo(json.dumps(data))


def _err(text: str) -> None:
    typer.echo(shown(text), err=True)
