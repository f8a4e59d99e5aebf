"""Tests as an author writes them, read and run in one line."""

from pathlib import Path
from tempfile import TemporaryDirectory

from demo import POLICIES
from rolecall.analysis.grids import Bench, read_tests
from rolecall.compiler import load_table
from rolecall.loader import load_policy

PEOPLE = "people:\n  ann: {teacher: section}\n  bob: {staff: school}\n"


def shipped():
    """The shipped policy."""
    return load_policy(POLICIES)


def read(*texts, policy=None):
    """What is read of files of tests, and what is found in them: code, line and sentence."""
    with TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            Path(folder, f"{number}.yaml").write_text("rolecall-tests: 1\n" + text, "utf-8")
        files, findings = read_tests(folder, policy or shipped())
        return files, findings


def run(*texts, policy=None, strict=False, wanted=""):
    """The results of tests, of which nothing must be wrong."""
    policy = policy or shipped()
    files, findings = read(*texts, policy=policy)
    assert [one.render() for one in findings] == []
    return Bench(load_table(policy)).run(files, wanted, strict=strict)


def wrong(results):
    """What is wrong: person, permission, problem."""
    return [(asked.person.name, one.permission, one.problem) for result in results for asked, one in result.failures]
