"""Ids only: no name or address is ever in a store; with a key no user's id either, and decisions can be made again."""

import secrets
import sys
from pathlib import Path

import demo
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rolecall import Authorizer, Resource, Snapshot
from rolecall.audit import Audit, open_store
from rolecall.audit.masks import Masks
from rolecall.audit.rebuild import Rebuilder
from rolecall.audit.replay import Replay, replay
from rolecall.audit.stores.base import Query
from rolecall.testing import CAST, demo_district

sys.path.insert(0, str(Path(__file__).parent))
import logs
from chains import walk

MARK = "MARKED"


def stored_bytes(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def marked(raw):
    """The snapshot with marked names, addresses and designations in every user's record."""
    users = []
    for user in raw["users"]:
        more = {"name": {"first": f"{MARK}-first", "last": MARK}, "email": f"{MARK}@example.org"}
        roles = dict(user.get("roles") or {})
        if roles.get("staff"):
            roles["staff"] = {**roles["staff"], "roles": [f"{MARK}", f"{MARK} Smith <{MARK}@example.org>"]}
            roles["staff"]["title"] = MARK
        users.append({**user, **more, "roles": roles})
    return {**raw, "users": users}


def blobs_of(store):
    import msgspec  # noqa: PLC0415 - as short

    return {one.digest: msgspec.json.decode(one.body) for one in store.all_blobs()}


@pytest.mark.parametrize("form", ["{}/audit.db", "jsonl:{}/lines"])
def test_no_name_and_no_address_is_ever_stored(form, tmp_path):
    """Not from users' records, not from what an application passes, not from ids that are none."""
    url = form.format(tmp_path)
    audit = Audit.open(url)
    facts = Snapshot.read(marked(demo_district(users=100)), "demo.json")
    pdp = Authorizer.load(demo.POLICIES, facts=facts, clock=lambda: demo.NOW, audit=audit)
    for one in CAST.values():
        pdp.authorize(one.id, demo.at("algebra_class"), "view")
        pdp.authorize(one.id, demo.assignment(title=MARK, student_name=f"{MARK}@example.org", visibility=f"{MARK}"))
        pdp.authorize(one.id, demo.note("child_high", owner=f"{MARK}@example.org"), "view")
    pdp.authorize(f"{MARK}@example.org", demo.at("algebra_class"), "view")
    pdp.authorize(f"{MARK} Smith", Resource("section", f"{MARK}'s class of Mrs. {MARK}"), "view")
    pdp.authorize("x", Resource("assignment", f"the {MARK} essay", {"section": f"{MARK} \u2028 \ud800"}), "view")
    audit.close()
    assert MARK.encode() not in stored_bytes(tmp_path)
    assert audit.store.count() > 50


@pytest.mark.parametrize("form", ["{}/audit.db", "jsonl:{}/lines"])
def test_pseudonyms_hide_users_and_replay_agrees(form, tmp_path):
    """No user's id is anywhere in the store, and every decision can be made again, bit for bit."""
    url, key = form.format(tmp_path), secrets.token_bytes(32)
    audit = Audit.open(url, pseudonym_key=key)
    decisions = logs.record(audit, logs.requests(400))
    pdp = Authorizer.load(demo.POLICIES, facts=demo.snapshot(), clock=lambda: demo.NOW, audit=audit)
    for one in CAST.values():
        decisions.append(pdp.authorize(one.id, demo.grade("child_high", "algebra_class", owner=one.id), "view"))
        decisions.append(pdp.authorize(one.id, demo.note("child_high", owner=one.id)))
        decisions.append(pdp.authorize(f"{one.id}-gone", Resource("student", f"{one.id}-unknown"), "view"))
    audit.close()
    data = stored_bytes(tmp_path)
    users = {one["id"] for one in demo_district(users=100)["users"]}
    assert [one for one in users if one.encode() in data] == []
    assert b"-gone" not in data
    store = open_store(url)
    entries, blobs = walk(store, audit.writer), blobs_of(store)
    tally, again = Replay(), Rebuilder(blobs)
    assert list(replay(entries, blobs, tally)) == []
    assert tally.equal == len(decisions)
    for entry, decision in zip(entries, decisions, strict=True):
        assert entry.pseudonymised
        assert again.decision(entry).permissions == decision.permissions
    someone = decisions[0].subject
    found = [one.entry.id for one in store.search(Query(user=Masks(key).user(someone)))]
    assert found == [
        one.id
        for one in sorted(decisions, key=lambda d: (d.nanoseconds, decisions.index(d)), reverse=True)
        if one.subject == someone
    ]


@given(st.text(max_size=200), st.text(max_size=200), st.booleans())
def test_what_is_shown_of_two_ids_is_equal_only_where_they_are(one, other, hides):
    """Whatever they are, and always a text that every store can hold."""
    masks = Masks(b"0123456789abcdef" if hides else None)
    for shown in (masks.id, masks.user):
        assert (shown(one) == shown(other)) == (one == other)
        assert shown(one).isascii()
    assert masks.text(f"`{one}` {other}").isprintable()
