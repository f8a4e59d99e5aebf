"""Checkpoints: what a chain's hash was, signed (Ed25519) with a key that whoever runs the log keeps.

Needs the extra `audit`.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Final

import msgspec

from rolecall.audit.entry import encode
from rolecall.audit.stores.base import Checkpoint
from rolecall.errors import AuditError

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"signed checkpoints need `{error.name}`, which comes with `pip install 'rolecall[audit]'`", name=error.name
    ) from None


class Statement(msgspec.Struct, frozen=True):
    """What a checkpoint says: at a time (nanoseconds since 1970), the record `seq` of a writer had this hash
    (hexadecimal); `key` is the public key (hexadecimal) of whoever signs.
    """  # noqa: D205 - one sentence too long for a line

    v: int
    writer: str
    seq: int
    hash: str
    time_ns: int
    key: str


_statement: Final = msgspec.json.Decoder(Statement)


def read_statement(body: bytes) -> Statement:
    """Read what a checkpoint says; raises `ValueError` where it says nothing."""
    return _statement.decode(body)


class Signer:
    """Signs checkpoints."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Read the private key, a PEM file without a password; raises `AuditError`."""
        try:
            key = serialization.load_pem_private_key(Path(path).read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            why = getattr(error, "strerror", None) or error
            raise AuditError(f"the signing key `{path}` cannot be read: {why}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise AuditError(f"the signing key `{path}` is none for Ed25519: `openssl genpkey -algorithm ed25519`")
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()

    def checkpoint(self, writer: str, seq: int, proof: bytes, time_ns: int) -> Checkpoint:
        """State what a record's hash is, and sign it."""
        body = encode(Statement(1, writer, seq, proof.hex(), time_ns, self.public))
        return Checkpoint(writer, seq, body, self._key.sign(body))

    def sign(self, data: bytes) -> bytes:
        """Sign some bytes (64 bytes)."""
        return self._key.sign(data)


def read_public(path: str | PathLike[str]) -> str:
    """Read a public key, or that of a private one, from a PEM file, as hexadecimal digits; raises `AuditError`."""
    try:
        data = Path(path).read_bytes()
        if b"PRIVATE KEY" in data:
            return Signer(path).public
        key = serialization.load_pem_public_key(data)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise AuditError(f"the key `{path}` cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise AuditError(f"the key `{path}` is none for Ed25519")
    return key.public_bytes_raw().hex()


def is_signed(data: bytes, signature: bytes, public: str) -> bool:
    """Say whether a signature of some bytes is that of a public key (hexadecimal)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
