"""What the tests of recording share."""

import demo
import postgres
from rolecall import Authorizer
from rolecall.audit import Audit

STORES = ["sqlite", "postgresql", "jsonl"]


def url_of(store, folder):
    """The address of a log that is not there yet."""
    if store == "postgresql":
        return postgres.new_database()
    return str(folder / "audit.db") if store == "sqlite" else f"jsonl:{folder / 'audit'}"


def pdp(audit, **more):
    """The demo district's PDP, recorded."""
    return Authorizer.load(
        demo.POLICIES, **{"facts": demo.snapshot(), "clock": lambda: demo.NOW, "audit": audit, **more}
    )


def opened(url, **more):
    """A log, and a PDP that it records."""
    audit = Audit.open(url, **more)
    return audit, pdp(audit)


def ask(one, name="teacher", permission="view"):
    """Ask something that the table answers."""
    return one.authorize(demo.who(name), demo.at("algebra_class"), permission)
