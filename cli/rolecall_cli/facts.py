"""What `decide`, `explain` and `permissions` decide on: a snapshot, or a roster store, now or as it stood at a time."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING

import typer

from rolecall_cli.live import open_store
from rolecall_cli.options import note, origin_of, parse_time

if TYPE_CHECKING:
    from rolecall import Authorizer, Decision
    from rolecall.counterfactual import Counterfactuals
    from rolecall.facts.roster import Roster
    from rolecall.live import Store

_NAMED = 10  # so many reports, or districts, have room on a screen


def open_facts(
    context: typer.Context, policies: Path, snapshot: Path | None, store: str | None, at: str | None
) -> OpenFacts:
    """Open the policy, and the facts that are given, of which there must be exactly one."""
    chosen, moment = chosen_facts(context, snapshot, store), parse_time(at)
    if isinstance(chosen, Path):
        return OnSnapshot(policies, chosen, moment)
    opened = open_store(chosen)
    context.call_on_close(opened.close)
    return OnStore(policies, opened, moment)


def chosen_facts(context: typer.Context, snapshot: Path | None, store: str | None) -> Path | str:
    """Give the snapshot or the store; what is typed precedes the environment. Wrong usage where it is not clear."""
    typed = [name for name in ("snapshot", "store") if origin_of(context, name) == "COMMANDLINE"]
    if snapshot is not None and (store is None or typed == ["snapshot"]):
        return snapshot
    if store is not None and (snapshot is None or typed == ["store"]):
        return store
    if typed:
        said = "facts come from one place: give a snapshot or a roster store, not both"
    elif snapshot is not None:
        said = "ROLECALL_SNAPSHOT and ROLECALL_STORE are both set: unset one of them, or type the one that you mean"
    else:
        given = "give `--snapshot FILE` or `--store URL`, or set ROLECALL_SNAPSHOT or ROLECALL_STORE"
        said = f"there are no facts to decide on: {given}"
    raise typer.BadParameter(said, param_hint="--snapshot / --store")


class OpenFacts(ABC):
    """A policy in force over facts, `pdp`, and what a command wants to know of the facts besides."""

    pdp: Authorizer
    policies: Path

    def changes(self, decision: Decision) -> Counterfactuals:
        """Give what would change a decision, counted over the person's district."""
        from rolecall.counterfactual import counterfactuals  # noqa: PLC0415 - keeps --help quick
        from rolecall.loader import load_policy  # noqa: PLC0415

        _, roster = self.whole(decision.subject)
        return counterfactuals(decision, self.pdp.table, policy=load_policy(self.policies), roster=roster)

    def since(self, decision: Decision) -> tuple[str, ...]:  # noqa: ARG002 - a store's
        """Say when the answer last changed, and what changed it; nothing where the past is not kept."""
        return ()

    @abstractmethod
    def whole(self, user: str) -> tuple[Authorizer, Roster]:
        """Give a roster that holds all of the user's district, and the policy over it."""

    @abstractmethod
    def why_unknown(self, user: str) -> str:
        """Say what an id may be that is no user's; an empty text where nobody can tell."""

    @abstractmethod
    def raw(self, kind: str, ids: Iterable[str], districts: Iterable[str]) -> Iterator[Mapping[str, object]]:
        """Give Clever's records of a kind with these ids, as far as the facts hold them in these districts."""

    def tell_old(self) -> None:  # noqa: B027 - a snapshot's are never too old here
        """Say on standard error which facts are too old to decide on, and what can be done."""


class OnSnapshot(OpenFacts):
    """A policy over a snapshot. The clock stands at `--at`, else at the snapshot's `as_of`."""

    def __init__(self, policies: Path, snapshot: Path, moment: int | None) -> None:
        """Load both; what was left out of the snapshot is said on standard error."""
        from rolecall import Authorizer, Snapshot  # noqa: PLC0415 - keeps --help quick

        self.policies, self._file = policies, snapshot
        self._roster = Snapshot.load(snapshot)
        reports = self._roster.reports
        if moment is None:
            moment = self._roster.as_of
        if moment is None:
            note(f"the snapshot `{snapshot}` has no `as_of`: deciding as of now")
            moment = time_ns()
        for report in reports[:_NAMED]:
            note(report)
        if len(reports) > _NAMED:
            note(f"… and {len(reports) - _NAMED} more records like these")
        fixed = moment
        self.pdp = Authorizer.load(policies, facts=self._roster, max_stale=None, clock=lambda: fixed)

    def whole(self, user: str) -> tuple[Authorizer, Roster]:  # noqa: ARG002 - all of them are here
        """Give the snapshot."""
        return self.pdp, self._roster

    def raw(self, kind: str, ids: Iterable[str], districts: Iterable[str]) -> Iterator[Mapping[str, object]]:  # noqa: ARG002 - all are here
        """Read the file again: what a decision does not need is not kept."""
        from rolecall.facts.snapshot import raw_records  # noqa: PLC0415 - keeps --help quick

        wanted = set(ids)
        return (one for found, one in raw_records(self._file) if found == kind and one.get("id") in wanted)

    def why_unknown(self, user: str) -> str:
        """Say whether the id is somebody's from before API 3.0."""
        now = self._roster.successor(user)
        return f"it is the legacy id, from before Clever's API 3.0, of {now}" if now else ""


