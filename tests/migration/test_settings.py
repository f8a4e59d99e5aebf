"""Migration files: read strictly, every mistake told at its line with the likely fix."""

import json
from datetime import UTC, datetime

import jsonschema
import pytest
from rolecall.errors import MigrationError
from rolecall.instants import nanoseconds
from rolecall.loader import schema
from rolecall.migration import Choice, read_settings
from rolecall.migration.model import AccountColumns, MapColumns, Reference

WHOLE = """
rolecall-migration: 1
accounts:
  table: accounts
  key: number
  clever_id: clever
  role: kind
  district: district
  locked: frozen
  last_active: seen
  roles: {T: teacher, SA: school_admin}
  alike: {email: mail}
map: {old: 1, new: Neu, separator: ";"}
choose:
  do: consolidate
  survivor: {column: points}
  columns: {points: sum, theme: keep}
districts:
  d1: {do: cut-over, date: 2026-07-01}
  d2: {do: consolidate, survivor: [teacher, SchoolAdmins]}
  d3: {do: consolidate, survivor: most-recent}
references:
  - {table: grades, column: account, clash: keep}
  - {table: notes, column: account}
  - {table: likes, column: liked, only: {liked_type: User, kind: 7}}
clashes: hold
"""


def read(folder, text):
    file = folder / "migration.yaml"
    file.write_text(text.lstrip())
    return read_settings(file)


def test_a_whole_file(tmp_path):
    """Everything that can be said is read as it is meant."""
    found = read(tmp_path, WHOLE)
    assert found.accounts == AccountColumns(
        "accounts",
        "number",
        "clever",
        "kind",
        "district",
        "frozen",
        "seen",
        {"T": "teacher", "SA": "staff"},
        {"email": "mail"},
    )
    assert found.map == MapColumns(old=1, new="Neu", separator=";")
    assert found.choice.survivor_column == "points"
    assert found.choice.columns == {"points": "sum", "theme": "keep"}
    date = nanoseconds(datetime(2026, 7, 1, tzinfo=UTC))
    assert found.of("d1") == Choice("cut-over", date=date)
    assert found.of("d2") == Choice(survivor=("teacher", "staff"))
    assert found.of("d3") == Choice(survivor="most-recent")
    assert found.of("other") is found.choice
    assert found.references == (
        Reference("grades", "account", "keep", declared=True),
        Reference("notes", "account", "hold", declared=True),
        Reference("likes", "liked", "hold", declared=True, only={"liked_type": "User", "kind": "7"}),
    )
    assert found.extra_columns() == ("points", "theme")


def test_the_least_that_can_be_said(tmp_path):
    """All else has a default."""
    assert read(tmp_path, "rolecall-migration: 1\n").choice == Choice()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("accounts: {table: x}", ["a migration file begins with `rolecall-migration: 1`"]),
        ("rolecall-migration: 2", ["is a number, and should be 1, the version of the language"]),
        ("rolecall-migration: 1\nacounts: {}", ["no key `acounts`", "did you mean `accounts`?"]),
        ("rolecall-migration: 1\nchoose: {do: consolidat}", ["the text `consolidat`", "did you mean `consolidate`?"]),
        ("rolecall-migration: 1\nchoose: {survivor: most-recent}", ["lacks `do`"]),
        ("rolecall-migration: 1\nchoose: {do: link, survivor: [staff]}", ["belongs to `do: consolidate`", ":2:20"]),
        ("rolecall-migration: 1\nchoose: {do: link, date: 2026-07-01}", ["`date` belongs to `do: cut-over`"]),
        ("rolecall-migration: 1\nchoose: {do: cut-over}", ["a cut-over needs its date", "add `date: 2026-07-01`"]),
        (
            "rolecall-migration: 1\nchoose: {do: cut-over, date: soon}",
            ["must know who is still active", "`soon` is no date", "has 2 errors"],
        ),
        (
            "rolecall-migration: 1\nchoose: {do: consolidate, survivor: most-recent}",
            ["nobody says when an account was last used", "add `last_active: …`"],
        ),
        (
            "rolecall-migration: 1\nchoose: {do: consolidate, survivor: [teacer]}",
            ["`teacer` is no role", "did you mean `teacher`?"],
        ),
        ("rolecall-migration: 1\nchoose: {do: consolidate, columns: {id: max}}", ["`id` says who an account is"]),
        (
            "rolecall-migration: 1\nchoose: {do: consolidate, columns: {x: bigger}}",
            ["keep, filled, max, min, sum or same"],
        ),
        (
            "rolecall-migration: 1\naccounts: {roles: {T: techer}}",
            ["none of Clever's roles", "did you mean `teacher`?"],
        ),
        (
            "rolecall-migration: 1\nreferences: [{table: a, column: b}, {table: a, column: b, only: {c: x}}]",
            ["`a.b` stands twice", ":2:"],
        ),
        ("rolecall-migration: 1\nreferences: [{table: a, column: b, only: {c: }}]", ["a text or a number"]),
        ("", ["the file is empty", "a migration file begins with `rolecall-migration: 1`"]),
        ("rolecall-migration: 1\naccounts: [", ["migration.yaml:3", "check the brackets"]),
    ],
)
def test_a_mistake_is_told_with_its_place_and_fix(tmp_path, text, says):
    """All at once, in the words of the file."""
    with pytest.raises(MigrationError) as error:
        read(tmp_path, text)
    for one in says:
        assert one in str(error.value)


def test_what_is_no_file(tmp_path):
    """A folder, and nothing at all."""
    for where in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(MigrationError):
            read_settings(where)


def test_the_schema_is_one_and_takes_what_the_reader_takes():
    """The published schema is a JSON Schema, and the whole example fits it."""
    published = schema("migration-1")
    jsonschema.Draft202012Validator.check_schema(published)
    example = {
        "rolecall-migration": 1,
        "choose": {"do": "link"},
        "districts": {"d": {"do": "cut-over", "date": "2026-07-01"}},
    }
    jsonschema.validate(json.loads(json.dumps(example)), published)
