"""A policy as a record keeps it: its text, from which the same table is made again, years later."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from msgspec.structs import replace

from rolecall.compiler.halves import make_table
from rolecall.errors import AuditError, PolicyError
from rolecall.loader import merge_sources
from rolecall.policy import Policy
from rolecall.table import Table
from rolecall.vocabulary.origin import Source

# What no policy was ever read from: the text is here, and no file is looked at.
_NOWHERE = Path(os.devnull)


class LostPolicy(AuditError):
    """The policy of a record cannot be put in force again; the message says why."""


def table_of(blob: Mapping[str, object]) -> Table:
    """Make the table of a policy that a store keeps (the blob `policy`); raises `LostPolicy` where that cannot be.

    It was checked for conflicts before it was in force, and is not again: what today's rolecall would refuse still
    decided then.
    """
    return make_table(policy_of(blob))


def policy_of(blob: Mapping[str, object]) -> Policy:
    """Read the text of a policy that a store keeps, under the digest that it had; raises `LostPolicy`."""
    files, digest = blob.get("files"), blob.get("digest")
    if not isinstance(files, Sequence) or not isinstance(digest, str) or not files:
        raise LostPolicy("the policy was not recorded with its text")
    sources = tuple(Source(str(name), str(text)) for name, text in files)
    if digest not in _digests(sources):
        raise LostPolicy(f"the text that is kept is not that of the policy {digest[:19]}")
    policy, findings = merge_sources([*sources], [], _NOWHERE)
    if policy is None:
        said = str(PolicyError(one for one in findings if one.severity == "error")).partition("\n\n")[2].splitlines()[0]
        raise LostPolicy(f"this version of rolecall cannot read the policy {digest[:19]}: {said}")
    return replace(policy, digest=digest)


def _digests(sources: tuple[Source, ...]) -> Iterator[str]:
    """Give the digests that these files can have: names count below the folder that was given, which nobody knows."""
    parts = [PurePath(source.name).parts for source in sources]
    ordered = sorted(zip(parts, sources, strict=True), key=lambda pair: pair[1].name)
    for depth in range(min(len(names) for names in parts)):
        found = hashlib.sha256()
        for names, source in ordered:
            for part in (os.fsencode(PurePath(*names[depth:]).as_posix()), source.text.encode()):
                found.update(len(part).to_bytes(8, "big") + part)
        yield f"sha256:{found.hexdigest()}"