class OnStore(OpenFacts):
    """A policy over a roster store: now, or as it stood at `--at`; nothing is decided on facts that are too old."""

    def __init__(self, policies: Path, store: Store, moment: int | None) -> None:
        """Put the policy in force over the store."""
        self._store, self.policies = store, policies
        from rolecall import Authorizer  # noqa: PLC0415 - keeps --help quick
        from rolecall.authorizer import MAX_STALE  # noqa: PLC0415
        from rolecall.live import RosterStore  # noqa: PLC0415

        facts, self._moment, self._max_stale = RosterStore(self._store), moment, MAX_STALE
        if moment is None:
            self.pdp = Authorizer.load(policies, facts=facts)
            return
        self._see_known(moment)
        ahead = moment - time_ns()
        if ahead > 0:
            note("the time asked about lies ahead: this is what today's facts say of it, if none of them changes")
            self._max_stale += timedelta(microseconds=ahead // 1000)
        self.pdp = Authorizer.load(policies, facts=facts.at(moment), max_stale=self._max_stale, clock=lambda: moment)

    def _see_known(self, moment: int) -> None:
        """Raise `FactsError` for a time of which the store knows nothing."""
        from rolecall.errors import FactsError  # noqa: PLC0415 - keeps --help quick
        from rolecall.instants import render_after, render_instant  # noqa: PLC0415

        first = self._store.first_read()
        if first is None or moment < first.time_ns:
            known = f"its first full read was made at {render_after(first.time_ns)}" if first else "it is empty"
            raise FactsError(f"{self._store.source} knows nothing of {render_instant(moment)}: {known}")

    def whole(self, user: str) -> tuple[Authorizer, Roster]:
        """Read the user's district; of somebody who is not held, who or what they may have been mistaken for."""
        from rolecall import Authorizer  # noqa: PLC0415 - keeps --help quick

        from rolecall_cli.people import PLACES  # noqa: PLC0415 - as above

        change = self._change()
        alike = dict.fromkeys((user, user.strip().lower()))
        around = self._store.read(change, users=alike, places=[(kind, user) for kind in PLACES])
        if user not in around.users:
            return self.pdp, around.roster(None, self._store.source)
        moment, district = self._moment, around.users[user].district
        roster = self._store.roster(None if moment is None else change, district)
        if moment is not None:
            roster.as_of = self._store.confirmed_at(district, moment)
        clock = time_ns if moment is None else lambda: moment
        return Authorizer(self.pdp.table, facts=roster, max_stale=self._max_stale, clock=clock), roster

    def raw(self, kind: str, ids: Iterable[str], districts: Iterable[str]) -> Iterator[Mapping[str, object]]:
        """Read them from the store, as they stood at the time that is asked about."""
        change, wanted = self._change(), sorted(ids)
        for district in sorted(districts):
            for _, text in self._store.records(change, kind, district, wanted):
                yield json.loads(text)

    def _change(self) -> int:
        """Give the change of the store that is asked about."""
        found = None if self._moment is None else self._store.change_at(self._moment)
        return self._store.look(0).change if found is None else found

    def why_unknown(self, user: str) -> str:
        """Say whether the id is somebody's from before API 3.0, or a place's."""
        from rolecall_cli.people import why_unknown  # noqa: PLC0415 - keeps --help quick

        return why_unknown(self._store, user, self._change())

    def since(self, decision: Decision) -> tuple[str, ...]:
        """Read it off the store's past."""
        from rolecall.explain.since import since  # noqa: PLC0415 - keeps --help quick

        return since(decision, self.pdp.table, self._store)

    def tell_old(self) -> None:
        """Say which districts are too old, by how much, and how to bring them up to date or to ask about then."""
        found = list(self._old())
        for one in found[:_NAMED]:
            note(one)
        if len(found) > _NAMED:
            note(f"… and {len(found) - _NAMED} more districts like these")

    def _old(self) -> Iterator[str]:
        from rolecall.instants import SECOND, render_after, say_span  # noqa: PLC0415 - keeps --help quick

        now, limit = self._moment or time_ns(), int(self._max_stale.total_seconds()) * SECOND
        for district, feed in self._store.look(0).feeds.items():
            then = feed.as_of if self._moment is None else self._store.confirmed_at(district, self._moment)
            said = f"district `{district}`"
            mend = f"the feed is {feed.state}: {feed.why}" if feed.state in ("held", "stopped") else ""
            mend = mend or "`rolecall sync` brings them up to date, `rolecall doctor` says what is in the way"
            if then is None:
                yield f"{said}: nobody knows how old the facts are; {mend if self._moment is None else ''}"
            elif now - then > limit:
                old = f"{said}: the facts are {say_span(now - then)} old, and {say_span(limit)} are allowed"
                yield f"{old}; {mend}. `--at {render_after(then)}` asks what they said when they were complete last"
