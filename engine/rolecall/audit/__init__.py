"""The audit log: every decision recorded, chained, provable.

    from rolecall.audit import Audit

    audit = Audit.open("sqlite:///audit.db")                       # postgresql://… or jsonl:FOLDER
    pdp = Authorizer.load("policies/", facts=…, audit=audit)

Writing
    `recorder`   `Audit`: takes decisions, chains them, hands them to a thread that writes batches
    `making`     decision -> `Entry`, with the digests of what it rests on
    `entry`      the form of a record, its bytes, its JSON Schema; `blobs` what records share; `masks` which ids are
                 shown
    `chain`      hashes and segments; `signing` checkpoints; `choice` which decisions are recorded
Stores
    `stores.open_store(url, create=False)` gives a `stores.base.Store`: SQLite, PostgreSQL or JSON lines
    reading: `writers()`, `segments(writer)`, `entries(writer, after)`, `checkpoints(writer)`, `blobs(digests)`,
    `all_blobs()`, `search(Query)`, `by_id`, `by_code`, `count`, `integrity()`
    A `Stored` has `data` (the bytes that the chain hashes) and `.entry`; a database keeps columns and shared texts, and
    makes the bytes anew, so that whatever was changed in it changes them, or cannot be read (`problem`).
    The short code is looked up by a number (`Stored.short`) that the chain does not cover:
    `vocabulary.identity.short_number(id)` has to give it.
"""

from rolecall.audit.policies import LostPolicy
from rolecall.audit.rebuild import LostRecord
from rolecall.audit.recorder import Audit
from rolecall.audit.stores import open_store
from rolecall.audit.stores.base import Damaged

__all__ = ["Audit", "Damaged", "LostPolicy", "LostRecord", "open_store"]
