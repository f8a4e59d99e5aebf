"""Every fault on every kind of question, sync and async: the right answer, or none, and never a token anywhere."""

import traceback

import httpx
import pytest
from facts.clever.peer import (
    DISTRICT,
    OLD,
    TOKEN,
    Hands,
    answer,
    ask,
    client,
    everything_logged,
    fails,
    packed,
    page,
    raw,
    record,
)
from rolecall import FactsError
from rolecall.facts.clever import CleverError, NotShared, StaticTokens, TokenRefused, Unavailable

QUESTIONS = {
    "one": lambda clever: clever.one(DISTRICT, "users/u1"),
    "listed": lambda clever: clever.listed(DISTRICT, "users"),
    "page": lambda clever: clever.page(DISTRICT, "users"),
    "events": lambda clever: clever.events(DISTRICT, "e1", 10),
}
GOOD = {
    "one": record(id="u1"),
    "listed": page({"id": "u1"}),
    "page": page({"id": "u1"}),
    "events": page({"id": "e2", "type": "users.updated"}),
}
SOME = {"data": [{"data": {"id": "u1"}}], "links": []}

# What passes: gone with the next try.
PASSING = {
    "429": answer(429, b"slow down"),
    "500": answer(500, {"message": "oops"}),
    "501": answer(501),
    "502": answer(502, b"<html><h1>Bad Gateway</h1></html>"),
    "503": answer(503, b"<html>"),
    "504": answer(504),
    "no connection": fails(httpx.ConnectError),
    "no connection in time": fails(httpx.ConnectTimeout),
    "no answer in time": fails(httpx.ReadTimeout),
    "cut": fails(httpx.ReadError),
    "cut in mid body": fails(httpx.RemoteProtocolError),
    "shorter than announced": raw([b'{"data":[],"links":[]}'], {"content-length": "500"}),
    "longer than announced": raw([b'{"data":[],"links":[]}'], {"content-length": "5"}),
    "packed and cut": raw([packed(SOME)[:-9]], {"content-encoding": "gzip"}),
}

# What stays: another try would not help.
LASTING = {
    "web page": answer(200, b"<!doctype html><html><body>Log in</body></html>"),
    "broken": answer(200, b'{"data": [{"data": {"id": "u1"}}'),
    "empty": answer(200, b""),
    "not UTF-8": answer(200, b'{"data": "\xff"}'),
    "twice": answer(200, b'{"data": {"id": "u1"}, "data": [], "links": []}'),
    "NaN": answer(200, b'{"data": NaN, "links": []}'),
    "deep": answer(200, b"[" * 100_000),
    "null": answer(200, b"null"),
    "a text": answer(200, b'"data"'),
    "a list": answer(200, b"[]"),
    "a message": answer(200, {"message": "not now"}),
    "data null": answer(200, {"data": None, "links": []}),
    "data a text": answer(200, {"data": "u1", "links": []}),
    "204": answer(204),
    "206": answer(206, SOME),
    "301": answer(301, b"", {"location": "https://evil.example/v3.0/users"}),
    "302": answer(302, b"", {"location": "/v3.0/users"}),
    "304": answer(304),
    "402": answer(402),
    "405": answer(405),
    "422": answer(422, {"message": "no"}),
    "too large": raw([b"x" * 1000] * 3000, {}),
    "announced too large": raw([b""], {"content-length": "99999999"}),
    "a bomb": raw([packed("x" * 20_000_000)], {"content-encoding": "gzip"}),
    "packed wrongly": raw([b"no gzip at all"], {"content-encoding": "gzip"}),
    "packed otherwise": raw([b"?"], {"content-encoding": "br"}),
    "packed twice": raw([packed(SOME)], {"content-encoding": "gzip, gzip"}),
    "goes on": raw([packed(SOME) + b"more"], {"content-encoding": "gzip"}),
    "an error nobody thought of": lambda _: RuntimeError(f"Bearer {TOKEN}"),
    "a header that quotes it": lambda _: httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"),
}

