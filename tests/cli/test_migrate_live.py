"""`rolecall migrate plan --map clever:`: Clever itself, with the tokens of the environment; against the fake on a socket."""

import json
import os
import sys

import pytest
from rolecall.migration import read_plan
from rolecall.testing import FakeClever, Fault
from rolecall_cli.migrate import progress
from shell import demo_file, run

TOKENS = ("s3cret-token-of-one", "s3cret-token-of-two")


@pytest.fixture
def district():
    """The demo's two districts, as a snapshot."""
    return json.loads(demo_file().read_text())


@pytest.fixture
def fake(district):
    names = sorted({one["district"] for one in district["users"]})
    return FakeClever(district, tokens=dict(zip(names, TOKENS, strict=True)))


@pytest.fixture
def plan(fake, district, tmp_path, monkeypatch):
    """`rolecall migrate plan` of every account of the demo, with an address and a file of tokens in the environment."""
    monkeypatch.chdir(tmp_path)
    rows = [
        f"{role['legacy_id']},{name},{user['district']}"
        for user in district["users"]
        for name, role in (user["roles"] or {}).items()
    ]
    lines = [f"{number},{one}" for number, one in enumerate(rows, 1)]
    (tmp_path / "accounts.csv").write_text("\n".join(["id,clever_id,role,district", *lines, ""]))
    for name in [name for name in os.environ if name.startswith(("ROLECALL_", "CLEVER_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "tokens.json").write_text(json.dumps(fake.tokens))
    monkeypatch.setenv("ROLECALL_CLEVER_TOKENS", "tokens.json")
    with fake.serve() as server:
        monkeypatch.setenv("ROLECALL_CLEVER_URL", server.url)

        def planned(*maps, out="plan.jsonl"):
            sources = [word for one in maps for word in ("--map", one)]
            ran = run("migrate", "plan", "--accounts", "accounts.csv", *sources, "-o", out)
            said = ran.out + ran.err + ((tmp_path / out).read_text() if (tmp_path / out).exists() else "")
            assert "s3cret" not in said
            return ran

        yield planned


def test_the_plan_is_that_of_a_snapshot_of_the_same_data(plan, fake):
    """The same steps to the byte, from all districts that there are tokens for; the plan names each as a source."""
    assert plan(demo_file(), out="held.jsonl").code == plan("clever:").code
    held, live = read_plan("held.jsonl").header, read_plan("plan.jsonl").header
    assert (live.steps, live.outcomes) == (held.steps, held.outcomes)
    assert [one["name"] for one in live.map.sources] == [f"clever:{name}" for name in sorted(fake.tokens)]
    plan("clever:", out="again.jsonl")
    assert read_plan("again.jsonl").header == live


def test_one_district_with_its_one_token(plan, fake, monkeypatch):
    """`clever:DISTRICT`; the other district's accounts have no new ids then. Sources can be mixed."""
    one, other = sorted(fake.tokens)
    monkeypatch.setenv("ROLECALL_CLEVER_TOKEN", fake.tokens[one])
    plan(f"clever:{one}")
    assert [one["name"] for one in read_plan("plan.jsonl").header.map.sources] == [f"clever:{one}"]
    ran = plan(f"clever:{other}", out="none.jsonl")
    assert (ran.code, f"there are tokens for `{one}`" in ran.err) == (4, True)
    plan("clever:", demo_file(), out="both.jsonl")
    assert read_plan("both.jsonl").header.outcomes.get("unmapped", 0) == 0


def test_a_token_typed_for_a_district_is_not_shown(plan, fake, tmp_path):
    """Whoever mistakes the one for the other hears which districts there are."""
    ran = plan(f"clever:{TOKENS[0]}")
    assert ran.code == 4
    assert all(one in ran.err for one in fake.tokens)
    assert not (tmp_path / "plan.jsonl").exists()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.status(401), "Clever refuses the token (401 for `users`)"),
        (Fault.json({"data": 5}), "its answer is no page of a list"),
    ],
)
def test_without_every_list_there_is_no_plan(plan, fake, tmp_path, fault, says):
    """Exit code 4, the district by name, and nothing written: half a map would leave people unmapped."""
    last = max(fake.tokens)
    fake.fault(fault, path="/v3.0/users", skip=4, district=last)
    ran = plan("clever:")
    assert (ran.code, ran.out) == (4, "")
    assert f"rolecall: district `{last}`: " in ran.err
    assert says in ran.err
    assert "Half a list of users is no map, so there is none" in ran.err
    assert not list(tmp_path.glob("plan.jsonl*"))


def test_without_a_token_it_says_where_to_put_one(plan, monkeypatch):
    """Wrong usage, in the words of `rolecall sync`."""
    monkeypatch.delenv("ROLECALL_CLEVER_TOKENS")
    ran = plan("clever:")
    assert (ran.code, "ROLECALL_CLEVER_TOKEN" in ran.err) == (2, True)


def test_without_the_extra_it_says_what_to_install(plan, monkeypatch):
    """Wrong usage, with the command."""
    monkeypatch.delitem(sys.modules, "rolecall.live")
    for name in [name for name in sys.modules if name.startswith("rolecall.facts.clever")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httpx", None)
    ran = plan("clever:")
    assert ran.code == 2
    assert "pip install 'rolecall[live]'" in " ".join(ran.err.replace("│", " ").split())


def test_progress_and_what_was_left_out_are_told(plan, fake, monkeypatch):
    """How many users so far; a user without an id is noted."""
    monkeypatch.setattr(progress, "_EVERY", -1.0)
    fake.change("user", {"roles": {"teacher": {"legacy_id": "o9"}}}, district=min(fake.tokens))
    ran = plan("clever:")
    assert "users at Clever: " in ran.err
    assert f"1 rows of the map are wrong, the first: clever:{min(fake.tokens)}" in ran.err
