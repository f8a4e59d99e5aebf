"""Live facts, in one place: Clever's client, facts asked of it directly, the roster store and what keeps it current.

Needs the extra `live`.

    from rolecall.live import Clever, Direct, OneToken, RosterStore

    pdp = Authorizer.load("policies/", facts=RosterStore.open("sqlite:///rolecall.db"))
    pdp = Authorizer.load("policies/", facts=Direct(Clever(OneToken(os.environ["ROLECALL_CLEVER_TOKEN"]))))
"""

try:
    from rolecall.facts.clever import (
        Clever,
        CleverError,
        ClientTokens,
        NotShared,
        OneToken,
        StaticTokens,
        TokenRefused,
        Unavailable,
    )
    from rolecall.facts.direct import Direct
    from rolecall.facts.roster_store import RosterStore
    from rolecall.facts.store import AnotherSync, BadEvent, BadRecord, MassChange, StillHeld, Store, UnknownEvent
    from rolecall.facts.store.errors import Overtaken
    from rolecall.facts.sync import Watch, sync_district, verify
    from rolecall.facts.sync.full import NeverDone
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"live facts need `{error.name}`, which comes with `pip install 'rolecall[live]'`", name=error.name
    ) from None

__all__ = [
    "AnotherSync",
    "BadEvent",
    "BadRecord",
    "Clever",
    "CleverError",
    "ClientTokens",
    "Direct",
    "MassChange",
    "NeverDone",
    "NotShared",
    "OneToken",
    "Overtaken",
    "RosterStore",
    "StaticTokens",
    "StillHeld",
    "Store",
    "TokenRefused",
    "Unavailable",
    "UnknownEvent",
    "Watch",
    "sync_district",
    "verify",
]
