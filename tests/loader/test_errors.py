"""Every finding of the loader and the compiler, word for word, at its place: one folder of `tests/cases/errors` a case.

`tests/cases/errors/<code>/<case>/` holds the policy and `expected.txt`, the whole text that its author gets to read.
What no text file can hold (bytes that are no text, a file of 5 MiB) is made here. `ROLECALL_REGOLD=1 pytest` writes
the texts anew: read the difference as the product manager who made the mistake.
"""

from __future__ import annotations

import ast
import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import rolecall
import strategies
import yaml
from rolecall.compiler import compile_policy
from rolecall.loader import read_policy
from rolecall.loader.files import MAX_BYTES
from rolecall.vocabulary.origin import Finding

CASES = Path(__file__).parents[1] / "cases" / "errors"
ENGINE = Path(rolecall.__file__).parent
PAGE = ENGINE.parents[1] / "docs" / "errors.md"
REGOLD = os.environ.get("ROLECALL_REGOLD") == "1"
POLICY = "rolecall: 1\napplication: classroom-app\n"


def put(data: bytes) -> Callable[[Path], None]:
    """Give what writes these bytes as `policy.yaml`."""
    return lambda folder: (folder / "policy.yaml").write_bytes(data) and None


def link_to_nothing(folder: Path) -> None:
    """Make a link whose end was deleted."""
    put(POLICY.encode())(folder)
    (folder / "rules.yaml").symlink_to("deleted.yaml")


def named_pipe(folder: Path) -> None:
    """Make what would keep a reader waiting for ever."""
    put(POLICY.encode())(folder)
    os.mkfifo(folder / "rules.yaml")


def nothing(_folder: Path) -> None:
    """Leave the folder without any policy."""


MADE: dict[str, Callable[[Path], None]] = {
    "no-policy/empty-folder": nothing,
    "unreadable/link-to-nothing": link_to_nothing,
    "unreadable/named-pipe": named_pipe,
    "too-large/five-mebibytes": put(POLICY.encode() + b"# " + b"x" * MAX_BYTES),
    "not-utf-8/utf-16": put(POLICY.encode("utf-16")),
    "not-utf-8/latin-1": put(POLICY.encode() + "# for Señor Núñez\r\n# école\n".encode("latin-1")),
    "not-text/bell-after-accents": put("\ufeffrolecall: 1\r\n# école\r\napplication: é\x07\n".encode()),
    "not-text/terminal-escape": put(POLICY.encode() + b"# \x1b[31mred\x1b[0m\n"),
    "tab/indentation": put(POLICY.encode() + b"resources:\n\tschool: {permissions: [view]}\n"),
    "tab/after-spaces": put(POLICY.encode() + b"resources:\n  school:\n  \tpermissions: [view]\n"),
    "unknown-key/terminal-escape": put(POLICY.encode() + b'"\\e[31mred\\u202e": 1\n'),
    "unknown-key/byte-order-mark": put("\ufeffrolecall: 1\r\napplication: a\r\nresource: {}\r\n".encode()),
    "too-deep/brackets": put(POLICY.encode() + b"rules: " + b"[" * 40_000),
    "too-deep/braces": put(POLICY.encode() + b"rules: " + b"{a: " * 40_000),
    "alias/bomb": put(
        POLICY.encode()
        + b"a: &a [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (one, one, b", ".join([b"*%c" % (one - 1)] * 9)) for one in b"bcdefghi"),
    ),
}


def cases() -> list[str]:
    """Give the names of all cases, those that are files and those that are made here."""
    return sorted({path.parent.relative_to(CASES).as_posix() for path in CASES.glob("*/*/*")} | set(MADE))


def findings(path: str | Path) -> list[Finding]:
    """Give what `check` would say: the loader's findings, and if none is an error the compiler's."""
    policy, found = read_policy(path)
    return found if policy is None else [*found, *compile_policy(policy).findings]


