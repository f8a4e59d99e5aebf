"""Against the public fake, which anybody may test their application with: in process, and on a socket."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from facts.clever.peer import Hands, ask
from rolecall.calls import run
from rolecall.facts.clever import (
    Clever,
    ClientTokens,
    NotShared,
    OneToken,
    StaticTokens,
    TokenRefused,
    Unavailable,
)
from rolecall.testing import FakeClever, demo_district

MODES = ["sync", "async"]
KINDS = ("schools", "terms", "sections", "users")
LONG = timedelta(seconds=30)


@contextmanager
def asked(fake, where, tokens=None, **settings):
    """A client of the fake, in process or on a socket, and the id of the fake's first district."""
    tokens = tokens or StaticTokens(fake.tokens)
    if where == "in process":
        yield Clever(tokens, transport=fake.transport(), **settings), next(iter(fake.tokens))
    else:
        with fake.serve() as server:
            clever = Clever(tokens, base_url=server.url, timeout=LONG, patience=LONG, **settings)
            yield clever, next(iter(fake.tokens))
            clever.close()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("where", ["in process", "on a socket"])
def test_everything_is_read(where, mode):
    """Each list, in pages, is what the fake's world holds of the district; each record is found by its id."""
    fake = FakeClever(demo_district(users=100))
    with asked(fake, where, page=30) as (clever, district):
        for kind in KINDS:
            found = ask(mode, clever.listed(district, kind))
            expected = [one for one in fake.world[kind] if one.get("district") == district]
            assert {one["id"]: one for one in found} == {one["id"]: one for one in expected}
            assert ask(mode, clever.one(district, f"{kind}/{found[0]['id']}")) == found[0]
        teachers = ask(mode, clever.listed(district, "users", role="teacher"))
        assert teachers
        assert all("teacher" in one["roles"] for one in teachers)
        assert ask(mode, clever.one(district, "users/0000")) is None
        assert ask(mode, clever.listed(district, "sections/0000/users")) is None


@pytest.mark.parametrize("mode", MODES)
def test_events_are_followed(mode):
    """What changes is in the events after the last; a cursor that is unknown is told."""
    fake = FakeClever(demo_district(users=100))
    with asked(fake, "in process") as (clever, district):
        users = [one for one in fake.world["users"] if one.get("district") == district]
        made = [fake.change("user", users[0]), fake.delete("user", users[1]["id"]), fake.change("user", users[2])]
        page = ask(mode, clever.events(district, None, 2))
        assert [event["id"] for event in page.records] == made[:2]
        assert [event["type"] for event in page.records] == ["users.updated", "users.deleted"]
        assert page.next is not None
        rest = ask(mode, clever.events(district, made[1], 2))
        assert [event["id"] for event in rest.records] == made[2:]
        assert not ask(mode, clever.events(district, made[2], 2)).records
        fake.expire_events(made[2])
        with pytest.raises(NotShared):
            ask(mode, clever.events(district, made[0], 2))


@pytest.mark.parametrize("mode", MODES)
def test_tokens_rotate(mode):
    """The application's id and secret are enough to go on; a token alone is not."""
    fake = FakeClever(demo_district(users=100))
    old = next(iter(fake.tokens.values()))
    with (
        asked(fake, "in process", ClientTokens("fake-client", "fake-secret"), clock=(hands := Hands()).clock()) as (
            clever,
            district,
        ),
        asked(fake, "in process", OneToken(old)) as (other, _),
    ):
        for one in (clever, other):
            assert district in ask(mode, one.districts())
            assert ask(mode, one.one(district, f"districts/{district}"))["id"] == district
        fake.rotate(district)
        hands.sleep(20)
        assert ask(mode, clever.one(district, f"districts/{district}"))["id"] == district
        with pytest.raises(TokenRefused) as caught:
            ask(mode, other.one(district, f"districts/{district}"))
        assert old not in str(caught.value)


def test_the_fakes_limit_is_kept():
    """The fake's 429 names the reset, and the client waits for it when it has the patience."""
    hands = Hands()
    fake = FakeClever(demo_district(users=100), rate_limit=3, clock=lambda: hands.ahead + hands.ticks)
    with asked(fake, "in process", clock=hands.clock(), patience=timedelta(minutes=2)) as (clever, district):
        for _ in range(10):
            assert run(clever.one(district, f"districts/{district}"))["id"] == district
    assert hands.ticks <= 4 * 60
    assert len(fake.requests) <= 14
    hands = Hands()
    fake = FakeClever(demo_district(users=100), rate_limit=3, clock=lambda: hands.ahead + hands.ticks)
    with asked(fake, "in process", clock=hands.clock()) as (clever, district):
        for _ in range(3):
            run(clever.one(district, f"districts/{district}"))
        with pytest.raises(Unavailable) as caught:
            run(clever.one(district, f"districts/{district}"))
        assert 0 < caught.value.retry_at - hands.ahead <= 60
