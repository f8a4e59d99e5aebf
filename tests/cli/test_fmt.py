"""`rolecall fmt`: one way to lay a file out; every comment and the meaning are kept."""

import stat
from unittest import mock

import pytest
from demo import POLICIES
from rolecall.analysis import layout
from rolecall.analysis.layout import format_source
from rolecall.vocabulary.origin import Source
from shell import run

UGLY = """\


# about the file
rolecall:   1
application: x
resources:
    section:   # a class
        permissions: {view: ,edit: {implies: [view]}}
rules:
# the first one
- when: [ {teacher: section},   # those who teach
    {staff: school} ]
  id: r   # its name


  because: They work
     in the class.
  min: {section: [edit]}
    # at its end
# at the end
"""
NEAT = """\
# about the file
rolecall: 1
application: x
resources:
  section:  # a class
    permissions: {view: , edit: {implies: [view]}}
rules:
  # the first one
  - id: r  # its name

    because: They work
      in the class.
    when:
      - {teacher: section}  # those who teach
      - {staff: school}
    min: {section: [edit]}
    # at its end
# at the end
"""


@pytest.fixture
def file(tmp_path):
    found = tmp_path / "p.yaml"
    found.write_text(UGLY)
    return found


def formatted(text):
    """Lay out a text that can be."""
    found, findings = format_source(Source("p.yaml", text))
    assert findings == []
    return found


def test_the_shipped_policy_is_laid_out_so():
    """Its tests and claims too."""
    ran = run("fmt", "--check", POLICIES)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(": 10 files, 0 to be laid out anew\n")


def test_a_file_is_laid_out(file):
    """Keys of a rule in their order, two spaces a level, comments with what they are about; the mode is kept."""
    file.chmod(0o600)
    ran = run("fmt", file)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"laid out anew: {file}\n{file}: 1 file, 1 laid out anew\n"
    assert file.read_text() == NEAT
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("fmt", file).out == f"{file}: 1 file, 0 laid out anew\n"


def test_check_and_diff_write_nothing(file):
    """`--check` answers no; `--diff` shows the lines."""
    ran = run("fmt", "--check", file)
    assert (ran.code, ran.out.splitlines()[0]) == (1, f"to be laid out anew: {file}")
    ran = run("fmt", "--diff", file)
    assert ran.code == 0
    assert "\n-rolecall:   1\n" in ran.out
    assert "\n+rolecall: 1\n" in ran.out
    assert run("fmt", "--diff", "--check", file).code == 1
    assert file.read_text() == UGLY


def test_marks_and_line_ends_are_kept(file):
    """A byte order mark, and the line ends of Windows; a link stays a link."""
    real = file.with_name("real.txt")
    real.write_bytes(("\ufeff" + UGLY.replace("\n", "\r\n")).encode())
    file.unlink()
    file.symlink_to(real)
    assert run("fmt", file).code == 0
    assert real.read_bytes() == ("\ufeff" + NEAT.replace("\n", "\r\n")).encode()
    assert file.is_symlink()


def test_what_is_broken_is_left_alone_and_told(tmp_path, file):
    """The other files are laid out; the answer is no."""
    (tmp_path / "q.yaml").write_text("rolecall: 1\nrules: [\n")
    (tmp_path / "other.yaml").write_text("name:   x\n")
    ran = run("fmt", tmp_path)
    assert ran.code == 1
    assert "error[not-yaml]" in ran.err
    assert "its first key is none of rolecall, rolecall-tests, rolecall-claims" in ran.err
    assert "only the texts were compared" in ran.err
    assert (tmp_path / "other.yaml").read_text() == "name:   x\n"
    assert file.read_text() == NEAT
    assert run("fmt", tmp_path / "none").code == 2


