"""The two versions of `rolecall diff`: a file or folder, or a folder as it was at a git revision."""

from __future__ import annotations

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
    """A version with the name that the reader gave it: `main:policies`, or a folder's."""

    name: str
    version: Version


def named_versions(old: str, new: str | None, policies: Path) -> tuple[Named, Named]:
    """Read both versions. One argument is `A..B`, or `A`, with which the working folder is compared."""
    if new is None:
        before, dots, after = old.partition("..")
        if dots and not Path(old).exists():
            after = after.removeprefix(".")  # `main...HEAD` is what git calls it on a pull request
            found = read_version(after, policies) if after else named_folder(policies)
            return read_version(before or "HEAD", policies), found
        return read_version(old, policies), named_folder(policies)
    return read_version(old, policies), read_version(new, policies)


def read_version(what: str, policies: Path) -> Named:
    """Read a file or folder of that name, else the policies at the revision of that name."""
    path = Path(what)
    if path.exists():
        return named_folder(path)
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{what}^{{commit}}", may_fail=True).strip()
    if not commit:
        raise typer.BadParameter(f"`{what}` is neither a file, a folder nor a git revision here")
    return _revision(what, commit.decode(), policies)


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
    folder = policies.absolute() if policies.is_absolute() else Path.cwd() / policies
    if not folder.is_relative_to(top):
        raise typer.BadParameter(f"`{policies}` lies outside the git repository `{top}`", param_hint="--policies")
    inside = folder.relative_to(top).as_posix()
    shown = Path(f"{name}:{inside}")
    findings: list[Finding] = []
    sources = list(_sources(commit, inside, name, findings))
    if not sources and not findings:
        raise typer.BadParameter(f"the revision `{name}` has no policy in `{inside}`", param_hint="--policies")
    policy, findings = merge_sources(sources, findings, shown)
    if policy is None:
        raise PolicyError(finding for finding in findings if finding.severity == "error")
    return Named(str(shown), _compiled(policy))


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
