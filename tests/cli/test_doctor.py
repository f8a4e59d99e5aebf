"""`rolecall doctor`: whatever can be wrong is found and said, with what to do; no token is ever shown."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
import stores
from demo import POLICIES, who
from rolecall import FactsError, diagnosis
from rolecall.diagnosis import CHECKS, Result, Setup, diagnose
from rolecall.facts.clever import Clever, OneToken, StaticTokens
from rolecall.facts.store import Store
from rolecall.testing import FakeClever, Fault, demo_district
from shell import run
from stores import SECOND

HOUR = 3600 * SECOND
OAKVALE, PINE_HOLLOW = who("district"), who("other_district")
SECRET = "s3cret-token"  # noqa: S105 - made up
NAMES = (
    "ROLECALL_CLEVER_TOKEN", "ROLECALL_CLEVER_TOKENS", "CLEVER_CLIENT_ID", "CLEVER_CLIENT_SECRET",
    "ROLECALL_CLEVER_URL", "ROLECALL_STORE", "ROLECALL_POLICIES", "ROLECALL_SNAPSHOT",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    """An empty folder and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake():
    """Clever with the demo district, synced an hour ago, and an event."""
    made = FakeClever(demo_district(users=100), tokens={OAKVALE: SECRET, PINE_HOLLOW: "other-token"})
    made.resume(OAKVALE)
    made.resume(PINE_HOLLOW)
    return made


def look(fake=None, tokens=None, token=SECRET, patience=5, **more):
    """What is found in process: each result by its check, the last of each; and all of them."""
    kind = OneToken(token) if tokens is None else StaticTokens(tokens)
    options = {"transport": fake.transport(), "patience": timedelta(seconds=patience)} if fake else {}
    clever = Clever(kind, **options) if fake else None
    personal = Clever(StaticTokens({"": token}), **options) if fake else None
    setup = {"tokens": "ROLECALL_CLEVER_TOKEN", "clever": clever, "personal": personal} if fake else {}
    setup |= {"policies": POLICIES, "store_named": False, "transport": options.get("transport")}
    found = list(diagnose(Setup(**setup | more)))
    assert not any(SECRET in f"{one.says} {one.fix}" for one in found)
    return {one.check: one for one in found}, found


def filled(fake, path="roster.db", hours=0.1, cursor=None):
    """A store that was read in full so many hours ago, behind the newest event."""
    now = time.time_ns() - int(hours * HOUR)
    store = Store.open(path)
    for district in (OAKVALE, PINE_HOLLOW):
        last = cursor or fake.events(district)[-1]["id"]
        stores.full_read(store, fake.world, district, now=now, cursor=last)
    return store


def at_home(monkeypatch, fake, server, token=SECRET):
    """Set the environment of somebody who has a store, a policy and a token."""
    filled(fake, "rolecall.db").close()
    monkeypatch.setenv("ROLECALL_CLEVER_URL", server.url)
    monkeypatch.setenv("ROLECALL_POLICIES", str(POLICIES))
    monkeypatch.setenv("ROLECALL_CLEVER_TOKEN", token)


def test_where_nothing_is_set_it_says_what_to_set():
    """It works all the same, and the exit code is 1: there is nothing to decide on."""
    ran = run("doctor")
    assert (ran.code, ran.err) == (1, "")
    assert (
        "warning  policy: there is no policy `policies`\n         name it with `--policies` or ROLECALL_POL" in ran.out
    )
    assert (
        "warning  store: there is no roster store `rolecall.db`\n         `rolecall sync` makes one, `--store` "
        in ran.out
    )
    assert (
        "failed   tokens: there is no token for Clever in the environment, and no store with facts: there is no"
        in ran.out
    )
    assert (
        "\n         set ROLECALL_CLEVER_TOKEN (one district's token), ROLECALL_CLEVER_TOKENS (a JSON file of" in ran.out
    )
    assert ran.out.endswith("\n0 ok, 2 warnings, 1 failed\n")


