"""How policy files are read: YAML 1.2's core schema, positions, folders, and what is refused, in literal examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from rolecall.errors import PolicyError
from rolecall.loader import load_policy, nodes, read_policy
from rolecall.loader.nodes import Mapping, Scalar, parse, resolve
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Finding, Origin, Source

HEAD = "rolecall: 1\napplication: a\n"
SCHOOL = "resources:\n  school: {permissions: [view]}\n"
RULE = "rules:\n  - {id: one, because: One., when: {staff: school}, min: {school: [view]}}\n"


@pytest.fixture(params=["C", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read with libyaml, then with the parser that PyYAML falls back to."""
    monkeypatch.setattr(nodes, "_PARSER", {"C": yaml.CLoader, "Python": yaml.Loader}[request.param])
    return str(request.param)


def read(text: str) -> tuple[Any, list[Finding]]:
    """Read one text: its data, and the findings."""
    findings: list[Finding] = []
    node = parse(Source("policy.yaml", text), findings)
    return (None if node is None else node.data()), findings


def told(text: str) -> list[tuple[str, int, int]]:
    """Give code, line and column of each finding about one text."""
    return [(finding.code, *finding.place[1:]) for finding in read(text)[1]]


def at(folder: Path, **files: str | bytes) -> Path:
    """Write files, `a__b` as `a/b.yaml`."""
    for name, text in files.items():
        file = folder / (name.replace("__", "/") + ".yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def loaded(folder: Path, **files: str | bytes) -> Policy:
    """Write files and load them as one policy."""
    return load_policy(at(folder, **files))


def codes(path: Path) -> list[str]:
    """Give the codes of the findings about a path, in their order."""
    return [finding.code for finding in read_policy(path)[1]]


# Scalars.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("off", "off"), ("no", "no"), ("yes", "yes"), ("y", "y"), ("True", "True"), ("TRUE", "TRUE"), ("False", "False"),
        ("true", True), ("false", False), ("12:30", "12:30"), ("190:20:30", "190:20:30"), ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"), ("1.10", 1.1), ("1.10.2", "1.10.2"), ("0777", 777), ("0o777", 511), ("0x1F", 31),
        ("0b11", "0b11"), ("1_000", "1_000"), ("1e3", 1000.0), ("-5", -5), ("+5", 5), (".5", 0.5), (".inf", float("inf")), ("-.INF", float("-inf")),
        ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"), ("none", "none"), ("'null'", "null"), ("'true'", "true"),
        ('"1"', "1"), ("=", "="), ("<<", "<<"), ("a#b", "a#b"), ("a # b", "a"), ("é ü", "é ü"), ("1.", 1.0),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("parser")
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    """Of all words only `true` and `false` are booleans; clock times and dates are texts; a leading 0 is no octal."""
    found, findings = read(f"x: {text}\n")
    assert findings == []
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


def test_not_a_number_is_one() -> None:
    """`.nan` is read as a number, so that it is a word nowhere."""
    assert resolve(".nan") != resolve(".nan")


def test_a_long_number_is_a_number_without_its_value() -> None:
    """Thousands of digits neither raise nor take time: a number is none of the words of a policy."""
    for text in ("9" * 100_000, "0x" + "f" * 100_000, "0o" + "7" * 100_000, "-" + "9" * 100_000):
        assert isinstance(resolve(text), int)


@pytest.mark.usefixtures("parser")
def test_block_and_folded_texts_are_texts() -> None:
    """`|` keeps lines, `>` joins them."""
    assert read("a: |\n  one\n  two\nb: >-\n  one\n  two\n") == ({"a": "one\ntwo\n", "b": "one two"}, [])


# Positions.


def place_of(text: str, *keys: str) -> tuple[int, int, int]:
    """Give line, column and width of the value at some keys."""
    node: Any = parse(Source("policy.yaml", text), [])
    for key in keys:
        node = node.values[key]
    return node.origin.line, node.origin.column, node.origin.width


@pytest.mark.parametrize(
    ("text", "keys", "place"),
    [
        ("a: b\n", ["a"], (1, 4, 1)),
        ("a:\n  b: word\n", ["a", "b"], (2, 6, 4)),
        ("é: ü\n", ["é"], (1, 4, 1)),
        ("# 🏫🏫\né: {🏫: 'ü', b: word}\n", ["é", "b"], (2, 16, 4)),
        ("a: b\r\nc: word\r\n", ["c"], (2, 4, 4)),
        ("a: b\rc: word\r", ["c"], (2, 4, 4)),
        ("a: 'b''c'\n", ["a"], (1, 4, 6)),
        ("a: |\n  b\n", ["a"], (1, 4, 1)),
        ("a:\nb: c\n", ["a"], (1, 3, 1)),
    ],
)
@pytest.mark.usefixtures("parser")
def test_positions_count_characters(text: str, keys: list[str], place: tuple[int, int, int]) -> None:
    """Columns count characters, not bytes; each of YAML's line ends counts once; a value's width is as it is written."""
    assert place_of(text, *keys) == place


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_shown_is_the_line_meant(end: str) -> None:
    """Whatever ends lines, the line with the caret is the one with the mistake."""
    text = end.join(["a: é", "b: 1", "b: 2", ""])
    ((finding),) = read(text)[1]
    assert finding.render().splitlines()[3:5] == ["3 | b: 2", "  | ^"]


def test_a_byte_order_mark_moves_nothing(tmp_path: Path) -> None:
    """A file that begins with a byte order mark reads as one that does not."""
    for mark in (b"", b"\xef\xbb\xbf"):
        (finding,) = read_policy(at(tmp_path, policy=mark + b"rolecall: 2\napplication: a\n"))[1]
        assert finding.place[1:] == (1, 11)
        assert finding.origin is not None
        assert finding.origin.source.line(1) == "rolecall: 2"


def test_the_excerpt_of_a_long_line_is_short() -> None:
    """Of a line of 4,000,000 characters only what is near the mistake is shown, with the caret below it."""
    source = Source("policy.yaml", "x" * 2_000_000 + "wrong" + "x" * 2_000_000)
    rows = Finding("code", "message", Origin(source, 1, 2_000_001, 5)).render().splitlines()
    assert max(map(len, rows)) < 200
    shown, caret = rows[3], rows[4]
    assert shown[caret.index("^") : caret.rindex("^") + 1] == "wrong"


# What is refused.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", [("duplicate-key", 2, 1)]),
        ("{a: 1, 'a': 2}\n", [("duplicate-key", 1, 8)]),
        ("a: {b: 1, c: 2, b: 3, b: 4}\n", [("duplicate-key", 1, 17), ("duplicate-key", 1, 23)]),
        ("1: a\n", [("key-no-text", 1, 1)]),
        ("true: a\n", [("key-no-text", 1, 1)]),
        ("~: a\n", [("key-no-text", 1, 1)]),
        (": a\n", [("not-yaml", 1, 1)]),
        ("[a]: b\n", [("key-no-text", 1, 1)]),
        ("? {a: b}\n: c\n", [("key-no-text", 1, 3)]),
        ("a: !!str b\n", [("tag", 1, 4)]),
        ("a: !own b\n", [("tag", 1, 4)]),
        ("a: !!python/object/apply:os.system [x]\n", [("tag", 1, 4)]),
        ("! a: b\n", [("tag", 1, 1)]),
        ("%YAML 1.1\n---\na: b\n", [("directive", 1, 1)]),
        ("%TAG ! tag:x,2024:\n---\na: b\n", [("directive", 1, 1)]),
        ("a: b\n---\nc: d\n", [("second-document", 2, 1)]),
        ("---\na: b\n---\n", [("second-document", 3, 1)]),
        ("a: &x b\nc: *x\n", [("alias", 1, 4), ("alias", 2, 4)]),
        ("&x a: b\n", [("alias", 1, 1)]),
        ("a: *x\n", [("alias", 1, 4)]),
        ("<<: *x\n", [("alias", 1, 5)]),
        ("*x : b\n", [("alias", 1, 1)]),
        ("a:\n\tb: c\n", [("tab", 2, 1)]),
        ("", [("empty", 1, 1)]),
        ("# only this\n", [("empty", 1, 1)]),
        ("---\n", [("empty", 1, 1)]),
        ("null\n", [("empty", 1, 1)]),
        ("a: \x00\n", [("not-text", 1, 4)]),
        ("# é\x1b[2J\n", [("not-text", 1, 4)]),
        ("a: '\ud800'\n", [("not-text", 1, 5)]),
        ("a: [b\n", [("not-yaml", 1, 4)]),
        ("a: 'b\n", [("not-yaml", 1, 4)]),
        ('a: "b\n', [("not-yaml", 1, 4)]),
        ("a: b: c\n", [("not-yaml", 1, 5)]),
        ("a: b\n c: d\n", [("not-yaml", 2, 3)]),
        ("a: b\nc\n", [("not-yaml", 2, 1)]),
        ("a: @b\n", [("not-yaml", 1, 4)]),
        ('a: "\\q"\n', [("not-yaml", 1, 5)]),
        ("a: [b c, d e: [f]]]\n", [("not-yaml", 1, 19)]),
    ],
)
def test_what_is_refused_and_where(parser: str, text: str, expected: list[tuple[str, int, int]]) -> None:
    """Both parsers refuse the same texts with the same codes, and point at the same places."""
    if parser == "Python" and text == 'a: "\\q"\n':
        expected = [("not-yaml", 1, 6)]  # it points behind the backslash
    assert told(text) == expected


