"""The application of docs/migration-example.md, run: a login with Clever, the role toggle, old ids, conflicts, new people."""

import asyncio
import base64
import json
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from demo import POLICIES
from rolecall import Authorizer, Snapshot
from rolecall.migration import Resolver, read_settings
from rolecall.testing import CAST, FakeClever, demo_district
from shell import run
from test_docs import world

PAGE = "migration-example.md"
SECRETS = {
    "CLEVER_CLIENT_ID": "client-1",
    "CLEVER_CLIENT_SECRET": "client-secret-1",
    "CLEVER_REDIRECT_URI": "https://grades.example/callback",
    "SESSION_SECRET": "session-secret-1",
}
TEACHER, FROZEN, NEW, OLD = (
    CAST[one].id for one in ("multi_role_teacher", "teaching_tech_lead", "principal", "co_teacher")
)


class Clever(httpx.BaseTransport):
    """The made-up Clever, and the exchange of a code (here: the user's id) for a token."""

    def __init__(self):
        self.fake = FakeClever(demo_district())
        self.api = self.fake.transport()
        self.tokens, self.asked = [], []

    def handle_request(self, request):
        if request.url.path != "/oauth/tokens":
            return self.api.handle_request(request)
        basic = base64.b64encode(b"client-1:client-secret-1").decode()
        asked = json.loads(request.read())
        self.asked.append(asked)
        if request.headers["Authorization"] != f"Basic {basic}" or asked["code"] not in self.fake_users():
            return httpx.Response(400, json={"error": "invalid_grant"})
        assert asked == {**asked, "grant_type": "authorization_code", "redirect_uri": SECRETS["CLEVER_REDIRECT_URI"]}
        self.tokens.append(self.fake.sso_token(asked["code"]))
        return httpx.Response(200, json={"access_token": self.tokens[-1]})

    @staticmethod
    def fake_users():
        return {one["id"] for one in demo_district()["users"]}


class Browser:
    """Asks the application in this process, and keeps its cookies as a browser does."""

    def __init__(self, app):
        self.asking = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://grades.example")
        self.cookies = self.asking.cookies

    def ask(self, method, path, **more):
        return asyncio.run(self.asking.request(method, path, **more))

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path):
        return self.ask("POST", path)

    def put(self, path, **more):
        return self.ask("PUT", path, **more)


@pytest.fixture
def clever():
    return Clever()


@pytest.fixture
def client(tmp_path, monkeypatch, clever):
    """The page's application over the page's database, which was carried over as the page says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLECALL_ACCOUNTS", "sqlite:///app.db")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    world(tmp_path, PAGE)
    subprocess.run([sys.executable, "make.py"], check=True)
    run("migrate", "plan", "--config", "migration.yaml", "--map", "demo.json", "-o", "plan.jsonl")
    assert run("migrate", "apply", "plan.jsonl", "--commit").code == 0
    names = {"__name__": "app"}
    exec(compile((tmp_path / "app.py").read_text(), "app.py", "exec"), names)  # noqa: S102 - the page's own code
    at = datetime(2026, 10, 14, 15, tzinfo=UTC)
    pdp = Authorizer.load(POLICIES, facts=Snapshot.load("demo.json"), clock=lambda: at)
    resolver = Resolver.open("sqlite:///app.db", read_settings("migration.yaml"))
    with httpx.Client(transport=clever) as asking:
        yield Browser(names["create_app"](pdp, resolver, asking))
    resolver.close()


def query(said, *values):
    with closing(sqlite3.connect("app.db")) as database, database:
        return database.execute(said, values).fetchall()


def begin(client):
    """Press the button, and give the state that Clever is sent."""
    sent = urlsplit(client.get("/login").headers["Location"])
    return parse_qs(sent.query)["state"][0]


def come_in(client, user):
    """Log in as somebody."""
    return client.get("/callback", params={"code": user, "state": begin(client)})


def session(client):
    """What the cookie holds, which anybody can read who has it."""
    return json.loads(base64.b64decode(client.cookies["session"].partition(".")[0]))


def test_where_people_are_sent(client):
    """To Clever, with the client's id and a state of their own; never with the secret."""
    sent = client.get("/login").headers["Location"]
    asked = parse_qs(urlsplit(sent).query)
    assert sent.startswith("https://clever.com/oauth/authorize?")
    assert (asked["client_id"], asked["redirect_uri"]) == (["client-1"], [SECRETS["CLEVER_REDIRECT_URI"]])
    assert "secret" not in sent
    assert asked["state"] != [begin(client)]
    cookie = client.get("/login").headers["Set-Cookie"].lower()
    assert all(one in cookie for one in ("secure", "httponly", "samesite=lax"))


def test_the_toggle_changes_what_is_allowed(client):
    """One account, two roles: as a teacher they grade their class, as staff of another school they do not."""
    ran = come_in(client, TEACHER)
    assert (ran.status_code, ran.headers["Location"]) == (303, "/")
    assert session(client)["account"] == "2"
    assert "as teacher" in client.get("/").text
    assert client.put("/grades/1", json={"mark": "A"}).json() == "A"
    assert query("SELECT mark, given_by FROM grades") == [("A", 2)]
    assert client.post("/role/staff").status_code == 303
    assert "as staff" in client.get("/").text
    ran = client.put("/grades/1", json={"mark": "F"})
    assert (ran.status_code, query("SELECT mark FROM grades")) == (403, [("A",)])
    client.post("/role/teacher")
    assert client.put("/grades/1", json={"mark": "C"}).status_code == 200


