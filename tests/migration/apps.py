"""An application's database, made at random: accounts that name each other, and tables that name them in every way."""

import random

import postgres
from rolecall.migration import Choice, Map, Planner, Settings, open_accounts, read_plan
from rolecall.migration.model import AccountColumns
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

COLUMNS = AccountColumns(
    "accounts", "id", "clever_id", "kind", "district", "frozen", "seen", archive={"archived": True}
)

_TABLES = {
    "accounts": """
        id {int} PRIMARY KEY, clever_id {id} UNIQUE, kind {word}, district {word}, frozen {int}, seen {time},
        points {int}, theme {word}, email {id} UNIQUE, archived {bool}, photo {blob}, ratio {float}, money {decimal},
        manager {int} REFERENCES accounts (id)""",
    "enrolments": """
        id {int} PRIMARY KEY, account {int} NOT NULL REFERENCES accounts (id), course {word}, note {word},
        UNIQUE (account, course)""",
    "notes": "id {int} PRIMARY KEY, enrolment {int} REFERENCES enrolments (id) ON DELETE CASCADE, words {word}",
    "grades": "id {int} PRIMARY KEY, account {int} REFERENCES accounts (id), given_by {int} REFERENCES accounts (id), mark {float}",
    "badges": "account {int} NOT NULL REFERENCES accounts (id), badge {word} NOT NULL, PRIMARY KEY (account, badge)",
    "visits": "account {int} REFERENCES accounts (id), page {word}",
    "seats": "id {int} PRIMARY KEY, account {int} REFERENCES accounts (id), place {int}, UNIQUE (account)",
    "letters": """
        sender {int} NOT NULL REFERENCES accounts (id), receiver {int} NOT NULL REFERENCES accounts (id),
        PRIMARY KEY (sender, receiver)""",
}
_KINDS = {
    "sqlite": {
        "int": "INTEGER",
        "id": "VARCHAR(64)",
        "word": "VARCHAR(40)",
        "time": "TEXT",
        "bool": "BOOLEAN",
        "blob": "BLOB",
        "float": "DOUBLE PRECISION",
        "decimal": "NUMERIC(12, 4)",
    },
}
_KINDS["postgresql"] = {**_KINDS["sqlite"], "time": "TIMESTAMPTZ", "blob": "BYTEA"}
_KINDS["mysql"] = {**_KINDS["sqlite"], "time": "DATETIME(6)", "blob": "VARBINARY(20)"}
DISTRICTS = ("d1", "d2", "d3")


