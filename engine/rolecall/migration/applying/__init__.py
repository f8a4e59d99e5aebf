"""A plan carried out in the application's own database, so that it can be stopped, resumed, verified and undone.

    stored       tables as they are stored: values exactly, keys, who refers to whom; PostgreSQL, MariaDB, SQLite
    images       such values as JSON and back, and the digest of a state
    database     the connection: one run at a time, transactions, the database's words as sentences
    own          the shape of rolecall's own tables
    journal      what stands in them: runs, what each changed (before and after), who was refused, aliases for ever
    reading      the rows around some people, read and locked in a few statements
    rows         these rows in memory, changed by one person after the other
    writer       what differs then, written at once; in the order that `writing` gives
    guarding     what the database would do by itself to rows around, which must not happen unseen
    changes      what a step of the plan changes in them, or why it must not
    steps        the steps of a plan, so many at a time
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