def test_where_all_is_well_it_says_so(monkeypatch, fake):
    """On a real socket: policy, store, facts, network, clock, tokens, the district's state, its lists and events."""
    with fake.serve() as server:
        at_home(monkeypatch, fake, server)
        only = ("--district", OAKVALE)
        ran = run("doctor", *only)
        data = json.loads(run("doctor", *only, "--format", "json").out)
    assert (ran.code, ran.err) == (0, "")
    assert [line for line in ran.out.splitlines() if line.startswith(("warning", "failed"))] == []
    checks = [
        "policy",
        "store",
        "facts",
        "room",
        "tokens",
        "network",
        "clock",
        "token",
        "state",
        "lists",
        "events",
        "budget",
    ]
    assert [one["check"] for one in data["results"]] == checks
    assert data["counts"] == {"ok": 12, "warning": 0, "failed": 0}
    assert set(data["results"][0]) == {"check", "state", "says", "fix", "district"}
    assert {one["district"] for one in data["results"]} == {OAKVALE, None}
    newest = f"\nok +events of district {OAKVALE}: the newest event is [0-9]+ seconds? old; none wait to be applied\n"
    assert re.search(newest, ran.out)
    assert SECRET not in ran.out


def test_a_token_that_is_refused_is_told_with_how_to_renew_it(monkeypatch, fake):
    """An operator whose token was rotated; the token itself is nowhere to be seen."""
    with fake.serve() as server:
        at_home(monkeypatch, fake, server)
        fake.rotate()
        ran = run("doctor")
    assert ran.code == 1
    assert "failed   token: Clever refuses the token (401): see that it was copied whole\n" in ran.out
    assert "copy the district's token anew from Clever's dashboard. Tokens rotate: with CLEVER_CLIENT_ID and" in ran.out
    assert SECRET not in ran.out + ran.err


def test_a_persons_token_is_recognised(fake):
    """Alone, or in a file of tokens by district: it cannot read lists."""
    personal = fake.sso_token(who("teacher"))
    for found in (look(fake, token=personal), look(fake, {OAKVALE: personal})):
        assert found[0]["token"] == Result(
            "token",
            "failed",
            "this is one person's single sign-on token, which cannot read lists",
            "use the district's own token, which Clever's dashboard shows",
            found[0]["token"].district,
        )


def test_a_token_of_another_district_is_told(fake):
    """Clever has no such district for it."""
    found, _ = look(fake, {OAKVALE: "other-token"})
    assert found["token"].says == "the token is accepted, but Clever has no such district for it"
    assert "--forget" not in found["token"].fix
    filled(fake).close()
    _, every = look(fake, {OAKVALE: "other-token"}, store="roster.db")
    (fix,) = [one.fix for one in every if (one.check, one.state) == ("token", "failed")]
    assert f"take the token away, then `rolecall sync --forget {OAKVALE}`" in fix
    assert (found["token"].district, "lists" in found) == (OAKVALE, False)
    found, _ = look(fake, {OAKVALE: "wrong"})
    assert found["token"].says.startswith("Clever refuses the token (401 for `districts/")


@pytest.mark.parametrize(
    ("fault", "check", "says"),
    [
        (Fault.dns(), "network", "its name cannot be resolved: see to the network"),
        (Fault.refused(), "network", "no connection can be made"),
        (Fault.hang_up(), "network", "the connection was cut before the answer was whole"),
        (Fault.slow(60), "network", "no whole answer came in time"),
        (
            Fault.html(200, "Please log in"),
            "network",
            "a web page comes from api.clever.com in place of Clever's API (200)",
        ),
        (Fault.status(503), "network", "Clever (api.clever.com) answers 503: it has trouble of its own"),
        (Fault.html(200), "answers", "Clever answers with a web page"),
        (Fault.status(503), "answers", "Clever answers 503, also when asked "),
        (Fault.slow(60), "answers", "no whole answer came in time"),
    ],
)
def test_what_is_wrong_with_the_way_to_clever_is_told(fake, monkeypatch, fault, check, says):
    """The name, the connection, a time-out, a log-in page, trouble of Clever's own: each in its own words."""
    if fault.name == "dns":
        monkeypatch.setattr("rolecall.facts.clever.transport._causes", lambda _: [__import__("socket").gaierror()])
    fake.fault(fault)
    found, results = look(fake, {OAKVALE: SECRET}, patience=0.3)
    assert says in found[check].says
    assert found[check].state == ("warning" if says.endswith("its own") else "failed")
    assert all(one.fix for one in results if one.state != "ok")