def test_a_layout_that_would_mean_something_else_is_never_written(file):
    """Whatever the printer does: the values, the comments and the policy are looked at again."""
    for wrong in (NEAT.replace("edit]}", "view]}"), NEAT.replace("# a class", ""), "rolecall: ["):
        with mock.patch.object(layout, "print_tree", return_value=wrong):
            ran = run("fmt", file)
        assert (ran.code, file.read_text()) == (1, UGLY)
        assert "the file is left alone: it would not mean the same afterwards" in ran.err
    with mock.patch.object(layout, "_same_policy", return_value=False):
        ran = run("fmt", file)
    assert (ran.code, file.read_text()) == (1, UGLY)
    assert "nothing is written" in ran.err


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(file):
    """Somebody saved it in their editor while it was looked at."""

    def later(*arguments):
        file.write_text("rolecall: 1\n")
        return format_sources(*arguments)

    format_sources = layout.format_sources
    with mock.patch.object(layout, "format_sources", later):
        ran = run("fmt", file)
    assert (ran.code, file.read_text()) == (2, "rolecall: 1\n")
    assert "was changed while it was looked at" in ran.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("rolecall: 1\na: |\n    x\n     y\n\n\nb: 1", "rolecall: 1\na: |\n  x\n   y\n\nb: 1\n"),
        ("rolecall: 1\na: |+\n    x\n\n\nb: 1\n", "rolecall: 1\na: |+\n  x\n\n\nb: 1\n"),
        ("rolecall: 1\na: |4\n      x\n    y", "rolecall: 1\na: |2-\n    x\n  y\n"),
        ("rolecall: 1\na: >  # why\n    x\n    y\n", "rolecall: 1\na: >  # why\n  x\n  y\n"),
        ("rolecall: 1\na: |+\n\n\n", "rolecall: 1\na: |+\n\n\n"),
        ("---\n{rolecall: 1, 'a' : [ b ,c ]}", "rolecall: 1\n'a': [b, c]\n"),
        ("rolecall: 1\na: [] # none\nb: [ # c\n]\n", "rolecall: 1\na: []  # none\nb: []  # c\n"),
        ("rolecall: 1\na:\n- - x\n  - y\n- # z\n  b: 1\n", "rolecall: 1\na:\n  - - x\n    - y\n  # z\n  - b: 1\n"),
        ("rolecall: 1\na:\n  # one\n  x\n", "rolecall: 1\n# one\na: x\n"),
        ('rolecall: 1\na: "x \\\n   y  # no\n   z"\n', 'rolecall: 1\na: "x \\\n  y  # no\n  z"\n'),
        ("rolecall: 1\na: [\n  # only this\n]\n", "rolecall: 1\n# only this\na: []\n"),
        ("rolecall: 1\na: {b: 1 # one\n, c: 2}\n", "rolecall: 1\na:\n  b: 1  # one\n  c: 2\n"),
        ("rolecall: 1\na: {b: 1,\n # end\n}\n", "rolecall: 1\na:\n  b: 1\n  # end\n"),
        ("rolecall: 1\na: 1   # x\nb: 22  # y\nc: 3\nd: 4   # z\n", "rolecall: 1\na: 1   # x\nb: 22  # y\nc: 3\nd: 4   # z\n"),
    ],
)  # fmt: skip
def test_texts_and_comments_in_odd_places(before, after):
    """Each is laid out once and for all."""
    assert formatted(before) == after
    assert formatted(after) == after


def test_a_long_list_has_a_line_for_each_entry():
    """What does not fit into 120 columns, and only that."""
    names = [f"permission-number-{n}" for n in range(7)]
    text = f"rolecall: 1\na: [{', '.join(names)}]\n"
    assert formatted(text) == "rolecall: 1\na:\n" + "".join(f"  - {name}\n" for name in names)
    assert formatted(text.replace("number-", "")) == text.replace("number-", "")


def test_a_key_that_takes_several_lines_is_left_alone():
    """Nobody writes one, and nothing is guessed about it."""
    text, findings = format_source(Source("p.yaml", 'rolecall: 1\n? "a\n  b"\n: 1\n'))
    assert (text, [one.code for one in findings]) == (None, ["not-formatted"])
