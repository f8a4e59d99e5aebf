"""What the client asks, and what it makes of complete answers."""

import asyncio
from datetime import timedelta

import pytest
from facts.clever.peer import DISTRICT, TOKEN, Hands, answer, ask, client, page, raw, record
from rolecall.calls import run, run_async
from rolecall.facts.clever import Clever, NotShared, StaticTokens, TokenRefused, Trail, Unavailable
from rolecall.facts.clever.pages import Page

MODES = ["sync", "async"]
EVENT = {"id": "e3", "type": "users.updated"}


@pytest.mark.parametrize("mode", MODES)
def test_one_record(mode):
    """A record is what stands in `data`, as it is, also without an id."""
    for found in ({"id": "u1", "roles": {}}, {"roles": {}}, {"id": None}, {"id": 7}, {}):
        clever = client(record(**found))
        assert ask(mode, clever.one(DISTRICT, "users/u1")) == found
        assert clever.peer.paths == ["/v3.0/users/u1"]
        assert clever.peer.tokens == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("mode", MODES)
def test_a_record_of_a_record(mode):
    """`sections/ID/term` is a term, whose id is another."""
    clever = client(record(id="t1"))
    assert ask(mode, clever.one(DISTRICT, "sections/s1/term")) == {"id": "t1"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "path",
    [
        "users/",
        "users/../districts",
        "users/%2e%2e",
        "users/u 1",
        "users/u1?role=staff",
        "users/u1#x",
        "users//u1",
        "users/ü",
        "users/u\n",
        "users/" + "u" * 65,
        "/users/u1",
        "users/u1/sections/s1",
        "users/u1/Sections",
        "https://evil.example",
        "",
        ".",
    ],
)
def test_an_id_that_can_be_none_is_not_asked_for(path, mode):
    """Whatever is no path of ids is not found, without a request."""
    clever = client(record(id="u1"))
    assert ask(mode, clever.one(DISTRICT, path)) is None
    assert ask(mode, clever.listed(DISTRICT, path)) is None
    if not path.startswith("/"):
        with pytest.raises(NotShared):
            ask(mode, clever.page(DISTRICT, path))
    with pytest.raises(NotShared):
        ask(mode, clever.events(DISTRICT, path, 10))
    assert not clever.peer.requests


@pytest.mark.parametrize("mode", MODES)
def test_every_page_of_a_list(mode):
    """All pages, in order; the last ones may be empty; what stands there twice is there once, as it stood last."""
    clever = client(
        page({"id": "a", "n": 1}, {"id": "b"}, following="/v3.0/users?starting_after=b"),
        page({"id": "c"}, {"n": 2}, {"id": "a", "n": 3}, following="/v3.0/users?starting_after=c"),
        page(following="/v3.0/users?starting_after=c&page=3"),
        page(following="/v3.0/users?starting_after=c&page=4"),
        page(),
    )
    found = ask(mode, clever.listed(DISTRICT, "users", role="teacher"))
    assert found == [{"id": "a", "n": 3}, {"id": "b"}, {"id": "c"}, {"n": 2}]
    assert clever.peer.paths == [
        "/v3.0/users?limit=1000&role=teacher",
        *(f"/v3.0/users?starting_after={one}" for one in ("b", "c", "c&page=3", "c&page=4")),
    ]
    assert clever.requests == 5


@pytest.mark.parametrize("mode", MODES)
def test_records_without_an_id_stay(mode):
    """Nobody is merged with anybody for want of an id."""
    clever = client(page({"n": 1}, {"n": 1}, {"id": ""}, {"id": ""}, {"id": None}, {"id": 5}))
    assert len(ask(mode, clever.listed(DISTRICT, "users"))) == 6


@pytest.mark.parametrize("mode", MODES)
def test_lists_that_go_round_in_circles_end(mode):
    """A link that was followed, a page that was there, empty pages without end: no list."""
    there, here = "/v3.0/users?starting_after=b", "/v3.0/users?starting_after=a"
    endless = iter(range(10_000))

    def grows(make):
        def answers(request):
            return make(f"/v3.0/users?starting_after=x{next(endless)}")(request)

        return answers

    circles = [
        [page({"id": "a"}, following=here)],
        [page({"id": "a"}, following=there), page({"id": "b"}, following=here), page({"id": "c"}, following=there)],
        [page({"id": "a"}, following=there), page({"id": "b"}, following=here), page({"id": "a"})],
        [grows(lambda link: page({"id": "a"}, {"id": "b"}, following=link))],
        [grows(lambda link: page({"n": 1}, following=link))],
        [grows(lambda link: page(following=link.replace("starting_after", "page")))],
    ]
    for pages in circles:
        clever = client(*pages)
        with pytest.raises(Unavailable, match="cannot be followed"):
            ask(mode, clever.listed(DISTRICT, "users"))
        assert len(clever.peer.requests) <= 12


