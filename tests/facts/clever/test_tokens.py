"""Tokens: which districts, which token, asked anew when refused; and never printed."""

import asyncio
import copy
import json
import pickle
import threading
from base64 import b64encode
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from facts.clever.peer import OLD, TOKEN, Hands, Peer, answer, ask, client, everything_logged, page
from rolecall.calls import Call, run, run_async
from rolecall.facts.clever import (
    Clever,
    CleverError,
    ClientTokens,
    OneToken,
    StaticTokens,
    Token,
    TokenRefused,
    Tokens,
    Unavailable,
)

MODES = ["sync", "async"]
SECRET = "s3cr3t" * 6


def entry(district, token, created="2026-01-01T00:00:00.000Z", kind="district"):
    return {
        "id": f"{district}-{created}-{token}",
        "created": created,
        "owner": {"type": kind, "id": district},
        "access_token": token,
        "scopes": ["read:sis"],
    }


class World(Peer):
    """A Clever with one user in each district, that lists the tokens it takes."""

    def __init__(self, valid, listed=None, own="d1"):
        super().__init__(self.look)
        self.valid, self.listed, self.own = set(valid), listed, own
        self.shown = 0

    def look(self, request):
        if request.url.path == "/oauth/tokens":
            self.shown += 1
            assert request.url.host == "clever.com"
            assert request.headers["authorization"] == "Basic " + b64encode(f"client:{SECRET}".encode()).decode()
            return httpx.Response(200, content=json.dumps({"data": self.listed, "links": []}))
        assert request.url.host == "api.clever.com"
        if request.headers["authorization"] not in {f"Bearer {token}" for token in self.valid}:
            return httpx.Response(401)
        if request.url.path == "/v3.0/districts":
            self.shown += 1
            return page({"id": self.own})(request)
        return httpx.Response(200, content=b'{"data":{"id":"u1"}}')


def listed(valid, *entries, **settings):
    world = World(valid, list(entries))
    hands = Hands()
    clever = Clever(ClientTokens("client", SECRET), transport=world, clock=hands.clock(), **settings)
    clever.peer, clever.hands = world, hands
    return clever


@pytest.mark.parametrize("text", ["", "  ", "two words", "line\nbreak", "tab\there", "ü" * 20, None, 7, b"x"])
def test_what_can_be_no_token(text):
    """It is refused where it is given, by an error that does not hold it."""
    for make in (lambda: StaticTokens({"d1": text}), lambda: OneToken(text), lambda: Token(text)):
        with pytest.raises(ValueError, match="a token must be visible ASCII") as caught:
            make()
        assert str(text) not in str(caught.value) or text in ("", "  ", 7)


def test_space_around_a_token_is_no_part_of_it():
    """A file ends in a line break."""
    assert Token(f" {TOKEN}\n") == Token(TOKEN)
    assert Token(TOKEN) != Token(OLD)
    assert len({Token(TOKEN), Token(f"{TOKEN}\n"), Token(OLD)}) == 2


def test_a_token_is_neither_printed_nor_written():
    """No way to show it but the header."""
    token = Token(TOKEN)
    assert TOKEN not in f"{token} {token!r} {[token]}"
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not to be written"):
            write(token)
    for tokens in (StaticTokens({"d1": TOKEN}), OneToken(TOKEN), ClientTokens("client", SECRET)):
        assert isinstance(tokens, Tokens)
        assert not {TOKEN, SECRET} & set(repr(tokens).replace("(", " ").split())
        assert TOKEN not in repr(vars(tokens))
        assert SECRET not in repr(vars(tokens))


def test_tokens_that_are_replaced_are_replaced_whole():
    """One that can be none leaves what there was."""
    tokens = StaticTokens({"d1": OLD, "d2": OLD})
    with pytest.raises(ValueError, match="district `d3`"):
        tokens.replace({"d1": TOKEN, "d3": ""})
    clever = client(page(), tokens=tokens)
    assert run(clever.districts()) == ("d1", "d2")
    tokens.replace({"d3": TOKEN})
    assert run(clever.districts()) == ("d3",)


@pytest.mark.parametrize("mode", MODES)
def test_one_token_learns_its_district(mode):
    """It asks once, and answers for that district alone."""
    world = World([TOKEN])
    clever = Clever(OneToken(TOKEN), transport=world)
    assert ask(mode, clever.one("d1", "users/u1")) == {"id": "u1"}
    assert ask(mode, clever.districts()) == ("d1",)
    with pytest.raises(TokenRefused, match="district `d2`: the token is that of district `d1`"):
        ask(mode, clever.one("d2", "users/u1"))
    assert world.paths == ["/v3.0/districts", "/v3.0/users/u1"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "pages", [page(), page({"id": "d1"}, {"id": "d2"}), page({"id": 7}), page({"id": ""}), answer(404)]
)
def test_one_token_whose_district_is_doubtful(pages, mode):
    """No district, or several: nothing is guessed."""
    with pytest.raises(Unavailable):
        ask(mode, client(pages, tokens=OneToken(TOKEN)).one("d1", "users/u1"))


