"""The plain specification of a migration's outcomes: lists and loops over the issue's own words, nothing shared.

`rows` are (district, role, old id, new id) of employees; `students` are (district, legacy id, id); accounts are dicts
with key, id, role, district, locked, active; `choices` maps a district to {"do": …, "date": …}, and "" to the rest's.
"""

EMPLOYEES = ("teacher", "staff", "district_admin")


def outcomes(rows, students, accounts, choices):
    """The outcome of each account, by its key."""
    found = {one["key"]: alone(rows, students, one, choices) for one in accounts}
    people = {}
    for one in accounts:
        if isinstance(found[one["key"]], tuple):
            people.setdefault(found[one["key"]][0], []).append(one)
    strangers = {one["id"] for one in accounts if isinstance(found[one["key"]], str)}
    for person, mine in people.items():
        for one in mine:
            found[one["key"]] = together(rows, person, mine, strangers, choices, one)
    return found


def choice(choices, district):
    return choices.get(district, choices[""])


def districts_of(rows, person):
    return {row[0] for row in rows if row[3] == person and row[0]}


def alone(rows, students, account, choices):
    """An outcome, or a tuple with the person whose account it is."""
    identifier, role, district = account["id"], account["role"], account["district"]
    olds = [row for row in rows if row[2] == identifier != row[3]]
    is_new = any(row[3] == identifier for row in rows)
    if not identifier:
        return "null-id"
    if role == "contact":
        return "contact-recreated"
    if role == "student":
        if any(old != new and identifier in (old, new) for _, old, new in students):
            return "student-differs"
        listed = any(old == new == identifier for _, old, new in students)
        return "role-differs" if (olds or is_new) and not listed else "unchanged-student"
    if role not in EMPLOYEES:
        return "unknown-role"
    if is_new and olds:
        return "cycle"
    where = looked_up(olds, is_new, rows, students, account)
    known = district or (next(iter(districts_of(rows, where[0])), "") if isinstance(where, tuple) else "")
    if choice(choices, known)["do"] == "cut-over":
        if is_new and not olds:
            return (identifier,)
        if account["active"] is not None and account["active"] >= choice(choices, known)["date"]:
            return "still-active"
        return "locked" if account["locked"] else "archived"
    return where


def looked_up(olds, is_new, rows, students, account):
    district = account["district"]
    if not olds:
        if is_new:
            places = districts_of(rows, account["id"])
            return "other-district" if district and places and district not in places else (account["id"],)
        return "role-differs" if any(old == new == account["id"] for _, old, new in students) else "unmapped"
    here = [row for row in olds if not district or row[0] in ("", district)]
    if not here:
        return "other-district"
    right = [row for row in here if row[1] == account["role"]] or [row for row in here if row[1] == ""]
    if not right:
        return "role-differs"
    return (right[0][3],) if len({row[3] for row in right}) == 1 else "two-new-ids"


def together(rows, person, mine, strangers, choices, account):
    district = next(iter(districts_of(rows, person)), "") or next(
        (one["district"] for one in by_key(mine) if one["district"]), ""
    )
    do = choice(choices, district)["do"]
    moving = [one for one in mine if one["id"] != person]
    merging = do == "consolidate" and len(mine) > 1
    if any(row[2] == person and row[3] != person for row in rows):
        return "cycle"
    if moving and person in strangers:
        return "new-id-taken"
    if any(one["district"] not in ("", district) for one in mine):
        return "other-district"
    if any(a is not b and a["role"] == b["role"] for a in mine for b in mine):
        return "same-role-twice"
    if any(one["locked"] for one in (mine if merging else moving)):
        return "locked"
    if merging:
        return "merged"
    if account["id"] == person:
        return "already-migrated"
    return {"consolidate": "rekeyed", "link": "linked", "separate": "separate"}.get(do, "already-migrated")


def by_key(accounts):
    return sorted(accounts, key=lambda one: one["key"])
