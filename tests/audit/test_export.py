"""Every export is read back by a reader of its own kind, and says who accessed what of which student, by which rule."""

import csv
import io
import json
from datetime import timedelta

import demo
import logs
import pytest
from rolecall import Authorizer, Resource
from rolecall.audit import Audit, ocsf
from rolecall.audit.export import csv_lines, json_lines, ocsf_lines, write_parquet
from rolecall.audit.reading import Log, Wanted
from rolecall.audit.rows import COLUMNS

OLDEST = Wanted().query(oldest_first=True)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    file = tmp_path_factory.mktemp("export") / "audit.db"
    audit = Audit.open(file)
    logs.record(audit, logs.requests(150))
    pdp = Authorizer.load(
        demo.POLICIES, facts=demo.snapshot(), clock=lambda: demo.NOW + timedelta(hours=1), audit=audit
    )
    pdp.authorize(demo.who("multi_role_teacher"), demo.grade("student_in_several", "algebra_class"), "view")
    pdp.authorize(demo.who("multi_role_teacher"), Resource("section", "=HYPERLINK"), "view")
    audit.close()
    return Log.open(str(file))


def entries(log):
    return [*log.entries(OLDEST)]


def test_csv_is_read_back(log):
    """A head with the documented columns, then a row a record, oldest first."""
    text = "".join(csv_lines(entries(log), log.blobs))
    rows = [*csv.DictReader(io.StringIO(text, newline=""))]
    assert [*rows[0]] == [*COLUMNS]
    assert [row["decision"] for row in rows] == [entry.id for entry in entries(log)]
    view = rows[-2]
    assert view["user"] == demo.who("multi_role_teacher")
    assert view["student"] == demo.who("student_in_several")
    assert (view["section"], view["permission"], view["outcome"]) == (demo.who("algebra_class"), "view", "allow")
    assert view["given_by"].startswith("teachers-edit-the-classrooms-they-teach (")
    assert view["time"] == "2026-10-14T16:00:00.000Z"
    assert "teacher@section" in view["roles"]


def test_no_cell_is_a_formula_to_a_spreadsheet(log):
    """A text that begins as one has an apostrophe before it, in CSV only."""
    last = next(csv.DictReader(io.StringIO("".join(csv_lines(entries(log)[-1:], log.blobs)), newline="")))
    assert not any(value.startswith(("=", "+", "-", "@")) for value in last.values())


def test_json_lines_are_read_back(log):
    """An object a line, with lists as lists."""
    rows = [json.loads(line) for line in json_lines(entries(log), log.blobs)]
    assert [[*row] for row in rows] == [[*COLUMNS]] * len(rows)
    assert len(rows) == log.store.count()
    assert {row["outcome"] for row in rows} == {"allow", "deny"}


def test_parquet_is_read_back(log, tmp_path):
    """The same rows as in JSON lines."""
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(entries(log), log.blobs, tmp_path / "audit.parquet")
    rows = parquet.read_table(tmp_path / "audit.parquet").to_pylist()
    assert rows == [json.loads(line) for line in json_lines(entries(log), log.blobs)]


def test_ocsf_events_have_what_the_class_requires(log):
    """API Activity requires these; the decision and its rules are the actor's authorizations."""
    for line, entry in zip(ocsf_lines(entries(log), log.blobs), entries(log), strict=True):
        event = json.loads(line)
        required = [
            "activity_id",
            "actor",
            "api",
            "category_uid",
            "class_uid",
            "metadata",
            "severity_id",
            "src_endpoint",
            "time",
            "type_uid",
        ]
        assert not set(required) - set(event)
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"] == 600399
        assert event["metadata"]["product"]["vendor_name"]
        assert event["metadata"]["version"] == ocsf.VERSION
        assert event["api"]["operation"] == (entry.permission or "permissions")
        assert event["actor"]["user"]["uid"] == entry.subject
        decisions = {one["decision"] for one in event["actor"]["authorizations"]}
        assert len(decisions) == 1 <= len(event["actor"]["authorizations"])
        assert {1: "allowed", 2: "denied", 0: "indeterminate"}[event["status_id"]] in decisions
        assert event["resources"][0]["uid"] == entry.resource


def test_a_student_s_access_log_has_all_that_lies_in_them(log):
    """The student's record, grades and notes; nothing of another student's."""
    student = demo.who("student_in_several")
    found = [*log.found(Wanted(student=student), oldest_first=True)]
    assert found
    for entry in entries(log):
        inside = entry.properties.get("student") == student or (entry.type, entry.resource) == ("student", student)
        assert (entry in found) is inside