def findings_of(case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Give the findings of a case; the files' names are below the current folder, as at a command line."""
    if case in MADE:
        MADE[case](folder)
    else:
        folder = CASES / case
    monkeypatch.chdir(folder)
    return findings(".")


@pytest.mark.parametrize("case", cases())
def test_the_text_is_as_agreed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of each case is its `expected.txt`, and names the code that the case is about."""
    found = findings_of(case, tmp_path, monkeypatch)
    text = "\n\n".join(finding.render() for finding in found) + "\n"
    golden = CASES / case / "expected.txt"
    if REGOLD:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert case.split("/", maxsplit=1)[0] in {finding.code for finding in found}


def test_a_path_without_a_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped path is said to be one; it is no empty policy."""
    monkeypatch.chdir(tmp_path)
    (found,) = findings("polices/")
    assert found.render() == "error[no-such-file]: there is no file or folder `polices`"
    (found,) = findings("no\0name")
    assert found.code == "no-such-file"


# Case, line, column and the word that stands there: the one that the author has to mend.
PLACES = [
    ("alias/alias-as-permissions", 14, 18, "*both"),
    ("alias/anchor-and-alias", 17, 11, "&look {section"),
    ("allowed-cut/overrides-and-state", 25, 9, "tech-leads-see-no-grades"),
    ("bad-name/capitals-and-spaces", 17, 3, "View Only"),
    ("bad-name/not-latin", 4, 31, "añadir"),
    ("cut-short/ticket-number", 8, 14, "Ticket"),
    ("cycle/permissions", 8, 7, "edit"),
    ("cycle/sets", 18, 3, "editor"),
    ("dead-rule/gives-nothing", 25, 9, "staff-look"),
    ("dead-rule/impossible-person", 25, 9, "student-teachers"),
    ("directive/unheard-of", 1, 1, "%POLICY strict"),
    ("directive/yaml-1.1", 1, 1, "%YAML 1.1"),
    ("duplicate-key/two-mins", 25, 5, "min"),
    ("duplicate-name/in-two-files", 2, 1, "application"),
    ("duplicate-name/rule", 25, 9, "teachers-edit"),
    ("empty-value/lists", 23, 11, "[]"),
    ("empty-value/type-without-permissions", 14, 18, "[]"),
    ("floor-cut/both-everyone", 28, 10, "viewer"),
    ("floor-cut/ceiling-with-unless-and-overrides", 37, 10, "none"),
    ("idle-override/all", 30, 5, "overrides"),
    ("idle-override/nothing-cut", 30, 5, "overrides"),
    ("impossible-scope/built-in", 23, 19, "section"),
    ("impossible-scope/own-role", 26, 19, "section"),
    ("key-no-text/braces", 24, 11, "{editor}}"),
    ("key-no-text/number", 8, 7, "2:"),
    ("missing-key/application", 1, 1, "rolecall: 1"),
    ("missing-key/because", 21, 5, "id: teachers-e"),
    ("missing-key/permissions-and-scopes", 10, 5, "within: [stude"),
    ("missing-key/several", 21, 5, "id: teachers-e"),
    ("missing-within/own-type", 9, 3, "grade"),
    ("needless-overrides/no-max", 25, 5, "overrides"),
    ("needless-unknown/not-asked", 27, 18, "publishd"),
    ("needless-within/clevers-type", 6, 5, "within"),
    ("nobody-has/no-rule", 5, 3, "section"),
    ("not-a-policy/a-list", 1, 1, "- id: teachers"),
    ("not-a-policy/another-key", 1, 1, "services"),
    ("not-utf-8/latin-1", 3, 9, "�or N��ez"),
    ("not-yaml/at-sign", 22, 14, "@teachers edit"),
    ("not-yaml/backslash", 22, 17, '\\policies"'),
    ("not-yaml/colon-in-a-text", 22, 22, ": teachers edi"),
    ("not-yaml/dash-after-a-key", 14, 18, "- view"),
    ("not-yaml/indentation", 23, 4, "when: {teacher"),
    ("not-yaml/missing-colon", 24, 5, "min editor"),
    ("not-yaml/missing-comma", 14, 32, '"lock"]'),
    ("not-yaml/missing-value", 14, 24, ", edit]"),
    ("not-yaml/open-bracket", 23, 11, "{teacher: sect"),
    ("not-yaml/open-quote", 22, 14, '"Teachers edit'),
    ("not-yaml/text-beside-a-fold", 22, 16, "Teachers edit "),
    ("other-students/classmates", 27, 11, "{student: sect"),
    ("own-conflict/max-below-min", 25, 10, "viewer"),
    ("reserved-name/value", 13, 20, "unknown"),
    ("reserved-name/words", 12, 7, "term"),
    ("scope-never/school-has-no-section", 29, 12, "{teacher: sect"),
    ("second-document/dashes", 20, 1, "---"),
    ("tab/after-spaces", 5, 3, "\tpermissions: "),
    ("tab/indentation", 4, 1, "\tschool: {perm"),
    ("tag/handle", 22, 14, "!app!text Teac"),
    ("tag/text", 22, 14, "!!str Teachers edit what they teac"),
    ("term-unknown/max", 29, 10, "term"),
    ("too-deep/braces", 3, 129, "a: {a: {a: {a:"),
    ("too-deep/brackets", 3, 39, "[[[[[[[[[[[[[["),
    ("unknown-attribute/every-type", 25, 10, "published"),
    ("unknown-attribute/misspelt", 26, 10, "publisched"),
    ("unknown-key/at-the-top", 16, 1, "sets"),
    ("unknown-key/byte-order-mark", 3, 1, "resource"),
    ("unknown-name/implied", 8, 24, "look"),
    ("unknown-name/overridden-rule", 30, 17, "teacher-edits"),
    ("unknown-name/permission", 18, 22, "edti"),
    ("unknown-name/role", 23, 12, "teachers"),
    ("unknown-name/set", 24, 10, "edtor"),
    ("unknown-name/type", 18, 29, "grades"),
    ("unknown-timezone/abbreviation", 3, 11, "Central Time"),
    ("unknown-timezone/place", 3, 11, "Chicago"),
    ("unknown-value/misspelt", 26, 17, "quizz"),
    ("unknown-value/yes", 26, 21, "yes"),
    ("unused-set/nobody", 17, 3, "viewer"),
    ("passed-over/backup", 1, 1, ""),
    ("wrong-value/attribute", 12, 19, "true"),
    ("wrong-value/number-and-nothing", 22, 14, "2024"),
    ("wrong-value/role-without-scope", 23, 11, "teacher"),
    ("wrong-value/rules-as-a-mapping", 20, 1, "rules"),
    ("wrong-value/scope", 23, 21, "sections"),
    ("wrong-value/text-for-a-list", 17, 21, "view"),
    ("wrong-value/version", 1, 11, "1.10"),
    ("wrong-value/within", 10, 13, "[section, stud"),
]


@pytest.mark.parametrize(("case", "line", "column", "word"), PLACES)
def test_the_place_is_where_one_looks(
    case: str, line: int, column: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first finding with the case's code stands at the word that is wrong."""
    found = [one for one in findings_of(case, tmp_path, monkeypatch) if one.code == case.split("/", maxsplit=1)[0]]
    at = found[0].origin
    assert at is not None
    assert (at.line, at.column) == (line, column)
    assert at.source.line(line)[column - 1 :].startswith(word)


def test_every_code_has_a_place_in_the_table() -> None:
    """Only what is about a whole file, or a path, has no word to point at."""
    whole = {"no-such-file", "no-policy", "unreadable", "too-large", "empty", "not-text"}
    assert {case.split("/")[0] for case, *_ in PLACES} | whole == codes_of_the_source()


def codes_of_the_source() -> set[str]:
    """Give every code that the loader or the compiler writes into a finding, read from their text."""
    found: set[str] = set()
    for file in [*(ENGINE / "loader").glob("*.py"), *(ENGINE / "compiler").glob("*.py")]:
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                found |= codes_of(function)
    return found


def codes_of(function: ast.FunctionDef) -> set[str]:
    """Give the codes of one function: the first arguments of `Finding`, `.error` and `.refuse`."""
    found: set[str] = set()
    given = {argument.arg for argument in function.args.args}
    for call in ast.walk(function):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        code = call.args[0]
        if name not in ("Finding", "error", "refuse") or (isinstance(code, ast.Name) and code.id in given):
            continue
        values = [code]
        if isinstance(code, ast.Name):  # `code = "a" if … else "b"`
            values = [
                value
                for assign in ast.walk(function)
                if isinstance(assign, ast.Assign) and getattr(assign.targets[0], "id", "") == code.id
                for value in (
                    [assign.value.body, assign.value.orelse] if isinstance(assign.value, ast.IfExp) else [assign.value]
                )
            ]
        assert values, f"{function.name}: a code that this test cannot read"
        for value in values:
            assert isinstance(value, ast.Constant), f"{function.name}: a code that this test cannot read"
            found.add(str(value.value))
    return found


def test_every_code_has_a_case() -> None:
    """A new finding needs a case that shows what its author reads, and no case is about a code that is gone."""
    assert {case.split("/")[0] for case in cases()} | {"no-such-file"} == codes_of_the_source()


def test_every_code_is_explained() -> None:
    """`docs/errors.md` has one entry for each code, in the order of the alphabet, and none for another."""
    assert re.findall(r"(?m)^### `([a-z0-9-]+)`$", PAGE.read_text(encoding="utf-8")) == sorted(codes_of_the_source())


def test_every_explanation_has_a_meaning_an_example_and_a_cure() -> None:
    """An entry is a paragraph, the text that the author reads, and a paragraph."""
    for entry in PAGE.read_text(encoding="utf-8").split("\n### ")[1:]:
        code = entry.split("`")[1]
        assert re.fullmatch(
            rf"`{code}`\n\n[A-Z`][^\n](?s:.)+?\n\n```text.*\n\w+\[{code}\](?s:.)+?\n```\n\n(?s:.)+\.\)?\n+", entry
        )


def test_the_examples_of_the_page_are_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example of `docs/errors.md` is the first finding of the case that it names, word for word."""

    def example(match: re.Match[str]) -> str:
        case = match[1]
        folder = tmp_path / case.replace("/", "-")
        folder.mkdir()
        first = next(one for one in findings_of(case, folder, monkeypatch) if one.code == case.split("/")[0])
        return f"```text {case}\n{first.render()}\n```"

    page = PAGE.read_text(encoding="utf-8")
    true = re.sub(r"```text (\S+)\n(?s:.)+?\n```", example, page)
    if REGOLD:
        PAGE.write_text(true, encoding="utf-8")
    assert true == PAGE.read_text(encoding="utf-8")
    assert true.count("```text ") == len(codes_of_the_source()) - 1  # a path without a file is about no case


def test_messages_are_in_the_words_of_the_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No text names a class, a JSON Schema keyword or a value of Python, and each fix is one line."""
    said = []
    for number, case in enumerate(cases()):
        folder = tmp_path / str(number)
        folder.mkdir()
        said += [text for one in findings_of(case, folder, monkeypatch) for text in (one.message, *one.helps)]
    for text in said:
        assert not re.search(
            r"is not of type|[Aa]dditional propert|None|True|False|Error|<class|\bdict\b|'\w+'", text
        ), text
        assert "\n" not in text
        assert text[0].islower() or text[0] in "`{"
        assert not text.endswith(".")


FIX = re.compile(r"give rule `(?P<rule>[^`]+)` the line  (?P<line>(?P<key>unless|overrides|for): .+)$")


def with_line(policy: str, rule: str, key: str, line: str) -> str:
    """Paste a line into a rule, in place of the line with the same key if there is one."""
    head, begin, tail = policy.partition(f"  - id: {rule}\n")
    assert begin
    body, mark, rest = tail.partition("  - id: ")
    kept = "".join(row for row in body.splitlines(keepends=True) if not row.strip().startswith(f"{key}:"))
    return f"{head}{begin}    {line}\n{kept}{mark}{rest}"


@pytest.mark.parametrize("case", [case for case in cases() if case.startswith("floor-cut/")])
def test_a_fix_that_is_pasted_mends_the_cut(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line offered for a cut, pasted where the text says, makes that error go; "over all" makes every one go."""
    before = [one for one in findings_of(case, tmp_path, monkeypatch) if one.severity == "error"]
    assert {one.code for one in before} == {"floor-cut"}
    assert before[0].helps
    for number, help_ in enumerate(before[0].helps):
        fix = FIX.search(help_)
        if fix is None:
            assert "never apply to anybody" in help_
            continue
        text = (CASES / case / "policy.yaml").read_text(encoding="utf-8")
        mended = tmp_path / f"{number}.yaml"
        mended.write_text(with_line(text, fix["rule"], fix["key"], fix["line"]), encoding="utf-8")
        left = [pair_of(one) for one in findings(mended) if one.severity == "error"]
        assert left == ([] if "over all" in help_ else [pair_of(one) for one in before[1:]])


def test_fixes_mend_the_cuts_of_random_policies(tmp_path: Path) -> None:
    """In made-up policies too, each fix that is offered for a cut mends that cut, and adds no error."""
    mended = 0
    file = tmp_path / "policy.yaml"
    for seed in range(20):
        policy = strategies.random_policy(random.Random(seed), loadable=False)
        file.write_text(json.dumps(policy), encoding="utf-8")
        before = {pair_of(one) for one in findings(file) if one.code == "floor-cut"}
        for finding in [one for one in findings(file) if one.code == "floor-cut"][:3]:
            for help_ in finding.helps:
                fix = FIX.search(help_)
                if fix is None:
                    assert "never apply to anybody" in help_
                    continue
                rules = [dict(rule) for rule in policy["rules"]]
                rule = next(rule for rule in rules if rule["id"] == fix["rule"])
                rule |= yaml.safe_load(fix["line"])
                file.write_text(json.dumps(policy | {"rules": rules}), encoding="utf-8")
                after = {pair_of(one) for one in findings(file) if one.code == "floor-cut"}
                assert after <= before - {pair_of(finding)}, (seed, help_)
                mended += 1
    assert mended > 20


def pair_of(finding: Finding) -> tuple[str, ...]:
    """Give the two rules of a cut."""
    return tuple(text.split("`")[1] for label, text in finding.details if label in ("floor", "ceiling"))


def test_a_copy_of_the_shipped_policy_has_no_findings_but_notes(tmp_path: Path) -> None:
    """What is shipped is an example to follow: neither errors nor warnings."""
    shutil.copytree(ENGINE.parents[1] / "policies", tmp_path / "policies")
    assert {one.severity for one in findings(tmp_path / "policies")} <= {"note"}