def test_a_trail_is_for_whoever_pages():
    """The same check, page by page."""
    trail = Trail("d1")
    trail.add(Page([{"id": "a"}], "/v3.0/users?starting_after=a"))
    with pytest.raises(Unavailable, match=r"district `d1`: .*the same page again"):
        trail.add(Page([{"id": "a"}], "/v3.0/users?starting_after=b"))


@pytest.mark.parametrize("mode", MODES)
def test_page_by_page(mode):
    """The next page is asked for with the link of the page before."""
    clever = client(page({"id": "a"}, following="/v3.0/users?starting_after=a&limit=2"), page({"id": "b"}), page=2)
    first = ask(mode, clever.page(DISTRICT, "users"))
    assert first == Page([{"id": "a"}], "/v3.0/users?starting_after=a&limit=2")
    assert ask(mode, clever.page(DISTRICT, first.next)) == Page([{"id": "b"}], None)
    assert clever.peer.paths == ["/v3.0/users?limit=2", "/v3.0/users?starting_after=a&limit=2"]


@pytest.mark.parametrize("mode", MODES)
def test_a_full_page_that_names_no_next_one_is_not_taken_for_the_last(mode):
    """A link that was lost loses nobody: the page after the last record is asked for, and shows whether it is."""
    clever = client(page({"id": "a"}, {"id": "b"}), page({"id": "c"}, {"id": "d"}), page(), page=2)
    assert [one["id"] for one in ask(mode, clever.listed(DISTRICT, "users", role="staff"))] == ["a", "b", "c", "d"]
    assert clever.peer.paths == [
        "/v3.0/users?limit=2&role=staff",
        "/v3.0/users?limit=2&role=staff&starting_after=b",
        "/v3.0/users?limit=2&role=staff&starting_after=d",
    ]
    first = ask(mode, client(page({**EVENT, "id": "e2"})).events(DISTRICT, "e1", 1))
    assert first.next == "/v3.0/events?limit=1&starting_after=e2"
    for last in ({"id": None}, {"id": "no id"}, {}):
        assert len(ask(mode, client(page({"id": "a"}, last), page=2).listed(DISTRICT, "users"))) == 2
    assert ask(mode, client(page({"id": "a"}), page=1).page(DISTRICT, "users", ending_before="b")).next is None


@pytest.mark.parametrize("mode", MODES)
def test_events(mode):
    """Events come as they are, in order; the limit is Clever's at most."""
    event = {"id": "e2", "type": "users.created", "data": {"object": {"id": "u1"}}}
    clever = client(page(event, EVENT, following="/v3.0/events?starting_after=e3"))
    found = ask(mode, clever.events(DISTRICT, "e1", 99_999))
    assert found.records == [event, EVENT]
    assert found.next == "/v3.0/events?starting_after=e3"
    ask(mode, clever.events(DISTRICT, None, 0))
    assert clever.peer.paths == ["/v3.0/events?limit=10000&starting_after=e1", "/v3.0/events?limit=1"]


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_page_is_the_end_or_a_gap(mode):
    """Nothing can come behind a page without records: what does shows that some were lost."""
    more = {"following": "/v3.0/events?page=2"}
    for questions in (lambda one: one.events(DISTRICT, "e1", 10), lambda one: one.listed(DISTRICT, "events")):
        with pytest.raises(Unavailable, match="records behind an empty page"):
            ask(mode, questions(client(page(**more), page(EVENT))))
        with pytest.raises(Unavailable, match="has no records, and goes on behind one"):
            ask(mode, questions(client(page(following="/v3.0/events?starting_after=e9"), page())))
    clever = client(page(**more), page())
    assert ask(mode, clever.events(DISTRICT, "e1", 10)) == Page([], None)
    assert len(clever.peer.requests) == 2


@pytest.mark.parametrize("mode", MODES)
def test_events_that_stand_still(mode):
    """A feed that gives the event asked after as the next would be read for ever."""
    with pytest.raises(Unavailable, match="comes after itself"):
        ask(mode, client(page({**EVENT, "id": "e1"}, EVENT)).events(DISTRICT, "e1", 10))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "entry", [{}, {"object": {"id": "u1"}}, {"id": "e2"}, {"id": "", "type": "x"}, {"id": 7, "type": "x"}]
)
def test_an_event_has_an_id_and_a_type(entry, mode):
    """Without them it can neither be followed nor understood."""
    with pytest.raises(Unavailable, match="an entry that is no event"):
        ask(mode, client(page(EVENT, entry)).events(DISTRICT, "e1", 10))


def test_the_list_of_districts_has_no_limit():
    """It is the one list that Clever does not page."""
    clever = client(page({"id": "d1"}))
    run(clever.listed(DISTRICT, "districts"))
    assert clever.peer.paths == ["/v3.0/districts"]