def test_a_used_up_budget_is_told_with_how_long_it_lasts(fake):
    """Something else asks with the same token."""
    fake.fault(Fault.status(429, reset_in=42), path="/v3.0/districts")
    found, _ = look(fake, {OAKVALE: SECRET})
    assert re.fullmatch(
        r"Clever takes no request for the next \d+ seconds: it allows 1,200 a minute for each token",
        found["budget"].says,
    )
    assert (found["budget"].state, found["budget"].district) == ("failed", OAKVALE)


def test_clocks_are_compared(fake):
    """Half a minute is a warning, five minutes are a failure; without a Date nothing is said."""
    assert "clock" not in look(fake)[0]
    with fake.serve() as server:
        for seconds, state, says in [
            (0, "ok", "this machine's clock agrees with Clever's"),
            (60, "warning", " seconds ahead of Clever's"),
            (-3600, "failed", "this machine's clock is 59 minutes behind Clever's"),
        ]:
            shifted = Setup(
                POLICIES,
                clever=Clever(OneToken(SECRET), base_url=server.url),
                base_url=server.url,
                now=lambda seconds=seconds: time.time_ns() + seconds * SECOND,
            )
            (found,) = [one for one in diagnose(shifted) if one.check == "clock"]
            shifted.clever.close()
            assert (found.state, says in found.says) == (state, True)


def test_lists_that_cannot_be_read_or_are_empty_are_told(fake):
    """Nothing is shared with the application, or no person."""
    fake.fault(Fault.status(404), path="/v3.0/users")
    found, _ = look(fake)
    assert (found["lists"].state, found["lists"].says) == ("failed", "Clever has no list `users` for this token (404)")
    empty = FakeClever({"districts": [{"id": OAKVALE}]}, tokens={OAKVALE: SECRET})
    found, _ = look(empty)
    assert (found["lists"].state, found["lists"].says) == ("warning", "Clever shares no person of this district")


def test_events_that_are_switched_off_are_told(fake):
    """None at all, or none for weeks; in a paused district there are none anyway."""
    silent = FakeClever(demo_district(users=100), tokens={OAKVALE: SECRET}, events_on=False)
    found, _ = look(silent)
    assert (found["events"].state, found["events"].says) == (
        "warning",
        "Clever has no events: they are probably switched off",
    )
    assert "switch events on for this application in Clever's dashboard" in found["events"].fix
    late = {"now": lambda: time.time_ns() + 20 * 24 * HOUR}
    found, _ = look(fake, **late)
    assert (found["events"].state, found["events"].says) == ("warning", "the newest event is 20 days old")
    fake.pause()
    assert look(fake, **late)[0]["events"].state == "ok"


def test_events_that_wait_are_counted(fake):
    """From the store's last one on; where Clever keeps that no longer, a full read is due."""
    store = filled(fake)
    for number in range(3):
        fake.change("user", {"id": f"new{number}", "district": OAKVALE, "roles": {}})
    found, _ = look(fake, store="roster.db", only=(OAKVALE,))
    assert (found["events"].state, found["events"].says.partition("; ")[2]) == ("ok", "3 wait to be applied")
    fake.expire_events(fake.events()[-1]["id"])
    found, _ = look(fake, store="roster.db", only=(OAKVALE,))
    assert found["events"].state == "warning"
    assert found["events"].says.startswith("Clever no longer keeps the last event that was applied, ")
    store.close()