@pytest.mark.usefixtures("parser")
def test_yaml_1_2_may_be_said() -> None:
    """`%YAML 1.2` says what is so anyway; explicit ends and starts of the one document are no second one."""
    for text in ("%YAML 1.2\n---\na: b\n", "---\na: b\n", "a: b\n...\n", "--- {a: b}\n"):
        assert read(text) == ({"a": "b"}, [])


@pytest.mark.parametrize(("opening", "column"), [("[", 33), ("{a: ", 126), ("- ", 65), ("? ", 65)])
@pytest.mark.usefixtures("parser")
def test_deep_nesting_is_refused_early(opening: str, column: int) -> None:
    """40,000 levels end at the 33rd, with either parser, and without a crash."""
    assert told(opening * 40_000) == [("too-deep", 1, column)]


@pytest.mark.usefixtures("parser")
def test_an_alias_bomb_stays_small() -> None:
    """Aliases are refused, not followed: what a billion laughs would hold stays a few nodes."""
    text = "a: &a [x, x]\n" + "".join(
        f"{one}: &{one} [{', '.join([f'*{chr(ord(one) - 1)}'] * 9)}]\n" for one in "bcdefghi"
    )
    found, findings = read(text)
    assert len(str(found)) < 2000
    assert {finding.code for finding in findings} == {"alias"}


