"""The process's configured default, for applications that want one PDP and no plumbing."""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.authorizer import Authorizer
from rolecall.errors import NotConfigured
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.request import Resource, User

_configured: list[Authorizer] = []


def configure(authorizer: Authorizer | None) -> None:
    """Put a PDP in force for this process's `rolecall.authorize`; None takes it out of force."""
    if not (authorizer is None or isinstance(authorizer, Authorizer)):
        raise TypeError(f"`configure` takes an `Authorizer`, not a `{type(authorizer).__name__}`")
    _configured[:] = [] if authorizer is None else [authorizer]


def authorize(
    user: User, resource: Resource, permission: str | None = None, *, acting_as: Sequence[str] | None = None
) -> Decision:
    """Decide with the configured PDP (see `Authorizer.authorize`); raises `NotConfigured` where there is none."""
    if not _configured:
        raise NotConfigured
    return _configured[0].authorize(user, resource, permission, acting_as=acting_as)