def test_many_events_are_read_to_the_newest(fake):
    """Page by page, up to a limit."""
    with fake.batch():
        for number in range(1500):
            fake.change("user", {"id": f"n{number:05}", "district": OAKVALE, "roles": {}})
    store = filled(fake, cursor=fake.events()[0]["id"])
    found, _ = look(fake, store="roster.db", only=(OAKVALE,))
    assert "1,500 wait to be applied" in found["events"].says
    store.close()


def test_a_paused_district_is_told_with_how_old_it_is(fake):
    """A warning while its facts may be decided on, and a failure afterwards; one that nobody syncs is told too."""
    fake.pause(last_sync=stamp(2))
    found, _ = look(fake)
    assert found["state"].state == "warning"
    assert "the district's state is `paused`, last synced 2 hours ago: its data stands still" in found["state"].says
    fake.pause(last_sync=stamp(30))
    found, _ = look(fake)
    assert found["state"].state == "failed"
    assert "last synced 30 hours ago" in found["state"].says
    fake.change("district", {"id": OAKVALE, "state": "running", "last_sync": stamp(240)})
    assert (look(fake)[0]["state"].state, "10 days ago" in look(fake)[0]["state"].says) == ("warning", True)
    fake.change("district", {"id": OAKVALE})
    assert look(fake)[0]["state"].says == "last synced at a time that is not said"


