"""The map: every source there is, and everything that is wrong with files that people send."""

import json
import sqlite3
import zipfile
from contextlib import closing

import pytest
from rolecall import FactsError
from rolecall.facts.store import Store
from rolecall.migration import read_map
from rolecall.migration.model import MapColumns, clever_role
from rolecall.testing import demo_district
from stores import filled

D1, D2 = "5" * 24, "6" * 24
HEAD = "district,role,role_id,user_id\n"


def of_text(folder, text, columns=None, name="map.csv", encoding="utf-8"):
    """Read a file of that text."""
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return read_map(str(file), columns)


def entries(found):
    return {(one.district, one.role, old): one.person.id for old, first in found.entries.items() for one in first.all()}


ROWS = f"{D1},teacher,o1,n1\n{D1},school_admin,o2,n1\n{D1},Teacher,o3,n3\n"
READ = {(D1, "teacher", "o1"): "n1", (D1, "staff", "o2"): "n1", (D1, "teacher", "o3"): "n3"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_any_separator_encoding_and_line_end(tmp_path, separator, encoding, ending):
    """Commas, semicolons, tabs, bars; UTF-8 with and without its mark, UTF-16: all give the same map."""
    text = (HEAD + ROWS).replace(",", separator).replace("\n", ending)
    assert entries(of_text(tmp_path, text, encoding=encoding)) == READ


def test_a_guessed_encoding_is_told(tmp_path):
    """What is not UTF-8 is read as cp1252, and the map says that this is a guess."""
    found = of_text(tmp_path, "name," + HEAD + f"Núñez,{D1},teacher,o1,n1\n", encoding="cp1252")
    assert entries(found) == {(D1, "teacher", "o1"): "n1"}
    (note,) = found.sources[0].notes
    assert "cp1252, which is a guess" in note


def test_a_zip_of_districts(tmp_path):
    """A zip has one file for each district, whose name says which; what macOS adds is passed over."""
    with zipfile.ZipFile(tmp_path / "clever.zip", "w") as packed:
        for district in (D2, D1):
            packed.writestr(f"out/{district}.csv", f"role_id,user_id\no{district[0]},n{district[0]}\n")
        packed.writestr("__MACOSX/x.csv", "junk")
        packed.writestr("README.md", "junk")
    found = read_map(str(tmp_path / "clever.zip"))
    assert entries(found) == {(D1, "", "o5"): "n5", (D2, "", "o6"): "n6"}
    assert [one.name for one in found.sources] == [f"clever.zip/out/{D1}.csv", f"clever.zip/out/{D2}.csv"]


def test_a_folder_of_files_and_zips(tmp_path):
    """A folder is all its files, in the order of their names."""
    of_text(tmp_path, HEAD + ROWS, name="a.csv")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.writestr(f"{D2}.csv", "role_id,user_id\no6,n6\n")
    assert entries(read_map(str(tmp_path))) == READ | {(D2, "", "o6"): "n6"}


def test_every_bad_row_is_named_and_none_holds_the_rest_up(tmp_path):
    """Blanks, broken quotes, short and long rows, unknown roles: named by file and line; the rows around them count."""
    bad = [f"{D1},teacher,,n9", f"{D1},teacher,o9,", f'{D1},"teacher,o9,n9', "o9,n9", f"{D1},teacher,o9,n9,x"]
    bad += [f"{D1},janitor,o9,n9", f"{D1},,o9,n9", f"{D1},student,s1,s2"]
    found = of_text(tmp_path, HEAD + "\n".join(bad) + "\n\n" + ROWS)
    assert entries(found) == READ
    assert [(one.where, one.kind) for one in found.named] == [
        (f"map.csv:{line}", kind)
        for line, kind in enumerate(
            ["blank", "blank", "no-row", "no-row", "no-row", "role", "role", "student-differs"], 2
        )
    ]
    assert found.bad_students == {"s1", "s2"}


def test_duplicates_count_once_and_contradictions_are_named(tmp_path):
    """The same row twice is one, counted; one old id with two new ones is named with both."""
    found = of_text(tmp_path, HEAD + ROWS + ROWS + f"{D1},teacher,o3,n4\n")
    assert found.counts == {"duplicate": 3, "two-new-ids": 1}
    (one,) = found.named
    assert (one.where, one.text) == ("map.csv:8", "the old id `o3` has two new ones, `n3` and `n4`")
    assert found.successors("o3") == ("n3", "n4")


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("", None, "is empty"),
        ("a,b\n1,2\n", None, "no column that is known for the old id (such as `role_id`)"),
        ("role_id,b\n1,2\n", None, "no column that is known for the new id (such as `user_id`)"),
        (f"{D1},{D2}\n", None, "has no header"),
        (HEAD + ROWS, MapColumns(old="user_id", new="role_id"), "`user_id` is the new id in Clever's exports"),
        (HEAD + ROWS, MapColumns(old="roleid"), "has no column `roleid` for the old id"),
        (HEAD + ROWS, MapColumns(old=9), "has 4 columns, and the old id is said to be in column 9"),
        (HEAD + ROWS, MapColumns(old="district", new="district"), "cannot both be in the column `district`"),
        (
            "role,role_id,user_id\nteacher,n1,o1\nstaff,n1,o2\n",
            None,
            "the columns are turned round. 1 ids in `role_id`, read as old ids, have several new ones in `user_id`",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(tmp_path, text, columns, says):
    """Empty, without header, with columns missing, mistaken or turned round."""
    with pytest.raises(FactsError) as error:
        of_text(tmp_path, text, columns)
    assert says in str(error.value)


def test_columns_can_be_named_or_numbered(tmp_path):
    """By name, whatever the case; by number, with a header or without one."""
    assert entries(of_text(tmp_path, "Alt,Neu\no1,n1\n", MapColumns(old="alt", new="neu"))) == {("", "", "o1"): "n1"}
    found = of_text(tmp_path, f"{D1},{D2}\n{D2},{D1}\n", MapColumns(old=1, new=2))
    assert entries(found) == {("", "", D1): D2, ("", "", D2): D1}
    assert found.tangled == {D1, D2}


def test_what_is_not_there(tmp_path):
    """A file or folder that is not there, a zip that is none, a folder without files."""
    (tmp_path / "x.zip").write_text("no zip")
    (tmp_path / "empty").mkdir()
    for name in ("none.csv", "x.zip", "empty", "none.json"):
        with pytest.raises(FactsError):
            read_map(str(tmp_path / name))


@pytest.mark.parametrize("name", ["none.jsn", "none.db", "sqlite:///none.db", "sqlite:///app.db"])
def test_no_store_is_made_where_there_is_none(tmp_path, monkeypatch, name):
    """A wrong address is an error: not an empty store, with everybody unmapped, nor tables in the application's own."""
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("app.db")) as database:
        database.execute("CREATE TABLE accounts (id INTEGER)")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    with pytest.raises(FactsError, match="there is no"):
        read_map(name)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("7,Ada Lovelace,ada@x.example\n", MapColumns()),
        ("7,Ada Lovelace,x\n", MapColumns(old="role_id", new="user_id")),
    ],
)
def test_a_first_line_that_is_no_header_is_not_told(tmp_path, text, columns):
    """It holds somebody's data."""
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(FactsError) as error:
        read_map(str(tmp_path / "map.csv"), columns)
    assert "it has no line of names on top" in str(error.value)
    assert "Ada" not in str(error.value)


