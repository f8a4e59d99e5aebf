"""What can go wrong: each fault as httpx meets it, in process, sync and async, and where a fault is met."""

import asyncio
import gzip
import json
import re
import time
from itertools import pairwise

import httpx
import pytest
import uptime
from clever_fake import NOW, OAKVALE, PINE_HOLLOW, Clock, ask, fake, ids, link, pages, who
from rolecall.testing import Fault

USERS = "/v3.0/users?limit=10"


@pytest.fixture
def clever():
    return fake()


@pytest.fixture(params=["sync", "async"])
def get(request, clever):
    """Get a path through httpx, with a client of either sort."""
    options = {
        "transport": clever.transport(),
        "base_url": "https://api.clever.com",
        "headers": {"Authorization": f"Bearer {clever.tokens[OAKVALE]}"},
    }

    def sync_get(target, **more):
        with httpx.Client(**options, **more) as client:
            return client.get(target)

    async def async_get(target, **more):
        async with httpx.AsyncClient(**options, **more) as client:
            return await client.get(target)

    return sync_get if request.param == "sync" else lambda target, **more: asyncio.run(async_get(target, **more))


def test_without_a_fault_httpx_gets_the_answer(clever, get):
    """Over the transport as by hand."""
    got = get(USERS)
    assert (got.status_code, got.json()) == (200, ask(clever, USERS).json)
    assert got.headers["content-length"] == str(len(got.content))
    assert clever.requests[0].host == "api.clever.com"


@pytest.mark.parametrize("code", [401, 403, 404, 413, 429, 500, 501, 502, 503, 504])
def test_any_status(clever, get, code):
    """With a message in JSON."""
    clever.fault(Fault.status(code))
    got = get(USERS)
    assert (got.status_code, got.json()) == (code, {"message": f"made to fail with {code}"})
    assert not {"x-ratelimit-reset", "retry-after"} & set(got.headers)


def test_a_429_says_when_to_come_back_or_does_not(clever, get):
    """By the clock of the fake, in seconds since 1970, and in the other header as told."""
    clever.fault(Fault.status(429, "slow down", reset_in=30, retry_after="Wed, 14 Oct 2026 18:00:00 GMT"))
    got = get(USERS)
    assert got.headers["x-ratelimit-reset"] == str(int(NOW + 30))
    assert (got.headers["retry-after"], got.json()) == ("Wed, 14 Oct 2026 18:00:00 GMT", {"message": "slow down"})