# Of lists alone.
LISTS = {
    "one record": answer(200, {"data": {"id": "u1"}, "links": []}),
    "no data": answer(200, {"links": []}),
    "no links": answer(200, {"data": []}),
    "links null": answer(200, {"data": [], "links": None}),
    "links an object": answer(200, {"data": [], "links": {"next": "/v3.0/users"}}),
    "a link null": answer(200, {"data": [], "links": [None]}),
    "a link without rel": answer(200, {"data": [], "links": [{"uri": "/v3.0/users"}]}),
    "an entry null": answer(200, {"data": [{"data": {"id": "u1"}}, None], "links": []}),
    "an entry bare": answer(200, {"data": [{"id": "u1"}], "links": []}),
    "an entry's data null": answer(200, {"data": [{"data": None}], "links": []}),
    "two next": answer(
        200, {"data": [], "links": [{"rel": "next", "uri": "/v3.0/a"}, {"rel": "next", "uri": "/v3.0/b"}]}
    ),
    "next null": answer(200, {"data": [], "links": [{"rel": "next", "uri": None}]}),
    "next nothing": answer(200, {"data": [], "links": [{"rel": "next"}]}),
}
ELSEWHERE = [
    "https://evil.example/v3.0/users",
    "https://api.clever.com/v3.0/users",
    "//evil.example/v3.0/users",
    "/\\evil.example/v3.0/users",
    "/v3.0/../oauth/tokens",
    "/v3.0/%2e%2e/oauth/tokens",
    "/v3.0/users/%2E%2E/%2e%2e/x",
    "/v3.0//evil.example",
    "/v3.01/users",
    "/v2.1/users",
    "/",
    "",
    "users?starting_after=u1",
    "/v3.0/users#x",
    "/v3.0/users\r\nX: y",
    "/v3.0/us ers",
    "/v3.0/üsers",
    "/v3.0/users?" + "x" * 5000,
    f"/v3.0/users?access_token={TOKEN}",
    7,
]
SINGLE = {
    "a page": answer(200, {"data": [{"data": {"id": "u1"}}], "links": []}),
    "no data": answer(200, {"links": []}),
    "another": answer(200, {"data": {"id": "u2"}}),
}

MODES = ["sync", "async"]
CASES = [
    *((question, name, fault) for question in QUESTIONS for name, fault in {**PASSING, **LASTING}.items()),
    *((question, name, fault) for question in ("listed", "page", "events") for name, fault in LISTS.items()),
    *(("one", name, fault) for name, fault in SINGLE.items()),
]


def told(mode, clever, question):
    """The error, which is a plain sentence without its context."""
    with pytest.raises(CleverError) as caught:
        ask(mode, QUESTIONS[question](clever))
    return caught.value


@pytest.fixture
def silent():
    """Every logger says all it can, and none says the token; nor does an error, or its traceback."""
    errors = []
    with everything_logged() as log:
        yield errors
    shown = [log.getvalue()]
    assert "https://api.clever.com/v3.0/" in shown[0]
    for error in errors:
        shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
    for text in shown:
        assert TOKEN not in text
        assert OLD not in text


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("question", "fault"), [(q, f) for q, _, f in CASES], ids=[f"{q}-{n}" for q, n, _ in CASES])
def test_a_fault_that_stays_is_unavailable(question, fault, mode, silent):
    """There is no answer, within the patience, and neither a log nor the error holds the token."""
    hands = Hands()
    clever = client(fault, hands=hands, max_body=2_000_000)
    error = told(mode, clever, question)
    silent.append(error)
    assert isinstance(error, Unavailable)
    assert isinstance(error, FactsError)
    assert error.district == DISTRICT
    assert str(error).startswith("district `d1`: Clever")
    assert error.__cause__ is None
    assert hands.ticks <= 5
    assert {request.url.host for request in clever.peer.requests} == {"api.clever.com"}
    assert clever.requests == len(clever.peer.requests)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_tried_again(question, name, mode, silent):
    """Twice in vain, and then the answer."""
    hands = Hands()
    clever = client(PASSING[name], PASSING[name], GOOD[question], hands=hands)
    found = ask(mode, QUESTIONS[question](clever))
    records = {"one": lambda: [found], "listed": lambda: found}.get(question, lambda: found.records)()
    assert [one["id"] for one in records] == ["e2" if question == "events" else "u1"]
    assert len(clever.peer.requests) == 3
    assert 0.25 <= hands.ticks <= 5
    assert not silent


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LASTING)
def test_a_fault_that_another_try_would_not_mend_is_not_tried_again(name, mode):
    """A page that is no JSON, a redirect, a bomb: asked for once."""
    clever = client(LASTING[name], hands=Hands(), max_body=2_000_000)
    told(mode, clever, "one")
    assert len(clever.peer.requests) == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_asked_for_anew_once(question, status, mode, silent):
    """With the same token there is no second try; the fault is the set-up's."""
    clever = client(answer(status, b"<html>who are you</html>"), hands=Hands())
    error = told(mode, clever, question)
    silent.append(error)
    assert isinstance(error, TokenRefused)
    assert len(clever.peer.requests) == 1
    assert f"({status} for" in str(error)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_token_that_rotated_is_used(question, mode, silent):
    """The newer token is tried, once, and its answer counts."""
    tokens = StaticTokens({DISTRICT: OLD})

    def refuse(_):
        tokens.replace({DISTRICT: TOKEN})
        return httpx.Response(401)

    clever = client(refuse, GOOD[question], hands=Hands(), tokens=tokens)
    assert ask(mode, QUESTIONS[question](clever)) is not None
    assert clever.peer.tokens == [f"Bearer {OLD}", f"Bearer {TOKEN}"]
    assert not silent