def user(new, roles, district=D1, **more):
    return {"id": new, "district": district, "roles": roles, **more}


USERS = [
    user("n1", {"teacher": {"legacy_id": "o1"}, "staff": {"legacy_id": "o2"}}, email="A@x"),
    user("s1", {"student": {"legacy_id": "s1"}}),
    user("s2", {"student": {"legacy_id": "old"}}),
    user("c1", {"contact": {"legacy_id": "oc"}}),
    user("n3", {"teacher": {"legacy_id": ""}}),
    user("n4", {"teacher": {"legacy_id": 7}}),
    user("n5", {"teacher": None, "district_admin": {"legacy_id": "o5"}}),
]


@pytest.mark.parametrize("name", ["s.json", "s.jsonl"])
def test_a_snapshot(tmp_path, name):
    """Every role's legacy id, not only the teacher's; students stop alone; contacts are never mapped."""
    file = tmp_path / name
    lines = [json.dumps({"kind": "snapshot"}), *(json.dumps({"kind": "user", "data": one}) for one in USERS)]
    file.write_text(json.dumps({"users": USERS}) if name == "s.json" else "\n".join(lines))
    found = read_map(str(file), alike=frozenset({"email"}))
    assert entries(found) == {
        (D1, "teacher", "o1"): "n1",
        (D1, "staff", "o2"): "n1",
        (D1, "district_admin", "o5"): "n5",
    }
    assert (found.students, found.contacts, found.bad_students) == ({"s1": D1}, 1, {"s2", "old"})
    assert found.counts == {"student-differs": 1, "blank": 1, "malformed": 1}
    assert found.alike == {(D1, "email", "a@x"): ["n1"]}


