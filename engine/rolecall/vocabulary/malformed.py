"""The root of all errors, and the one that a question itself can be. The whole tree is drawn in `rolecall.errors`."""

from __future__ import annotations


class RolecallError(Exception):
    """The root: catching it catches everything that rolecall raises on purpose."""


class RequestError(RolecallError, ValueError):
    """The question is malformed, so there is no answer to it, not even no."""