def test_a_role_that_they_do_not_hold(client):
    """The toggle offers no other one, whatever is asked for."""
    come_in(client, TEACHER)
    assert client.post("/role/district_admin").status_code == 404
    assert session(client)["acting_as"] == ["teacher"]


def test_an_account_with_an_old_id_is_found(client):
    """Some job wrote the old id after the run: the person comes into this account, and gets no second one."""
    query(
        "INSERT INTO accounts (id, clever_id, role, district) VALUES (30, '1e6ac1000000000000000002', 'teacher', 'd15700000000000000000001')"
    )
    assert come_in(client, OLD).status_code == 303
    assert session(client)["account"] == "30"
    assert query("SELECT COUNT(*) FROM accounts WHERE clever_id = ?", OLD) == [(0,)]


def test_old_ids_keep_resolving(client):
    """Of merged accounts too, whose rows are gone."""
    del client
    resolver = Resolver.open("sqlite:///app.db", read_settings("migration.yaml"))
    assert {resolver.current(one) for one in ("1e6ac1000000000000000001", "1e6ac2000000000000000001")} == {TEACHER}
    resolver.close()


def test_a_conflict_is_a_sentence(client):
    """No account is entered and none is made; nobody is logged in."""
    before = query("SELECT * FROM accounts")
    ran = come_in(client, FROZEN)
    assert ran.status_code == 409
    assert ran.json()["detail"].startswith("Your old accounts are not put together yet.")
    assert query("SELECT * FROM accounts") == before
    assert client.get("/").status_code == 401


@pytest.mark.parametrize("since", ["before", "during", "gone"])
def test_a_frozen_account(client, since):
    """It was carried over, and lets nobody in; whoever is in already reads why at once. One that is gone asks to log in."""
    end = "DELETE FROM accounts WHERE id = 2" if since == "gone" else "UPDATE accounts SET frozen = 1 WHERE id = 2"
    if since == "before":
        query(end)
        ran = come_in(client, TEACHER)
        assert (ran.status_code, ran.json()["detail"].partition(".")[0]) == (403, "This account is frozen")
        assert client.get("/").status_code == 401
        return
    come_in(client, TEACHER)
    query(end)
    code = 401 if since == "gone" else 403
    asked = (
        client.get("/"),
        client.post("/role/staff"),
        client.get("/grades/1"),
        client.put("/grades/1", json={"mark": "F"}),
    )
    assert [one.status_code for one in asked] == [code] * 4
    assert query("SELECT mark FROM grades") == [("B",)]


def test_somebody_new(client):
    """They get one account, with the v3.0 id, however often they come; and see no grade that is not theirs to see."""
    for _ in range(2):
        assert come_in(client, NEW).status_code == 303
    ((account, role),) = query("SELECT id, role FROM accounts WHERE clever_id = ?", NEW)
    assert (session(client)["account"], role) == (str(account), "staff")
    assert client.put("/grades/1", json={"mark": "F"}).status_code == 403


def test_somebody_without_a_role(client):
    """They are told whom to ask, and get no account."""
    ran = come_in(client, CAST["nobody"].id)
    assert (ran.status_code, query("SELECT COUNT(*) FROM accounts")) == (403, [(5,)])


@pytest.mark.parametrize("state", ["other", "é", "x" * 500])
def test_a_state_that_is_not_ours(client, clever, state):
    """The code is not as much as tried."""
    begin(client)
    assert client.get("/callback", params={"code": TEACHER, "state": state}).status_code == 400
    assert clever.asked == []


def test_a_state_counts_once_and_in_one_browser(client, clever):
    """Neither again, nor with another browser's cookie; nor without a code."""
    state = begin(client)
    assert client.get("/callback", params={"state": state}).status_code == 400
    state = begin(client)
    assert client.get("/callback", params={"code": TEACHER, "state": state}).status_code == 303
    assert client.get("/callback", params={"code": TEACHER, "state": state}).status_code == 400
    stolen = begin(client)
    client.cookies.clear()
    assert client.get("/callback", params={"code": TEACHER, "state": stolen}).status_code == 400
    assert len(clever.asked) == 1


def test_from_the_portal(client, clever):
    """A code without a state is not used: the login begins anew."""
    ran = client.get("/callback", params={"code": TEACHER})
    assert (ran.status_code, ran.headers["Location"], clever.asked) == (303, "/login", [])


def test_a_code_that_clever_refuses(client):
    """A sentence, and nobody is in."""
    ran = come_in(client, "no-such-code")
    assert (ran.status_code, client.get("/").status_code) == (502, 401)
    assert "Please begin again" in ran.json()["detail"]


def test_no_token_is_told(client, clever, caplog):
    """Neither in a log, nor in an address, nor in the cookie, nor in an answer; the same for the secret."""
    caplog.set_level(logging.DEBUG)
    ran = come_in(client, TEACHER)
    page = client.get("/")
    said = [caplog.text, *ran.headers.values(), json.dumps(session(client)), page.text, *page.headers.values()]
    assert "HTTP Request" in caplog.text
    for secret in (*clever.tokens, "client-secret-1", "session-secret-1"):
        assert not any(secret in one for one in said)


def test_without_a_login(client):
    """Nothing is shown or done."""
    assert [client.get("/").status_code, client.get("/grades/1").status_code] == [401, 401]
    assert client.put("/grades/1", json={"mark": "F"}).status_code == 401
    assert client.post("/role/teacher").status_code == 401


def test_a_database_that_fails(client):
    """Is told as "later", never as a no, and nobody comes in."""
    query("ALTER TABLE accounts RENAME TO elsewhere")
    assert come_in(client, TEACHER).status_code == 503
    assert client.get("/").status_code == 401
