"""Clever's API v3.0: what it says now, complete or not at all. Needs the extra `live`."""

from rolecall.facts.clever.client import Clever
from rolecall.facts.clever.errors import CleverError, NotShared, TokenRefused, Unavailable
from rolecall.facts.clever.pages import Page, Record, Trail
from rolecall.facts.clever.secret import Token
from rolecall.facts.clever.tokens import ClientTokens, OneToken, StaticTokens, Tokens
from rolecall.facts.clever.wire import Asking

__all__ = [
    "Asking",
    "Clever",
    "CleverError",
    "ClientTokens",
    "NotShared",
    "OneToken",
    "Page",
    "Record",
    "StaticTokens",
    "Token",
    "TokenRefused",
    "Tokens",
    "Trail",
    "Unavailable",
]