@pytest.mark.parametrize("mode", MODES)
def test_one_token_that_is_refused(mode):
    """The error says so."""
    clever = client(answer(401), tokens=OneToken(TOKEN))
    with pytest.raises(TokenRefused, match=r"^Clever refuses the token \(401\)"):
        ask(mode, clever.districts())


@pytest.mark.parametrize("mode", MODES)
def test_tokens_are_listed_once(mode):
    """The newest of each district counts; what is no district's token does not."""
    clever = listed(
        [TOKEN],
        entry("d1", TOKEN, "2026-02-01"),
        entry("d1", OLD, "2026-01-01"),
        entry("d2", TOKEN),
        entry("s1", OLD, kind="school"),
        {"id": "x"},
        entry("d3", "no token"),
        entry("", OLD),
        entry("d4", None),
    )
    with everything_logged() as log:
        assert ask(mode, clever.districts()) == ("d1", "d2")
        assert ask(mode, clever.one("d1", "users/u1")) == {"id": "u1"}
        assert ask(mode, clever.one("d2", "users/u1")) == {"id": "u1"}
        with pytest.raises(TokenRefused, match="district `d3`: there is no token"):
            ask(mode, clever.one("d3", "users/u1"))
    assert clever.peer.shown == 1
    assert not [secret for secret in (TOKEN, OLD, SECRET) if secret in log.getvalue()]


@pytest.mark.parametrize("mode", MODES)
def test_tokens_are_listed_anew_when_one_is_refused(mode):
    """It has rotated: the new one is found, and used from then on."""
    clever = listed([OLD], entry("d1", OLD))
    assert ask(mode, clever.one("d1", "users/u1")) == {"id": "u1"}
    clever.peer.valid, clever.peer.listed = {TOKEN}, [entry("d1", TOKEN)]
    clever.hands.ticks += 60
    for _ in range(3):
        assert ask(mode, clever.one("d1", "users/u1")) == {"id": "u1"}
    assert clever.peer.shown == 2
    assert clever.peer.tokens.count(f"Bearer {OLD}") == 2


@pytest.mark.parametrize("mode", MODES)
def test_tokens_that_are_no_use_are_not_listed_over_and_over(mode):
    """A token that stays refused, a district that is unknown: asked for again only after a while."""
    clever = listed([], entry("d1", OLD))
    for _ in range(5):
        for district in ("d1", "d9"):
            with pytest.raises(TokenRefused):
                ask(mode, clever.one(district, "users/u1"))
    assert clever.peer.shown == 1
    clever.hands.ticks += 11
    clever.peer.valid, clever.peer.listed = {TOKEN}, [entry("d9", TOKEN)]
    assert ask(mode, clever.one("d9", "users/u1")) == {"id": "u1"}
    assert clever.peer.shown == 2


