"""The two versions of `rolecall diff`: a file or folder, or a folder as it was at a git revision."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec
import typer

if TYPE_CHECKING:
    from rolecall.analysis.difference import Version
    from rolecall.policy import Policy
    from rolecall.vocabulary.origin import Finding, Source


class Named(msgspec.Struct, frozen=True, eq=False):
    """A version with the name that the reader gave it: `main:policies`, or a folder's; `revision` is its `main`."""

    name: str
    version: Version
    revision: str = ""


def named_versions(old: str, new: str | None, policies: Path) -> tuple[Named, Named]:
    """Read both versions. One argument is `A..B`, or `A`, with which the working folder is compared.

    `A...B` is what git means by it: what B does since it parted from A, whatever happened to A meanwhile.
    """
    if new is not None:
        return read_version(old, policies), read_version(new, policies)
    before, dots, after = old.partition("..")
    if not dots or Path(old).exists():
        return read_version(old, policies), named_folder(policies)
    before, parted, after = before or "HEAD", after.startswith("."), after.removeprefix(".")
    found = read_version(after, policies) if after else named_folder(policies)
    return _parted(before, after or "HEAD", policies) if parted else read_version(before, policies), found


def read_version(what: str, policies: Path) -> Named:
    """Read a file or folder of that name, else the policies at the revision of that name."""
    path = Path(what)
    if path.exists():
        return named_folder(path)
    return _revision(what, _commit(what), policies)


def _parted(one: str, other: str, policies: Path) -> Named:
    """Read the policies as they were where two revisions parted."""
    commits = _commit(one), _commit(other)
    parted = _git("merge-base", *commits, may_fail=True).split()
    if not parted:
        raise typer.BadParameter(f"git knows no commit from which `{one}` and `{other}` both come{_shallow()}")
    base = parted[0].decode()
    return _revision(one if base == commits[0] else base[:12], base, policies)


def _commit(what: str) -> str:
    """Find the commit of a revision; say what may be meant where there is none."""
    if commit := _known(what):
        return commit
    problem = f"`{what}` is neither a file, a folder nor a git revision here"
    if not _git("rev-parse", "--git-dir", may_fail=True):
        raise typer.BadParameter(f"{problem}: this is no git repository")
    if _known(f"origin/{what}"):
        raise typer.BadParameter(f"{problem}: did you mean `origin/{what}`?")
    revision, colon, folder = what.partition(":")
    if colon and _known(revision):
        raise typer.BadParameter(f"{problem}: write `{revision}`, and `--policies {folder}`")
    raise typer.BadParameter(f"{problem}{_shallow()}")


def _known(what: str) -> str:
    """Give the commit of a revision, or nothing."""
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{what}^{{commit}}")
    return _git(*asked, may_fail=True).strip().decode()


def _shallow() -> str:
    """Say so where git has not the whole history."""
    shallow = _git("rev-parse", "--is-shallow-repository", may_fail=True).strip() == b"true"
    return ": this clone is shallow, so fetch the whole history (`git fetch --unshallow`)" if shallow else ""


def named_folder(path: Path) -> Named:
    """Read a file or folder as it stands."""
    from rolecall.loader import load_policy  # noqa: PLC0415 - keeps --help quick

    if not path.exists():
        raise typer.BadParameter(f"there is no file or folder `{path}`", param_hint="--policies")
    return Named(str(path), _compiled(load_policy(path)))


def _compiled(policy: Policy) -> Version:
    from rolecall.analysis.difference import Version  # noqa: PLC0415 - keeps --help quick

    return Version.of(policy)


def _revision(name: str, commit: str, policies: Path) -> Named:
    """Read the policies as they were committed: from git's store, so that nothing here can alter them."""
    from rolecall.errors import PolicyError  # noqa: PLC0415 - keeps --help quick
    from rolecall.loader import merge_sources  # noqa: PLC0415

    top = Path(_git("rev-parse", "--show-toplevel").decode().rstrip("\n")).resolve()
    folder = Path(os.path.normpath(policies.absolute()))
    # A link that is committed is told below; one that leads to the repository is followed.
    ways = (folder, folder.parent.resolve() / folder.name, folder.resolve())
    inside = next((one.relative_to(top).as_posix() for one in ways if one.is_relative_to(top)), None)
    if inside is None:
        raise typer.BadParameter(f"`{policies}` lies outside the git repository `{top}`", param_hint="--policies")
    shown = Path(f"{name}:{inside}")
    findings: list[Finding] = []
    sources = list(_sources(commit, inside, name, findings))
    if not sources and not findings:
        raise typer.BadParameter(f"the revision `{name}` has no policy in `{inside}`", param_hint="--policies")
    policy, findings = merge_sources(sources, findings, shown)
    if policy is None:
        raise PolicyError(finding for finding in findings if finding.severity == "error")
    return Named(str(shown), _compiled(policy), name)


def _sources(commit: str, inside: str, name: str, findings: list[Finding]) -> list[Source]:
    """Give the policy files below a folder (or the one file) of a commit: what the loader would read of a checkout."""
    from rolecall.loader.files import SUFFIXES, read_bytes  # noqa: PLC0415 - keeps --help quick
    from rolecall.vocabulary.origin import Finding, Origin, Source  # noqa: PLC0415

    found: list[Source] = []
    pathspec = [] if inside == "." else [f":(literal){inside}"]
    listed = _git("ls-tree", "-r", "-z", "--full-tree", "--full-name", commit, "--", *pathspec)
    for row in sorted(listed.decode("utf-8", "surrogateescape").split("\0"), key=lambda row: row.partition("\t")[2]):
        about, tab, path = row.partition("\t")
        below = PurePosixPath(path).relative_to(inside) if tab else None
        if below is None or any(part.startswith(".") for part in below.parts):
            continue
        if path != inside and not path.lower().endswith(SUFFIXES):
            continue
        mode, _, blob = about.split(" ")
        shown = f"{name}:{path}"
        if mode not in ("100644", "100755"):
            message = "the file cannot be read: at this revision it is a link, or a repository of its own"
            findings.append(Finding("unreadable", message, Origin(Source(shown, ""), 1, 1)))
        elif source := read_bytes(shown, _git("cat-file", "blob", blob), findings):
            found.append(source)
    return found


def _git(*arguments: str, may_fail: bool = False) -> bytes:
    """Ask git; wrong usage where there is none, or where it refuses."""
    command = ["git", *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, and no option of theirs
    except OSError as error:
        raise typer.BadParameter(f"git cannot be asked: {error.strerror or error}") from error
    if ran.returncode and not may_fail:
        said = ran.stderr.decode("utf-8", "replace").strip() or "it gives no reason"
        raise typer.BadParameter(f"git refuses `{' '.join(command[:2])}`: {said}")
    return b"" if ran.returncode else ran.stdout
