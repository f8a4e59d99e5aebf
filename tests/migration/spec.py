"""What becomes of an application of `apps.py`, said plainly: slow, over rows as they are, and written from the docs."""

from collections import Counter
from decimal import Decimal

EMPLOYEES = ("district_admin", "staff", "teacher")  # in the order in which accounts survive
REFERRING = {  # by table: the columns that name accounts, the unique keys that hold one of them
    "enrolments": (("account",), (("account", "course"),)),
    "grades": (("account", "given_by"), ()),
    "badges": (("account",), (("account", "badge"),)),
    "visits": (("account",), ()),  # no key at all: rows that become alike are as many as before
    "seats": (("account",), (("account",),)),
    "letters": (("sender", "receiver"), (("sender", "receiver"),)),
}


class Spec:
    """What must come of accounts: `outcome` by key, `people` (person, their accounts, the survivor), who goes where."""

    def __init__(self, tables, rows_of_map, clash):
        self.before, self.clash = tables, clash
        self.olds = {old: (new, district) for district, _, old, new in rows_of_map}
        self.news = {new: district for district, _, _, new in rows_of_map}
        self.outcome, self.people, self.survivor = {}, {}, {}
        for one in tables["accounts"]:
            self._first(one)
        carried = {one["clever_id"] for one in tables["accounts"] if one["id"] in self.outcome}
        for person, mine in self.people.items():
            self._together(person, mine, taken=person in carried)
        if clash == "hold":
            for person in self._meeting():
                self.outcome |= {one["id"]: "unique-key" for one in self.people[person]}
                del self.survivor[person]

    def _first(self, one):
        """One account by itself."""
        if one["clever_id"] is None:
            self.outcome[one["id"]] = "null-id"
        elif one["kind"] == "student":
            self.outcome[one["id"]] = "unchanged-student"
        else:
            new, district = self.olds.get(one["clever_id"]) or (one["clever_id"], self.news[one["clever_id"]])
            if one["district"] != district:
                self.outcome[one["id"]] = "other-district"
            else:
                self.people.setdefault(new, []).append(one)

    def _together(self, person, mine, *, taken):
        """All accounts of one person."""
        moving = [one for one in mine if one["clever_id"] != person]
        said = "merged" if len(mine) > 1 else "rekeyed" if moving else "already-migrated"
        if moving and taken:
            said = "new-id-taken"
        elif any(one["frozen"] for one in (mine if len(mine) > 1 else moving)):
            said = "locked"
        self.outcome |= {one["id"]: said for one in mine}
        if said == "merged":
            best = sorted(mine, key=lambda one: (one["clever_id"] != person, EMPLOYEES.index(one["kind"]), one["id"]))
            self.survivor[person] = best[0]["id"]

    def targets(self, left=()):
        """Which account each one that goes gives way to."""
        return {
            one["id"]: stays
            for person, stays in self.survivor.items()
            for one in self.people[person]
            if one["id"] != stays and person not in left
        }

    def groups(self, left=()):
        """By table and unique key: rows by the place that they come to, where at least one of them moves."""
        to = self.targets(left)
        for table, (columns, keys) in REFERRING.items():
            for key in keys:
                found = {}
                for row in self.before[table]:
                    moved = row | {one: to.get(row[one], row[one]) for one in columns}
                    place = tuple(moved[one] for one in key)
                    if None not in place:
                        found.setdefault(place, []).append((row, moved))
                yield table, key, {place: rows for place, rows in found.items() if any(a != b for a, b in rows)}

    def _meeting(self):
        """People two rows of whom would meet under a unique key."""
        stays, found = {stays: person for person, stays in self.survivor.items()}, set()
        for table, key, places in self.groups():
            for place, rows in places.items():
                named = [one for name, one in zip(key, place, strict=True) if name in REFERRING[table][0]]
                if len(rows) > 1:
                    found |= {stays[one] for one in named if one in stays}
        return found

    def allowed_to_be_left(self):
        """People a row of whom would have to go although another row names it."""
        named, found = {one["enrolment"] for one in self.before["notes"]}, set()
        stays = {stays: person for person, stays in self.survivor.items()}
        for table, _, places in self.groups():
            for place, rows in places.items():
                if table == "enrolments" and len(rows) > 1 and any(row["id"] in named for row, _ in rows):
                    found.add(stays[place[0]])
        return found

    def check(self, after, left=()):
        """Every table is what it must be; raises `AssertionError`."""
        assert set(left) <= self.allowed_to_be_left()
        to = self.targets(left)
        assert after["notes"] == self.before["notes"]
        assert {one["id"]: one for one in after["accounts"]} == {
            one["id"]: self._account(one, to, left) for one in self.before["accounts"] if one["id"] not in to
        }
        met = {table: places for table, _, places in self.groups(left)}
        for table, (columns, _) in REFERRING.items():
            self._check_table(columns, to, self.before[table], after[table], met.get(table, {}))

    def _account(self, one, to, left):
        """One account that stays."""
        found = one | {"manager": to.get(one["manager"], one["manager"])}
        if self.outcome[one["id"]] not in ("merged", "rekeyed"):
            return found
        person = next(person for person, mine in self.people.items() if one in mine)
        if person in left:
            return found
        others = [other for other in self.people[person] if other is not one]
        for name in ("points", "money"):
            more = [Decimal(str(other[name])) for other in others if other[name] not in (None, "")]
            if any(more):
                found[name] = type(next(o[name] for o in others if o[name]))(sum(more, Decimal(str(one[name] or 0))))
        for name in ("theme", "email"):
            if one[name] in (None, ""):
                filled = [other[name] for other in sorted(others, key=lambda o: str(o["id"])) if other[name]]
                found[name] = filled[0] if filled else one[name]
        return found | {"clever_id": person}

    @staticmethod
    def _check_table(columns, to, before, after, met):
        """A table that names accounts: rows moved, and of those that met just one, the survivor's own if there is one."""
        have = Counter(map(frozen, after))
        meeting = {id(row) for rows in met.values() for row, _ in rows}
        for row in before:
            if id(row) not in meeting:
                have[frozen(row | {one: to.get(row[one], row[one]) for one in columns})] -= 1
        for rows in met.values():
            own = [moved for row, moved in rows if row == moved]
            there = [moved for moved in own or [moved for _, moved in rows] if have[frozen(moved)] > 0]
            assert there, f"of the rows that met none is there: {rows}"
            have[frozen(there[0])] -= 1
        assert not {row: number for row, number in have.items() if number}


def frozen(row):
    """A row that can be counted; what is -0.0 is not 0.0."""
    return tuple((name, repr(value)) for name, value in row.items())