def test_a_roster_store_gives_the_same_map_as_the_snapshot(tmp_path):
    """The demo district, from a file and from a store."""
    district = demo_district(users=100)
    (tmp_path / "demo.json").write_text(json.dumps(district))
    store = Store.open(str(tmp_path / "store.db"), create=True)
    filled(store, district)
    store.close()
    of_file, of_store = read_map(str(tmp_path / "demo.json")), read_map(f"sqlite:///{tmp_path / 'store.db'}")
    assert entries(of_file) == entries(of_store)
    assert of_file.students == of_store.students


def test_a_broken_snapshot_is_a_sentence(tmp_path):
    """What is no JSON is refused."""
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(FactsError, match="cannot be read"):
        read_map(str(tmp_path / "x.json"))


@pytest.mark.parametrize(
    ("written", "role"),
    [("SchoolAdmins", "staff"), ("district-admin", "district_admin"), ("TEACHERS", "teacher"), ("admin", ""), ("", "")],
)
def test_roles_as_people_write_them(written, role):
    """The old APIs' words and their plurals are known; what could be two is not guessed."""
    assert clever_role(written) == role


def test_a_great_many_rows_with_one_bad(tmp_path):
    """The bad one is named and all others count; a hundred thousand will do here."""
    number = 100_000
    rows = [f"{D1},teacher,o{n},n{n}\n" for n in range(number)]
    rows[77_777] = f"{D1},teacher,o77777\n"
    found = of_text(tmp_path, HEAD + "".join(rows))
    assert len(found.entries) == number - 1
    assert [one.where for one in found.named] == ["map.csv:77779"]


def test_one_new_id_in_two_districts_is_named(tmp_path):
    """A user is of one district; rows that say another one are told, and an account there is held."""
    found = of_text(tmp_path, HEAD + ROWS + f"{D2},district_admin,o9,n1\n")
    assert [(one.where, one.kind) for one in found.named] == [("map.csv:5", "two-districts")]
    unsaid = of_text(tmp_path, HEAD + f",teacher,o1,n1\n{D1},staff,o2,n1\n")
    assert unsaid.people["n1"].district == D1


def test_likenesses_are_looked_for_where_they_are_asked_for(tmp_path):
    """Names, usernames and sis_ids as well as e-mail addresses, folded; of employees only."""
    role = {"legacy_id": "o1", "sis_id": "7", "credentials": {"district_username": "Rito"}}
    people = [user("n1", {"teacher": role, "staff": None}, name={"first": "R", "last": "Ito"}, email=None)]
    people += [user("s1", {"student": {"legacy_id": "s1", "sis_id": "7"}}), "nobody", {"district": D1}]
    (tmp_path / "s.jsonl").write_text(
        "\n".join([json.dumps({"kind": "snapshot"}), *(json.dumps({"kind": "user", "data": one}) for one in people)])
    )
    found = read_map(str(tmp_path / "s.jsonl"), alike=frozenset({"name", "username", "sis_id"}))
    assert found.alike == {(D1, "name", "r ito"): ["n1"], (D1, "username", "rito"): ["n1"], (D1, "sis_id", "7"): ["n1"]}


def test_what_is_told_on_the_way(tmp_path, monkeypatch):
    """How many rows have been read, over all files."""
    monkeypatch.setattr("rolecall.migration.mapping.of_csv._EVERY", 2)
    of_text(tmp_path, HEAD + ROWS, name="a.csv")
    of_text(tmp_path, HEAD + ROWS, name="b.csv")
    said = []
    read_map(str(tmp_path), None, None, said.append)
    assert said == [2, 5, 6]
