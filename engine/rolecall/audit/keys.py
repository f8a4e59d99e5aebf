"""Keys that sign checkpoints and heads: Ed25519, as PEM. Needs the extra `audit`."""

from __future__ import annotations

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"keys need `{error.name}`, which comes with `pip install 'rolecall[audit]'`", name=error.name
    ) from None


def make_key() -> tuple[bytes, bytes]:
    """Make a private key without a password, and its public key; both as PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