@pytest.mark.parametrize("status", [200, 404, 502])
def test_html_where_json_was_due(clever, get, status):
    """With any status, 200 too."""
    clever.fault(Fault.html(status, "Log in"))
    got = get(USERS)
    assert (got.status_code, got.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "<h1>Log in</h1>" in got.text


def test_redirects(clever, get):
    """To wherever; who follows it in process meets the fake again, under the other host."""
    clever.fault(Fault.redirect("https://elsewhere.example/v3.0/users"), times=1)
    got = get(USERS)
    assert (got.status_code, got.headers["location"], got.content) == (302, "https://elsewhere.example/v3.0/users", b"")
    clever.fault(Fault.redirect("https://elsewhere.example/v3.0/terms", 307), path="/v3.0/users", times=1)
    get(USERS, follow_redirects=True)
    assert clever.requests[-1].host == "elsewhere.example"
    assert clever.requests[-1].status == 401  # httpx takes no token to another host


def test_json_that_breaks_off(clever, get):
    """Half of it, sent as if it were whole."""
    clever.fault(Fault.broken_json())
    got = get(USERS)
    assert (got.status_code, got.headers["content-length"]) == (200, str(len(got.content)))
    with pytest.raises(json.JSONDecodeError):
        got.json()


@pytest.mark.parametrize(
    "shape", [{}, [], {"data": 5}, {"data": {}}, {"data": [{}]}, {"data": [None]}, None, 5, "text"]
)
def test_json_of_another_shape(clever, get, shape):
    """Good JSON, which is not what Clever sends."""
    clever.fault(Fault.json(shape))
    assert get(USERS).json() == shape


def test_any_bytes(clever, get):
    """Not even JSON, not even text."""
    clever.fault(Fault.body(b"\xff" * 3, status=500, content_type="image/png"))
    got = get(USERS)
    assert (got.status_code, got.content, got.headers["content-type"]) == (500, b"\xff" * 3, "image/png")


def test_records_without_their_wrapping(clever):
    """A list of the records themselves; one object stays as it is."""
    whole = ask(clever, USERS).json
    placed = clever.fault(Fault.unwrapped())
    assert ask(clever, USERS).json["data"] == [one["data"] for one in whole["data"]]
    assert ask(clever, f"/v3.0/users/{who('teacher')}").json["data"]["id"] == who("teacher")
    assert placed.hits == 1


def test_any_change_to_a_good_answer(clever):
    """Here: the record of somebody else; an error is left alone."""
    clever.fault(Fault.edit(lambda asked, got: got | {"data": {"id": f"not {asked.path[-24:]}"}}), path="/v3.0/users")
    assert ask(clever, f"/v3.0/users/{who('teacher')}").json["data"] == {"id": f"not {who('teacher')}"}
    assert "message" in ask(clever, "/v3.0/users/nobody").json


def test_a_link_that_leads_in_a_circle(clever):
    """To the page itself, or back to one before: whoever follows it never ends."""
    clever.fault(Fault.repeated_next(), path="/v3.0/users")
    found = pages(clever, USERS, most=20)
    assert len(found) == 20
    assert found[0] == found[-1]
    clever.clear_faults()
    clever.fault(Fault.repeated_next(USERS), path="/v3.0/users", skip=2, times=1)
    found = pages(clever, USERS, most=6)
    assert ids(found[3]) == ids(found[0]) != ids(found[1])


def test_a_link_to_another_host(clever):
    """With scheme and host, for whoever would send a token there."""
    clever.fault(Fault.foreign_next())
    good = f"{USERS}&starting_after="
    assert link(ask(clever, USERS).json, "next").startswith(f"https://elsewhere.example{good}")


def test_half_of_a_list_that_looks_whole(clever):
    """The link that should be there is missing: nothing else tells that there is more."""
    clever.fault(Fault.missing_next(), path="/v3.0/users", skip=1, times=1)
    assert [len(page) for page in pages(clever, USERS)] == [10, 10]


def test_an_empty_page_in_the_middle(clever):
    """It has a next link, and its records are nowhere."""
    whole = [ids(page) for page in pages(clever, USERS)]
    clever.fault(Fault.empty_page(), path="/v3.0/users", skip=1, times=1)
    assert [ids(page) for page in pages(clever, USERS)] == [whole[0], [], *whole[2:]]


def test_a_record_in_two_pages(clever):
    """The last of a page comes first on the next one; none is left out."""
    whole = [one for page in pages(clever, USERS) for one in ids(page)]
    clever.fault(Fault.overlap(), path="/v3.0/users")
    found = [ids(page) for page in pages(clever, USERS)]
    assert all(page[-1] == after[0] for page, after in pairwise(found) if after)
    assert sorted({one for page in found for one in page}) == whole
    assert len(pages(clever, "/v3.0/users?limit=1")) == len(whole) + 1  # nothing to go back to: no circle


def test_a_page_changed_in_any_way(clever):
    """A function of the page; where it gives None, nothing was wrong, and nothing is counted."""
    placed = clever.fault(Fault.edit_page("none", lambda *_: None), times=1)
    assert ask(clever, USERS).json["data"]
    assert (placed.hits, clever.requests[-1].faults) == (0, ())


def test_the_world_changes_just_before_an_answer(clever):
    """Here: whoever comes next is deleted between two pages."""
    clever.fault(
        Fault.call(lambda _: clever.delete("user", who("teacher"))), path=re.compile("starting_after"), times=1
    )
    found = [one for page in pages(clever, USERS) for one in ids(page)]
    assert who("teacher") not in found
    assert len(clever.events()) == 1


def test_a_slow_answer_is_waited_for(clever, get):
    """For as long as it is slow."""
    clever.fault(Fault.slow(0.02))
    begun = time.perf_counter()
    assert get(USERS).status_code == 200
    assert time.perf_counter() - begun >= 0.02


def test_an_answer_slower_than_the_time_out_is_a_time_out(clever, get):
    """At once: no test waits for it. Without a time-out, there is none."""
    clever.fault(Fault.slow(60))
    begun = uptime.seconds()
    with pytest.raises(httpx.ReadTimeout) as failed:
        get(USERS, timeout=30)
    assert uptime.seconds() - begun < 5
    assert failed.value.request.url.path == "/v3.0/users"
    clever.clear_faults()
    clever.fault(Fault.slow(0.001))
    assert get(USERS, timeout=None).status_code == 200


def test_time_passes_on_the_clock_that_is_given():
    """What would be waited for goes to `sleep`: the answer's delay, each drip, and the client's time-out."""
    clock = Clock()
    clever = fake(clock=clock, sleep=clock.sleep)
    headers = {"Authorization": "Bearer fake-token"}

    async def async_get():
        async with httpx.AsyncClient(transport=clever.transport(), base_url="http://x", timeout=10) as client:
            return await client.get("/v3.0/districts", headers=headers)

    with httpx.Client(transport=clever.transport(), base_url="http://x", timeout=10, headers=headers) as client:
        with clever.fault(Fault.slow(7)):
            client.get("/v3.0/districts")
            asyncio.run(async_get())
        assert clock.now == NOW + 14
        with clever.fault(Fault.slow(11)), pytest.raises(httpx.ReadTimeout):
            client.get("/v3.0/districts")
        assert clock.now == NOW + 24
        with clever.fault(Fault.drip(9, size=100)):
            got = client.get("/v3.0/districts")
            asyncio.run(async_get())
        assert clock.now == NOW + 24 + 2 * 9 * -(-len(got.content) // 100)


def test_a_slow_drip_is_no_time_out_by_itself(clever, get):
    """Each wait is short enough for the client, the whole is long; a wait that is not is a time-out."""
    clever.fault(Fault.drip(0.001, size=500), times=1)
    begun = time.perf_counter()
    got = get(USERS, timeout=0.5)
    assert time.perf_counter() - begun >= 0.001 * (len(got.content) // 500)
    assert len(got.json()["data"]) == 10
    clever.fault(Fault.drip(60))
    with pytest.raises(httpx.ReadTimeout):
        get(USERS, timeout=1)


@pytest.mark.parametrize(("after", "share"), [(0, 0), (0.5, 0.5), (1, 1), (100, None)])
def test_a_connection_that_breaks_in_the_body(clever, get, after, share):
    """After a share of it or a number of bytes, never after all of it; the length that was announced is the whole."""
    size = len(ask(clever, USERS).response.body)
    clever.fault(Fault.cut(after))
    sent = min(100 if share is None else int(size * share), size - 1)
    with pytest.raises(httpx.RemoteProtocolError, match=rf"\(received {sent} bytes, expected {size}\)"):
        get(USERS)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Fault.dns(), httpx.ConnectError, "Name or service not known"),
        (Fault.refused(), httpx.ConnectError, "Connection refused"),
        (Fault.hang_up(), httpx.RemoteProtocolError, "Server disconnected"),
    ],
)
def test_a_connection_that_never_answers(clever, get, fault, error, said):
    """The log has it with status 0."""
    clever.fault(fault)
    with pytest.raises(error, match=said):
        get(USERS)
    assert (clever.requests[-1].status, clever.requests[-1].faults) == (0, (fault.name,))


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large(clever, get, declared):
    """White space that JSON does not mind, announced or not."""
    clever.fault(Fault.oversized(1_000_000, declared=declared))
    got = get(USERS)
    assert len(got.json()["data"]) == 10
    assert len(got.content) > 1_000_000
    assert ("content-length" in got.headers) == declared