def test_an_alias_is_told_once_and_brings_no_other_finding(tmp_path: Path) -> None:
    """After a refused alias nothing else is said of its place, nor of the names that its value might have had."""
    rules = "rules:\n  - {id: one, because: *why, when: *who, min: {school: [view]}}\n  - *rule\n"
    assert codes(at(tmp_path, policy=HEAD + SCHOOL.replace("[view]", "*list") + rules)) == ["alias"] * 4


def test_what_is_doubled_counts_once_as_it_stands_first() -> None:
    """Of a doubled key the first value is read."""
    assert read("a: 1\na: 2\n")[0] == {"a": 1}


# Files and folders.


def test_files_are_merged(tmp_path: Path) -> None:
    """Roles, types, sets and rules of all files are one policy, whatever file they stand in."""
    policy = loaded(
        tmp_path,
        a="rolecall: 1\nroles: {coach: {scopes: [school]}}\n",
        b__c=HEAD + "timezone: America/Chicago\n" + SCHOOL,
        b__d="rolecall: 1\npermission_sets: {viewer: {school: [view]}}\n",
        e="rolecall: 1\n" + RULE.replace("{school: [view]}", "viewer"),
        f="rolecall: 1\n" + RULE.replace("one", "two").replace("staff", "coach"),
    )
    assert (policy.application, policy.timezone) == ("a", "America/Chicago")
    assert [rule.id for rule in policy.rules] == ["one", "two"]
    assert [source.name.removeprefix(f"{tmp_path}/") for source in policy.sources] == [
        "a.yaml",
        "b/c.yaml",
        "b/d.yaml",
        "e.yaml",
        "f.yaml",
    ]
    assert policy.rules[1].origin.file.endswith("f.yaml")