@pytest.mark.parametrize("mode", MODES)
def test_a_newer_token_that_is_refused_too_is_not_tried_for_ever(mode, silent):
    """Two requests, and no more."""
    tokens = StaticTokens({DISTRICT: OLD})

    def refuse(_):
        tokens.replace({DISTRICT: TOKEN})
        return httpx.Response(403)

    clever = client(refuse, hands=Hands(), tokens=tokens)
    silent.append(told(mode, clever, "one"))
    assert isinstance(silent[0], TokenRefused)
    assert len(clever.peer.requests) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_not_there_is_not_there(question, mode):
    """404 is None for a record and for a whole list; whoever pages, or follows events, is told."""
    clever = client(answer(404, b"<html>"), hands=Hands())
    if question in ("one", "listed"):
        assert ask(mode, QUESTIONS[question](clever)) is None
    else:
        assert isinstance(told(mode, clever, question), NotShared)
    assert len(clever.peer.requests) == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [400, 410, 413])
def test_other_refusals_of_a_question_are_no_answer(status, mode):
    """But for an event's id, 400, 410 and 413 say nothing that may be concluded from."""
    for question in ("one", "listed", "page"):
        assert isinstance(told(mode, client(answer(status), hands=Hands()), question), Unavailable)
    assert isinstance(told(mode, client(answer(status), hands=Hands()), "events"), NotShared)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("status", "error"), [(400, Unavailable), (404, NotShared), (410, NotShared), (413, Unavailable)]
)
def test_events_from_the_first_on(status, error, mode):
    """Without an id there is none to have expired: 404 then means that there are no events for this token."""
    with pytest.raises(error):
        ask(mode, client(answer(status), hands=Hands()).events(DISTRICT, None, 10))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("uri", ELSEWHERE)
def test_a_link_that_leads_elsewhere_is_not_followed(uri, mode, silent):
    """A whole list is no answer then, and the token goes nowhere."""
    clever = client(page({"id": "u1"}, following=uri), hands=Hands())
    silent.append(told(mode, clever, "listed"))
    assert isinstance(silent[0], Unavailable)
    assert len(clever.peer.requests) == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("uri", [uri for uri in ELSEWHERE if isinstance(uri, str) and uri.startswith("/")])
def test_a_link_that_was_kept_is_looked_at_again(uri, mode):
    """A link is checked whenever it is followed, wherever it was meanwhile."""
    clever = client(page(), hands=Hands())
    with pytest.raises(Unavailable):
        ask(mode, clever.page(DISTRICT, uri))
    assert not clever.peer.requests


@pytest.mark.parametrize("mode", MODES)
def test_half_a_list_is_no_list(mode):
    """The second page fails, in any way: there is no list, not a shorter one, and not none."""
    for fault in (answer(500), answer(404), answer(400), LASTING["broken"], fails(httpx.ReadError)):
        clever = client(page({"id": "u1"}, following="/v3.0/users?starting_after=u1"), fault, hands=Hands())
        assert isinstance(told(mode, clever, "listed"), Unavailable)


@pytest.mark.parametrize("mode", MODES)
def test_an_error_does_not_quote_the_answer(mode):
    """What Clever said may be about a child: no error repeats it."""
    for body in (
        b'{"secret-name": 1, "secret-name": 2}',
        b"<secret-name>",
        b"secret-name",
        {"data": {"id": "secret-name"}},
    ):
        error = told(mode, client(answer(200, body), hands=Hands()), "one")
        assert "secret-name" not in "".join(traceback.format_exception(error))
