"""Can Clever be asked: the network, the clock, the tokens, each district and its events?"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime
from time import perf_counter_ns
from typing import Final
from urllib.parse import urlsplit

from rolecall.diagnosis.results import Answered, Examination, Result, Setup, failed, ok, warning
from rolecall.instants import SECOND, nanoseconds, say_span

_TIMEOUT: Final = 5.0
_SLOW: Final = 2 * SECOND
_DRIFT: Final = 30 * SECOND
_SKEW: Final = 5 * 60 * SECOND
_AT_ONCE: Final = 8
"""So many districts are looked at together: each has connections and a budget of its own."""

_SET: Final = (
    "set ROLECALL_CLEVER_TOKEN (one district's token), ROLECALL_CLEVER_TOKENS (a JSON file of tokens by district), or "
    "CLEVER_CLIENT_ID with CLEVER_CLIENT_SECRET; Clever's dashboard shows all of these"
)


def tokens(examination: Examination) -> Iterator[Result]:
    """Look what the environment says of tokens."""
    setup = examination.setup
    if setup.trouble:
        yield failed("tokens", setup.trouble, "mend it, or " + _SET)
    elif not setup.tokens:
        says = "there is no token for Clever in the environment"
        if examination.feeds or setup.missing:
            yield warning("tokens", f"{says}: the store's facts can be read here, not renewed", _SET)
        else:
            yield failed("tokens", f"{says}, and no store with facts: there is nothing to decide on", _SET)
    else:
        yield ok("tokens", f"there are tokens, in {setup.tokens}")
    yield from (warning("tokens", says, fix) for says, fix in setup.advice)


def network(examination: Examination) -> Iterator[Result]:
    """Ask Clever without a token, which it refuses: the network, the name, the certificate, and who answers."""
    setup = examination.setup
    if setup.clever is None:
        return
    host = urlsplit(setup.base_url).hostname or setup.base_url
    answer = _ask(setup)
    if isinstance(answer, str):
        fix = "see to the network, the proxy (HTTPS_PROXY, NO_PROXY) and the firewall of this machine"
        yield failed("network", f"Clever ({host}) cannot be asked: {answer}", fix)
        return
    examination.answered = answer
    took = f"{answer.took // 1_000_000:,} ms"
    if answer.page:
        says = f"a web page comes from {host} in place of Clever's API ({answer.status})"
        yield failed("network", says, "a proxy or a log-in page stands between: let this host through, or see the URL")
    elif answer.status >= 500:  # noqa: PLR2004 - whatever is theirs
        yield warning(
            "network", f"Clever ({host}) answers {answer.status}: it has trouble of its own", "try again later"
        )
    elif answer.took > _SLOW:
        yield warning("network", f"Clever ({host}) answers, but only after {took}", "see to the network")
    else:
        yield ok("network", f"Clever ({host}) answers in {took}")


def _ask(setup: Setup) -> Answered | str:
    """Ask for a list, without a token; give what came back, or why nothing did."""
    import httpx  # noqa: PLC0415 - the extra may not be there

    from rolecall.facts.clever.base import read_base  # noqa: PLC0415
    from rolecall.facts.clever.transport import why  # noqa: PLC0415

    base = read_base(setup.base_url, "/v3.0")
    began = perf_counter_ns()
    try:
        with (
            httpx.Client(transport=setup.transport, timeout=_TIMEOUT) as client,
            client.stream("GET", base.url(base.link("districts", {})), headers={"Accept": "application/json"}) as got,
        ):
            start = next(got.iter_bytes(1024), b"").lstrip()[:1]
            at, took = setup.now(), perf_counter_ns() - began
            date = None
            with suppress(ValueError, TypeError):
                date = nanoseconds(parsedate_to_datetime(got.headers["date"])) if "date" in got.headers else None
            return Answered(got.status_code, took, date, at, start == b"<")
    except httpx.HTTPError as error:
        return why(error)


def clock(examination: Examination) -> Iterator[Result]:
    """Compare this machine's clock with Clever's, which comes with its answers."""
    answer = examination.answered
    if answer is None or answer.date is None or answer.page:
        return
    # Clever's clock is told in whole seconds, as it was some time while the answer was on its way.
    off = answer.at - answer.date
    drift = max(off - SECOND - answer.took, 0) if off > 0 else -off
    if drift <= _DRIFT:
        yield ok("clock", "this machine's clock agrees with Clever's")
        return
    says = f"this machine's clock is {say_span(drift)} {'ahead of' if off > 0 else 'behind'} Clever's"
    fix = "set it (NTP): terms, assignments and the age of facts go by it"
    yield failed("clock", says, fix) if drift > _SKEW else warning("clock", says, fix)


def token(examination: Examination) -> Iterator[Result]:
    """Look at every district that there is a token for, and compare them with those in the store."""
    setup = examination.setup
    clever = setup.clever
    if clever is None:
        return
    from rolecall.calls import run  # noqa: PLC0415
    from rolecall.diagnosis.of_district import Visit, why_refused  # noqa: PLC0415 - the extra may not be there
    from rolecall.facts.clever import CleverError  # noqa: PLC0415

    try:
        found = run(clever.districts())
    except CleverError as error:
        yield why_refused(setup, error)
        return
    chosen = [one for one in found if not setup.only or one in setup.only]
    for missing in (one for one in setup.only if one not in found):
        yield failed("token", "there is no token for this district", _SET, missing)
    if not found:
        yield failed("token", "Clever lists no district for this application", "connect one in Clever's dashboard")
    visits = [Visit(examination, clever, one) for one in chosen]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="doctor") as pool:
        for results in pool.map(Visit.results, visits):
            yield from results
    if examination.opened is not None:
        for unread in (one for one in chosen if one not in examination.feeds):
            yield warning(
                "facts", "there is a token, but the store does not hold the district", "`rolecall sync`", unread
            )
        for orphan in (one for one in examination.feeds if one not in found):
            says = "the store holds the district, but there is no token for it: its facts grow old"
            left = f"`rolecall sync --forget {orphan}` where it has left for good; else {_SET}"
            yield warning("token", says, left, orphan)


def budget(examination: Examination) -> Iterator[Result]:
    """Say how many requests this took, and where Clever took none."""
    setup = examination.setup
    clever = setup.clever
    if clever is None:
        return
    for district, until in sorted(examination.busy.items()):
        wait = say_span(int(until * SECOND) - setup.now())
        says = f"Clever takes no request for the next {wait}: it allows 1,200 a minute for each token"
        yield failed("budget", says, "see what else asks with this token, and how often", district)
    if not examination.busy:
        count = clever.requests + (setup.personal.requests if setup.personal is not None else 0) + 1
        yield ok("budget", f"this took {count} requests; Clever allows 1,200 a minute for each token")