def stamp(hours):
    """A time so many hours ago, as Clever writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - hours * 3600 - 30))


def test_facts_that_are_too_old_or_stopped_are_told_with_the_way_out(fake):
    """How old, of how much; held: `--accept`; stopped: `--full`; never read: `sync`."""
    store = filled(fake, hours=0.1)
    assert look(store="roster.db")[0]["facts"].says.startswith(
        "the facts are 6 minutes old, the last event applied is "
    )
    store.mark(OAKVALE, "held", f"district `{OAKVALE}`: 31 of 120 sections are gone at once")
    store.mark(PINE_HOLLOW, "stopped", "event `e9` cannot be applied")
    _, found = look(store="roster.db")
    held, stopped = [one for one in found if one.check == "facts"]
    assert (held.state, stopped.state) == ("failed", "failed")
    assert held.says == "the feed is held, the facts are 6 minutes old: 31 of 120 sections are gone at once"
    assert "`rolecall sync --accept` applies it" in held.fix
    assert stopped.says == "the feed is stopped, the facts are 6 minutes old: event `e9` cannot be applied"
    assert "`rolecall sync --full`" in stopped.fix
    store.close()
    for hours, state, says in [
        (13, "warning", "the facts are 13 hours old, of 24 hours that are allowed"),
        (31, "failed", "the facts are 31 hours old, and 24 hours are allowed: whoever asks gets no answer"),
    ]:
        filled(fake, f"{hours}.db", hours).close()
        found, _ = look(store=f"{hours}.db")
        assert (found["facts"].state, says in found["facts"].says) == (state, True)
        assert "see that `rolecall sync --watch` is running" in found["facts"].fix
    assert f"`rolecall sync --forget {PINE_HOLLOW}` where it has left for good" in found["facts"].fix


def test_a_store_of_a_paused_district_says_until_when_it_is_decided_on(fake):
    """Facts are as old as the last sync."""
    fake.pause(OAKVALE, last_sync=stamp(20))
    fake.pause(PINE_HOLLOW)
    fake.change("district", {"id": PINE_HOLLOW, "state": "paused"})
    filled(fake).close()
    _, found = look(store="roster.db")
    paused, unknown = [one for one in found if one.check == "facts"]
    assert (paused.state, unknown.state) == ("warning", "failed")
    assert paused.says.startswith("the facts are 20 hours old: Clever says that the district is paused or in error")
    assert paused.fix.startswith("in 3 hours decisions end")
    assert unknown.says.startswith("the facts are of unknown age, and 24 hours are allowed")


def test_a_full_read_that_was_left_half_done_is_told(fake):
    """One that is under way is no trouble."""
    store = filled(fake)
    store.begin(OAKVALE, None, "somebody", time.time_ns() - 3 * HOUR)
    store.begin(PINE_HOLLOW, None, "somebody", time.time_ns() - SECOND)
    _, found = look(store="roster.db")
    left, busy = [one for one in found if one.check == "read"]
    assert (left.state, left.fix, busy.state) == ("warning", "`rolecall sync` goes on with it", "ok")
    assert "and was left half done 3 hours ago; nobody sees what it gathered" in left.says
    store.begin("new", None, "somebody", time.time_ns())
    new = next(one for one in look(store="roster.db")[1] if one.district == "new")
    assert new.says == "the district was never read in full"
    store.close()


def test_districts_and_tokens_that_do_not_meet_are_told(fake):
    """A district without a token grows old, a token without a district was never read; one asked about has neither."""
    filled(fake).close()
    fake.change("district", {"id": "new"})
    _, found = look(fake, {OAKVALE: SECRET, "new": fake.tokens.get("new", "x")}, store="roster.db")
    told = {(one.check, one.district): one.says for one in found if one.state != "ok"}
    assert (
        told["token", PINE_HOLLOW] == "the store holds the district, but there is no token for it: its facts grow old"
    )
    fixes = {(one.check, one.district): one.fix for one in found}
    assert f"`rolecall sync --forget {PINE_HOLLOW}` where it has left for good" in fixes["token", PINE_HOLLOW]
    assert told["facts", "new"] == "there is a token, but the store does not hold the district"
    found, _ = look(fake, only=("gone",))
    assert found["token"].says == "there is no token for this district"


def test_what_is_wrong_with_a_store_is_told(tmp_path, fake):
    """One that is named and not there, something else, an empty one, one from a time to come."""
    (tmp_path / "other.db").write_text("no database, " * 100)
    Store.open("empty.db").close()
    for store, says, fix in [
        ("none.db", "there is no roster store `none.db`", "`rolecall sync` makes one, `--store` names another"),
        ("other.db", "failed: file is not a database (the file is something else", "name another with `--store`)"),
    ]:
        found, _ = look(store=store, store_named=True)
        assert (found["store"].state, says in found["store"].says) == ("failed", True)
        assert found["store"].fix == fix
    found, _ = look(store="empty.db")
    assert (found["store"].says[-13:], found["facts"].says) == (", still empty", "the store holds no district yet")
    filled(fake, hours=-2).close()
    assert "is of a time to come" in look(store="roster.db")[0]["store"].says


def test_a_store_that_breaks_while_it_is_looked_at_is_told(monkeypatch, fake):
    """In the database's own words; and one that this user may only read."""
    filled(fake).close()
    monkeypatch.setattr("os.access", lambda *_: False)
    found, _ = look(store="roster.db")
    assert (found["store"].state, found["store"].says.startswith("this user may not write `")) == ("warning", True)

    def broken(*_):
        raise FactsError("the roster store `roster.db` failed: disk I/O error")

    monkeypatch.setattr(Store, "look", broken)
    found, _ = look(store="roster.db")
    assert found["store"] == Result(
        "store", "failed", "the roster store `roster.db` failed: disk I/O error", "mend that, and look again"
    )