def test_a_hundred_files_are_one_policy(tmp_path: Path) -> None:
    """A rule a file works as well as a file for all."""
    files = {f"r{number:03}": "rolecall: 1\n" + RULE.replace("one", f"r{number}") for number in range(100)}
    assert len(loaded(tmp_path, policy=HEAD + SCHOOL, **files).rules) == 100


def test_both_suffixes_are_read_and_no_other(tmp_path: Path) -> None:
    """`.yaml` and `.yml` are policy; notes, backups and other texts beside them are passed over."""
    at(tmp_path, policy=HEAD + SCHOOL)
    (tmp_path / "rules.yml").write_text("rolecall: 1\n" + RULE)
    for name in ("notes.txt", "rules.yaml.bak", "rules.yaml~", "yaml", "rules.json"):
        (tmp_path / name).write_text("no policy")
    assert len(load_policy(tmp_path).rules) == 1


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    """Editors' and volumes' own files are no policy."""
    at(
        tmp_path,
        policy=HEAD + SCHOOL + RULE,
        **{".git__policy": "x", "..data__policy": "x", ".#policy": "x", ".hidden": "x"},
    )
    assert len(load_policy(tmp_path).rules) == 1


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    """A folder that links to itself, or two links to one folder, read each file once."""
    at(tmp_path, top__policy=HEAD + SCHOOL, elsewhere__rules="rolecall: 1\n" + RULE)
    (tmp_path / "top" / "again").symlink_to(tmp_path / "top", target_is_directory=True)
    (tmp_path / "top" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "top" / "twice").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert len(load_policy(tmp_path / "top").rules) == 1


def test_links_to_files_are_read(tmp_path: Path) -> None:
    """A mounted volume shows its files as links."""
    at(tmp_path, **{"..data__policy": HEAD + SCHOOL + RULE})
    (tmp_path / "policy.yaml").symlink_to("..data/policy.yaml")
    assert len(load_policy(tmp_path).rules) == 1


def test_a_file_that_cannot_be_read_is_an_error_and_excuses_unknown_names(tmp_path: Path) -> None:
    """What only the unreadable file would define is not called unknown; the policy is refused all the same."""
    at(tmp_path, policy=HEAD + SCHOOL + RULE.replace("{school: [view]}", "viewer"))
    (tmp_path / "sets.yaml").symlink_to("deleted.yaml")
    assert codes(tmp_path) == ["unreadable"]
    with pytest.raises(PolicyError, match="unreadable"):
        load_policy(tmp_path)


def test_a_folder_that_cannot_be_searched_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the policy that nobody may look into is not passed over: it may hold the limits."""
    at(tmp_path, policy=HEAD + SCHOOL + RULE, limits__policy="rolecall: 1\n")
    look = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("limits"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (finding,) = read_policy(tmp_path)[1]
    assert (finding.code, finding.message) == ("unreadable", "the folder cannot be searched: permission denied")
    assert finding.place[0].endswith("limits")


def test_a_name_that_is_no_utf_8_is_a_name(tmp_path: Path) -> None:
    """A file whose name is no text for UTF-8 is read, has a digest, and can be told about."""
    (tmp_path / os.fsdecode(b"caf\xe9.yaml")).write_text(HEAD + SCHOOL + RULE)
    assert load_policy(tmp_path).digest.startswith("sha256:")
    (tmp_path / os.fsdecode(b"caf\xe9.yaml")).write_text("rolecall: 2\n")
    for finding in read_policy(tmp_path)[1]:
        finding.render().encode("utf-8")


def test_a_file_is_known_by_its_first_key(tmp_path: Path) -> None:
    """`rolecall-tests` and `rolecall-claims` are the workbench's; any other first key is an error."""
    at(
        tmp_path,
        policy=HEAD + SCHOOL + RULE,
        tests="rolecall-tests: 1\nanything: at all\n",
        claims="rolecall-claims: 1\n",
    )
    assert len(load_policy(tmp_path).rules) == 1
    at(tmp_path, other="rules: []\nrolecall: 1\n")
    assert codes(tmp_path) == ["not-a-policy"]