@pytest.mark.parametrize("mode", MODES)
def test_new_districts_are_found_in_time(mode):
    """After an hour the districts are listed anew."""
    clever = listed([], entry("d1", OLD))
    assert ask(mode, clever.districts()) == ("d1",)
    clever.peer.listed = [entry("d1", OLD), entry("d2", OLD)]
    clever.hands.ticks += 3500
    assert ask(mode, clever.districts()) == ("d1",)
    clever.hands.ticks += 200
    assert ask(mode, clever.districts()) == ("d1", "d2")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer(401), TokenRefused),
        (answer(403), TokenRefused),
        (answer(404), Unavailable),
        (answer(500), Unavailable),
        (answer(200, b"<html>"), Unavailable),
        (answer(200, {"data": [entry("d1", TOKEN)]}), Unavailable),
        (answer(200, {"data": [entry("d1", TOKEN), None], "links": []}), Unavailable),
        (answer(302, b"", {"location": "https://evil.example"}), Unavailable),
        (answer(200, {"data": [entry("d1", TOKEN)], "links": [{"rel": "next", "uri": "/v3.0/users"}]}), Unavailable),
        (
            answer(200, {"data": [entry("d1", TOKEN)], "links": [{"rel": "next", "uri": "/oauth/tokens?x=1"}]}),
            Unavailable,
        ),
    ],
)
def test_a_list_of_tokens_that_cannot_be_had(fault, error, mode):
    """There is no token then, and the error holds none, nor the secret."""
    clever = client(fault, hands=Hands(), tokens=ClientTokens("client", SECRET))
    with everything_logged() as log, pytest.raises(error) as caught:
        ask(mode, clever.one("d1", "users/u1"))
    assert caught.value.district == "d1"
    assert not [
        one for one in (TOKEN, SECRET, b64encode(SECRET.encode()).decode()) if one in log.getvalue() + str(caught.value)
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_list_of_tokens_with_pages(mode):
    """Every page is read."""
    first = {"data": [entry("d1", OLD)], "links": [{"rel": "next", "uri": "/oauth/tokens?owner_type=district&x=2"}]}
    second = {"data": [entry("d2", OLD)], "links": []}
    clever = client(answer(200, first), answer(200, second), tokens=ClientTokens("client", SECRET))
    assert ask(mode, clever.districts()) == ("d1", "d2")


def test_a_client_needs_both():
    """An empty secret is a set-up that forgot it."""
    for both in (("", SECRET), ("client", " ")):
        with pytest.raises(ValueError, match="a client id and its secret are needed"):
            ClientTokens(*both)
    with pytest.raises(ValueError, match="https"):
        ClientTokens("client", SECRET, url="http://clever.com/oauth/tokens")


def crowd(clever, seconds=5):
    """Twenty threads and a hundred tasks who all want the same; what each got."""
    got = []

    def one():
        try:
            got.append(run(clever.one("d1", "users/u1")))
        except CleverError as error:
            got.append(error)

    async def aone():
        try:
            got.append(await run_async(clever.one("d1", "users/u1")))
        except CleverError as error:
            got.append(error)

    async def main():
        threads = [threading.Thread(target=one) for _ in range(20)]
        for thread in threads:
            thread.start()
        await asyncio.wait_for(asyncio.gather(*(aone() for _ in range(100))), seconds)
        for thread in threads:
            await asyncio.to_thread(thread.join, seconds)
        await clever.aclose()

    asyncio.run(main())
    return got


@pytest.mark.parametrize("tokens", [lambda: OneToken(TOKEN), lambda: ClientTokens("client", SECRET)])
def test_a_crowd_asks_once(tokens):
    """However many want the first token, one request finds it."""
    world = World([TOKEN], [entry("d1", TOKEN)])
    clever = Clever(tokens(), transport=world)
    assert crowd(clever) == [{"id": "u1"}] * 120
    assert world.shown == 1


def test_a_crowd_that_is_refused_asks_once():
    """A token rotates under load: a listing or two, not one for each."""
    world = World([OLD], [entry("d1", OLD)])
    clever = Clever(ClientTokens("client", SECRET), transport=world, patience=timedelta(seconds=5))
    clever._tokens._listed = 0
    run(clever.one("d1", "users/u1"))
    clever._tokens._listed -= 100
    world.valid, world.listed = {TOKEN}, [entry("d1", TOKEN)]
    assert crowd(clever) == [{"id": "u1"}] * 120
    assert world.shown <= 3


def test_a_crowd_shares_a_failure():
    """A listing that fails is not repeated by each who waited for it."""
    asked = []

    def fails(_):
        asked.append(1)
        return httpx.Response(404)

    got = crowd(client(fails, tokens=ClientTokens("client", SECRET)))
    assert {type(one) for one in got} == {Unavailable}
    assert len({id(one) for one in got}) == 120
    assert len(asked) < 60


def test_whoever_waits_goes_on_when_the_one_who_asks_is_cancelled():
    """One request less is no reason for the others to fail."""
    began = []

    async def look(request):
        if request.url.path != "/v3.0/districts":
            return httpx.Response(200, content=b'{"data":{"id":"u1"}}')
        began.append(1)
        await asyncio.sleep(0.05)
        return page({"id": "d1"})(request)

    async def main():
        clever = client(look, tokens=OneToken(TOKEN))
        first = asyncio.ensure_future(run_async(clever.one("d1", "users/u1")))
        await asyncio.sleep(0.01)
        others = [asyncio.ensure_future(run_async(clever.one("d1", "users/u1"))) for _ in range(10)]
        await asyncio.sleep(0.01)
        first.cancel()
        assert await asyncio.gather(*others) == [{"id": "u1"}] * 10
        await clever.aclose()

    asyncio.run(main())
    assert len(began) == 2


def test_whoever_waits_too_long_gives_up():
    """Nobody hangs on another's asking for ever."""
    began, hold = threading.Event(), threading.Event()

    def look(_):
        began.set()
        hold.wait(10)
        return httpx.Response(404)

    clever = client(look, tokens=OneToken(TOKEN))
    clever._tokens._single._flights._patience = 0.05

    def wait():
        with suppress(CleverError):
            run(clever.districts())

    first = threading.Thread(target=wait)
    first.start()
    began.wait(10)
    for mode in MODES:
        with pytest.raises(Unavailable, match="the list of districts did not answer in time"):
            ask(mode, clever.districts())
    hold.set()
    first.join()


@pytest.mark.parametrize("mode", MODES)
def test_a_port_of_ones_own(mode):
    """An application that keeps its tokens elsewhere writes two generators."""

    class Vault:
        def districts(self, _asking):
            yield from ()
            return ("d1",)

        def token(self, district, _refused, _asking):
            text = yield Call("the vault", {"d1": TOKEN}.get, district)
            return Token(text)

    clever = client(page({"id": "u1"}), tokens=Vault())
    assert ask(mode, clever.listed("d1", "users")) == [{"id": "u1"}]
    assert clever.peer.tokens == [f"Bearer {TOKEN}"]