class App:
    """A database with people in it, and what Clever's map says of them."""

    def __init__(self, url, seed=0, people=12):
        self.url, self.random = url, random.Random(seed)
        self.map = Map()
        self.people = people
        self.accounts = []

    def make(self):
        kind = self.url.partition(":")[0].partition("+")[0]
        with self.connect() as connection:
            for name, columns in _TABLES.items():
                connection.execute(text(f"CREATE TABLE {name} ({columns.format(**_KINDS[kind])})"))
            self._people(connection)
            for name, row in self._around():
                self.insert(connection, name, row)
        return self

    def connect(self):
        return create_engine(driver(self.url), poolclass=NullPool).begin()

    @staticmethod
    def insert(connection, name, row):
        names = ", ".join(row)
        values = ", ".join(f":{one}" for one in row)
        connection.execute(text(f"INSERT INTO {name} ({names}) VALUES ({values})"), row)  # noqa: S608 - our own names

    def _people(self, connection):
        rng, key = self.random, 0
        for number in range(self.people):
            district, new = rng.choice(DISTRICTS), f"new{number:04}"
            roles = rng.sample(("teacher", "staff", "district_admin"), rng.choice((1, 1, 2, 2, 3)))
            for role in roles:
                old = f"{role[0]}{number:04}"
                self.map.add(district, role, old, new)
                if rng.random() < 0.05:
                    continue
                key += 1
                carries = (
                    new if rng.random() < 0.1 and not any(one["clever_id"] == new for one in self.accounts) else old
                )
                self._account(key, carries, role, "d9" if rng.random() < 0.03 else district, connection)
        for number in range(self.people // 2):
            key += 1
            self._account(key, f"pupil{number:04}", "student", "d1", connection)
        key += 1
        self._account(key, None, "teacher", "d1", connection)
        for one in self.accounts:
            if rng.random() < 0.4:
                connection.execute(
                    text("UPDATE accounts SET manager = :manager WHERE id = :id"),
                    {"id": one["id"], "manager": rng.choice(self.accounts)["id"]},
                )

    def _account(self, key, clever_id, role, district, connection):
        rng = self.random
        row = {
            "id": key,
            "clever_id": clever_id,
            "kind": role,
            "district": district,
            "frozen": int(rng.random() < 0.03),
            "seen": rng.choice((None, "2026-06-01 08:00:00", "2025-12-24 18:30:00")),
            "points": rng.choice((None, 0, 3, 12)),
            "theme": rng.choice((None, "", "dark", "Ærø ☃")),
            "email": rng.choice((None, f"p{key}@example.test")),
            "archived": False,
            "photo": rng.choice((None, b"\x00\xff\x10")),
            "ratio": rng.choice((None, 0.1, 1e300, -0.0)),
            "money": rng.choice((None, "12.3400", "0.1000")),
        }
        self.accounts.append(row)
        self.insert(connection, "accounts", row)

    def _around(self):
        rng, keys = self.random, [one["id"] for one in self.accounts]
        several = 3 * len(keys)
        places, seats, badges, letters = set(), set(), set(), set()
        for number in range(1, several):
            at = (rng.choice(keys), rng.choice(("maths", "art", "music", None)))
            if at[1] is None or at not in places:
                places.add(at)
                yield "enrolments", {"id": number, "account": at[0], "course": at[1], "note": rng.choice((None, "x"))}
                if rng.random() < 0.1:
                    yield "notes", {"id": number, "enrolment": number, "words": "kept"}
            grade = {"account": rng.choice((None, *keys)), "given_by": rng.choice(keys), "mark": rng.random()}
            yield "grades", {"id": number, **grade}
            badge = (rng.choice(keys), rng.choice(("gold", "tin")))
            if badge not in badges and rng.random() < 0.3:
                badges.add(badge)
                yield "badges", {"account": badge[0], "badge": badge[1]}
            visit = {"account": rng.choice((None, *keys)), "page": rng.choice(("a", None, "b", f"{number}"))}
            for _ in range(rng.choice((1, 1, 2))):
                yield "visits", visit
            letter = (rng.choice(keys), rng.choice(keys))
            if letter not in letters:
                letters.add(letter)
                yield "letters", {"sender": letter[0], "receiver": letter[1]}
            seat = rng.choice(keys)
            if seat not in seats and rng.random() < 0.2:
                seats.add(seat)
                yield "seats", {"id": number, "account": seat, "place": number}

    def settings(self, do="consolidate", clash="keep", **more):
        choice = Choice("consolidate", columns={"points": "sum", "theme": "filled", "email": "filled", "money": "sum"})
        return Settings(accounts=COLUMNS, choice=choice if do == "consolidate" else Choice(do, **more), clash=clash)

    def plan(self, folder, settings=None, name="plan.jsonl"):
        settings = settings or self.settings()
        source = open_accounts(self.url, settings)
        planner = Planner(self.map, settings)
        planner.run(source)
        with (folder / name).open("wb") as file:
            planner.write(file)
        planner.close()
        source.close()
        return read_plan(folder / name)

    def all(self, query):
        with self.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


def driver(url):
    """The URL with its driver."""
    return url.replace("postgresql:", "postgresql+psycopg:", 1) if url.startswith("postgresql:") else url


def new_url(kind, folder):
    """An empty database."""
    if kind == "sqlite":
        path = folder / "app.db"
        path.touch()
        return f"sqlite:///{path}"
    if kind == "postgresql":
        return postgres.new_database()
    import mariadb  # noqa: PLC0415 - the test's own module

    return mariadb.new_database()