@pytest.mark.parametrize("mode", MODES)
def test_a_district_without_a_token_is_not_asked(mode):
    """It is a fault of the set-up, and no request."""
    clever = client(record(id="u1"))
    with pytest.raises(TokenRefused, match="there is no token for this district"):
        ask(mode, clever.one("d9", "users/u1"))
    assert not clever.peer.requests


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://api.clever.com", "https://api.clever.com/v3.0/users/u1"),
        ("https://api.clever.com/", "https://api.clever.com/v3.0/users/u1"),
        ("https://api.clever.com/v3.1/", "https://api.clever.com/v3.1/users/u1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v3.0/users/u1"),
        ("http://[::1]:8000", "http://[::1]:8000/v3.0/users/u1"),
        ("http://fake:8000", "http://fake:8000/v3.0/users/u1"),
    ],
)
def test_another_host(url, asked):
    """The base URL may be another host, with another path, and in a private network without TLS."""
    clever = client(record(id="u1"), base_url=url)
    run(clever.one(DISTRICT, "users/u1"))
    assert str(clever.peer.requests[0].url) == asked


@pytest.mark.parametrize(
    "setting",
    [
        {"base_url": "http://api.clever.com"},
        {"base_url": "api.clever.com"},
        {"base_url": "https://user:hunter2@api.clever.com"},
        {"base_url": "https://api.clever.com?token=hunter2"},
        {"base_url": "ftp://api.clever.com"},
        {"base_url": "https://"},
        {"base_url": "http://127.0.0.1:notaport"},
        {"timeout": timedelta()},
        {"patience": timedelta(seconds=-1)},
        {"max_body": 0},
        {"per_minute": 0},
        {"page": 0},
        {"page": 10_001},
    ],
)
def test_settings_that_make_no_sense(setting):
    """They are refused at once, by a sentence."""
    with pytest.raises(ValueError, match=r"must be|write|for all to read") as caught:
        Clever(StaticTokens({}), **setting)
    assert "hunter2" not in str(caught.value)


def test_nothing_of_it_prints_a_token():
    """Not the client, not its tokens, not what it asks with."""
    tokens = StaticTokens({DISTRICT: TOKEN})
    clever = client(record(id="u1"), tokens=tokens)
    asked = next(clever.one(DISTRICT, "users/u1"))
    assert TOKEN not in repr(
        [clever, tokens, vars(tokens), asked, str(asked.argument.token), f"{asked.argument.token}"]
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookies_are_not_kept_and_other_headers_are_not_sent(mode):
    """An answer rests on the token alone."""
    clever = client(raw([b'{"data":{"id":"u1"}}'], {"set-cookie": "session=someone; Path=/"}))
    for _ in range(2):
        ask(mode, clever.one(DISTRICT, "users/u1"))
    sent = clever.peer.requests[1].headers
    assert set(sent) == {"host", "authorization", "accept", "accept-encoding", "connection", "user-agent"}
    assert sent["accept-encoding"] == "gzip"


@pytest.mark.parametrize("mode", MODES)
def test_a_closed_client_does_not_answer(mode):
    """Its transport is its giver's, and stays open."""
    clever = client(record(id="u1"))
    ask(mode, clever.one(DISTRICT, "users/u1"))
    clever.close()
    clever.close()
    with pytest.raises(Unavailable, match="the client was closed"):
        ask(mode, clever.one(DISTRICT, "users/u1"))
    assert clever.peer.closed == 0
    assert len(clever.peer.requests) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_large_answer_is_read(mode):
    """Megabytes, which async code reads in a thread."""
    many = [{"id": f"u{number}", "name": "x" * 100} for number in range(10_000)]
    assert ask(mode, client(page(*many)).listed(DISTRICT, "users")) == many


@pytest.mark.parametrize("mode", MODES)
def test_a_port_that_fails_in_a_way_nobody_thought_of_is_no_answer(mode):
    """Should a port raise after all, the driver's word for it is no answer either."""
    clever = client(record(id="u1"), hands=Hands())
    clever._wire.ask, clever._wire.aask = None, lambda _: 1 / 0
    with pytest.raises(Unavailable, match="Clever cannot be asked"):
        ask(mode, clever.one(DISTRICT, "users/u1"))


def test_an_error_of_a_page_says_what_was_asked_without_its_query():
    """The path is named, the query is not."""
    clever = client(answer(422))
    with pytest.raises(Unavailable, match=r"^district `d1`: Clever answers 422 \(`users/u1/sections`\)$"):
        run(clever.listed(DISTRICT, "users/u1/sections", primary="true"))


def test_so_many_at_once_and_no_more():
    """A crowd of tasks is served twenty at a time, in each district."""
    now, most = {"d1": 0, "d2": 0}, {"d1": 0, "d2": 0}

    async def look(request):
        district = "d1" if request.headers["authorization"] == f"Bearer {TOKEN}" else "d2"
        now[district] += 1
        most[district] = max(most[district], now[district])
        await asyncio.sleep(0.001)
        now[district] -= 1
        return record(id="u1")(request)

    async def main():
        clever = client(look)
        await asyncio.gather(*(run_async(clever.one(district, "users/u1")) for district in ("d1", "d2") * 100))

    asyncio.run(main())
    assert most == {"d1": 20, "d2": 20}