def test_little_room_is_told(monkeypatch, fake):
    """On a full disk no change is kept."""
    filled(fake).close()
    for free, state in ((1 << 20, "failed"), (1 << 50, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert look(store="roster.db")[0]["room"].state == state
    monkeypatch.setattr("rolecall.diagnosis.of_store._LITTLE", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    assert look(store="roster.db")[0]["room"].state == "warning"


def test_what_is_wrong_with_the_policy_is_told(tmp_path):
    """Errors fail, warnings warn; `rolecall check` shows them all."""
    file = tmp_path / "policy.yaml"
    good = (
        "rolecall: 1\napplication: x\nresources: {section: {permissions: [view]}}\n"
        "rules: [{id: r, because: B., when: {teacher: section}, min: all}]\n"
    )
    for text, state, says in [
        (good, "ok", f"`{file}` loads: 1 rule for `x`"),
        (good + "permission_sets: {u: {section: [view]}}\n", "warning", f"`{file}` loads, with 1 warning"),
        (good.replace("min: all", "min: al"), "failed", f"`{file}` has 1 error; the first: "),
    ]:
        file.write_text(text)
        found, _ = look(policies=file)
        assert (found["policy"].state, says in found["policy"].says) == (state, True)
    found, _ = look(policies=tmp_path / "none")
    assert (found["policy"].state, found["policy"].says) == ("failed", f"there is no policy `{tmp_path}/none`")


def test_what_is_odd_in_the_environment_is_told(monkeypatch, tmp_path):
    """Tokens in two places, half a client, a file that is no tokens, a file for all to read."""
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({OAKVALE: SECRET}))
    monkeypatch.setenv("ROLECALL_CLEVER_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("rolecall_cli.commands.doctor._PATIENCE", timedelta(milliseconds=50))
    monkeypatch.setenv("ROLECALL_CLEVER_TOKENS", str(file))
    monkeypatch.setenv("CLEVER_CLIENT_ID", "x")
    file.chmod(0o644)
    out = run("doctor").out
    assert (
        f"warning  tokens: others on this machine can read the tokens in `{file}`\n         chmod 600 {file}\n" in out
    )
    assert (
        "warning  tokens: CLEVER_CLIENT_ID is set and CLEVER_CLIENT_SECRET is not\n         set both, or neither\n"
        in out
    )
    monkeypatch.setenv("CLEVER_CLIENT_SECRET", "y")
    file.chmod(0o600)
    out = run("doctor").out
    assert "others on this machine" not in out
    assert "ROLECALL_CLEVER_TOKENS is used, and CLEVER_CLIENT_ID and CLEVER_CLIENT_SECRET beside it is not" in out
    for text, says in [(f'["{SECRET}"]', 'must be {"district id": "token"}'), ("{", "is not JSON")]:
        file.write_text(text)
        ran = run("doctor")
        assert f"failed   tokens: `{file}`, which ROLECALL_CLEVER_TOKENS names, {says}" in ran.out
        assert SECRET not in ran.out + ran.err
    monkeypatch.setenv("ROLECALL_CLEVER_TOKEN", f"{SECRET} in two words")
    ran = run("doctor")
    assert "failed   tokens: the district: a token must be visible ASCII characters without a space" in ran.out
    assert SECRET not in ran.out + ran.err


def test_an_application_without_a_district_is_told(fake):
    """Clever lists none for its client id and secret."""
    found, _ = look(fake, {})
    assert found["token"].says == "Clever lists no district for this application"


def test_a_check_that_breaks_does_not_hide_the_others(monkeypatch):
    """It says which, and nothing that may be secret."""

    def broken(_):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(diagnosis, "CHECKS", (broken, *CHECKS[:1]))
    first, second = diagnose(Setup(POLICIES))
    assert first == Result(
        "broken",
        "failed",
        "this could not be checked: rolecall itself is at fault (RuntimeError)",
        "report it, with what the other lines say",
    )
    assert second.check == "policy"


def test_without_the_extra_it_says_what_to_install(tmp_path):
    """And still looks at the policy; tokens or a store that are named make it a failure."""
    code = (
        "import sys\n"
        "sys.modules.update({'sqlalchemy': None, 'httpx': None, 'cachetools': None})\n"
        "sys.argv = ['rolecall', 'doctor', '--policies', sys.argv[1]]\n"
        "from rolecall_cli.main import main\n"
        "main()\n"
    )
    for more, state in (({}, "warning"), ({"ROLECALL_CLEVER_TOKEN": SECRET}, "failed")):
        done = subprocess.run(
            [sys.executable, "-c", code, str(POLICIES)],
            cwd=tmp_path,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (int(state == "failed"), "")
        assert "ok       policy: " in done.stdout
        assert f"\n{state:<7}  store: live facts need `" in done.stdout
        assert "`pip install 'rolecall[live]'`" in done.stdout
        assert SECRET not in done.stdout