def test_findings_are_sorted_by_file_line_and_column(tmp_path: Path) -> None:
    """All problems of all files come at once, in the order in which one walks through them."""
    at(
        tmp_path,
        b=HEAD + SCHOOL + "rules:\n  - {id: One, because: 7, when: [], min: all, max: nothing}\n",
        a="rolecall: 2\nresource: {}\n",
        c="rolecall: 1\nroles: {x: {scopes: [school, here]}, owner: {scopes: [school]}}\nroles: {}\n",
        d="a: b: c\n",
    )
    found = [(Path(finding.place[0]).name, *finding.place[1:], finding.code) for finding in read_policy(tmp_path)[1]]
    assert found == sorted(found)
    assert {name for name, *_ in found} == {"a.yaml", "b.yaml", "c.yaml", "d.yaml"}


def test_the_policy_is_used_only_without_errors(tmp_path: Path) -> None:
    """One error in one file refuses the whole: half a policy may allow more than the whole."""
    policy, found = read_policy(at(tmp_path, a=HEAD + SCHOOL + RULE, b="rolecall: 1\nrulez: []\n"))
    assert policy is None
    assert [finding.code for finding in found] == ["unknown-key"]


# The digest.


def digest(folder: Path, **files: str) -> str:
    """Give the digest of a policy written into a new folder."""
    return loaded(folder, **files).digest


def test_the_digest_is_of_names_and_texts(tmp_path: Path) -> None:
    """It is the same wherever the folder lies, and another where a text, a comment, a name or the parting changes."""
    first = digest(tmp_path / "one", a=HEAD + SCHOOL, b="rolecall: 1\n" + RULE)
    assert first == digest(tmp_path / "two" / "three", a=HEAD + SCHOOL, b="rolecall: 1\n" + RULE)
    others = {
        digest(tmp_path / "comment", a=HEAD + SCHOOL + "#\n", b="rolecall: 1\n" + RULE),
        digest(tmp_path / "name", a=HEAD + SCHOOL, c="rolecall: 1\n" + RULE),
        digest(tmp_path / "folder", a=HEAD + SCHOOL, b__b="rolecall: 1\n" + RULE),
        digest(tmp_path / "parted", a=HEAD, b="rolecall: 1\n" + SCHOOL + RULE),
        digest(tmp_path / "joined", a=HEAD + SCHOOL + RULE),
    }
    assert len(others) == 5
    assert first not in others


def test_the_digest_leaves_out_what_is_no_policy(tmp_path: Path) -> None:
    """Tests and claims beside the policy do not change what is in force."""
    first = digest(tmp_path / "one", a=HEAD + SCHOOL + RULE)
    assert first == digest(tmp_path / "two", a=HEAD + SCHOOL + RULE, tests="rolecall-tests: 1\n")


def test_the_digest_of_a_file_is_that_of_its_folder(tmp_path: Path) -> None:
    """A policy of one file has one digest, named as a file or as a folder."""
    folder = at(tmp_path, policy=HEAD + SCHOOL + RULE)
    assert load_policy(folder).digest == load_policy(folder / "policy.yaml").digest


def test_nodes_keep_the_order_of_the_file() -> None:
    """Keys come in the order in which they are written."""
    node = parse(Source("policy.yaml", "b: 1\na: 2\nc: 3\n"), [])
    assert isinstance(node, Mapping)
    assert list(node.keys) == list(node.values) == ["b", "a", "c"]
    assert isinstance(node.values["a"], Scalar)