def test_a_body_that_is_small_until_it_is_unpacked(clever, get):
    """Compressed white space."""
    clever.fault(Fault.oversized(5_000_000, compressed=True))
    got = get(USERS)
    assert len(got.content) > 5_000_000
    assert int(got.headers["content-length"]) < 100_000
    assert len(json.loads(gzip.decompress(ask(clever, USERS).response.body))["data"]) == 10


def statuses(clever, count, target=USERS, token=None):
    return [ask(clever, target, token).status for _ in range(count)]


def test_a_fault_is_met_as_often_as_told(clever):
    """Always; or so many times, after the first so many."""
    with clever.fault(Fault.status(503)) as placed:
        assert statuses(clever, 4) == [503] * 4
        assert placed.hits == 4
    assert statuses(clever, 1) == [200]
    clever.fault(Fault.status(500), times=2, skip=1)
    assert statuses(clever, 5) == [200, 500, 500, 200, 200]


def test_a_fault_is_met_where_told(clever):
    """On a path and below it, where a pattern is found in the path with its query, or for one district's token."""
    clever.fault(Fault.status(500), path="/v3.0/users")
    clever.fault(Fault.status(502), path=re.compile(r"role=staff|/terms$"))
    clever.fault(Fault.status(504), district=PINE_HOLLOW)
    expected = {
        "/v3.0/users": 500,
        f"/v3.0/users/{who('teacher')}/sections": 500,
        "/v3.0/users?role=staff": 502,
        "/v3.0/terms": 502,
        "/v3.0/usersx": 404,
        "/v3.0/sections": 200,
    }
    assert {target: ask(clever, target).status for target in expected} == expected
    assert statuses(clever, 1, "/v3.0/sections", clever.tokens[PINE_HOLLOW]) == [504]


def test_chances_are_the_same_for_the_same_seed():
    """About as often as told, and again in the same order."""

    def tried(seed):
        clever = fake(seed=seed)
        clever.fault(Fault.status(503), chance=0.3)
        return statuses(clever, 300, "/v3.0/terms")

    assert tried(1) == tried(1) != tried(2)
    assert 60 < tried(1).count(503) < 120


def test_faults_meet(clever, get):
    """A late 503 that breaks off: each changes what the one before made of the answer."""
    clever.fault(Fault.slow(0.01))
    clever.fault(Fault.status(503))
    clever.fault(Fault.cut())
    with pytest.raises(httpx.RemoteProtocolError):
        get(USERS)
    assert clever.requests[-1].faults == ("slow", "status 503", "cut")
    clever.clear_faults()
    assert get(USERS).status_code == 200


def test_a_fault_that_is_over_is_forgotten(clever):
    """Removed ones do not pile up, and a removed one may be removed again."""
    placed = [clever.fault(Fault.status(500)) for _ in range(3)]
    for one in placed:
        one.remove()
    placed[0].remove()
    clever.fault(Fault.status(404))
    assert len(clever._placed) == 1
