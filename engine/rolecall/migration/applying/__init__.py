"""A plan carried out in the application's own database, so that it can be stopped, resumed, verified and undone.

    stored       tables as they are stored: values exactly, keys, who refers to whom; PostgreSQL, MariaDB, SQLite
    images       such values as JSON and back, and the digest of a state
    database     the connection: one run at a time, transactions, the database's words as sentences
    journal      rolecall's own tables: runs, what each changed (before and after), who was refused, aliases for ever
    rows         the rows around some people, read at once, changed in memory
    writer       what differs then, written at once
    guarding     what the database would do by itself to rows around, which must not happen unseen
    changes      what a step of the plan changes in them, or why it must not
    carrying     a plan, carried out
    undoing      a run, undone
    verifying    whether all of it still stands, and who still writes old ids
    rehearsing   all of that on a copy, with a certificate
    ports        the ports of `Resolver` over the same database

A batch of steps is one transaction: the application's rows, the journal, and how far the run is change together.
Whoever imports any of it without SQLAlchemy is told what to install, by a `FactsError`.
"""

from rolecall.migration.accounts import needs_sql

with needs_sql():
    import sqlalchemy as sqlalchemy
