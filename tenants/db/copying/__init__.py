"""One organization's rows carried from one placement to another, and both proved equal.

    tables      what is carried, in reference order
    rounds      `synchronise`: the first copy, each catch-up and the last round are the same thing
    postgres    a side on PostgreSQL: digests by the server, rows as a stream that nobody decodes
    portable    a side on any engine: rows in one canonical encoding, digests made here

A round reads the source in one snapshot, compares digests of some thousand rows each, carries what
differs, and looks again before it commits. It may be cut off anywhere and run again.
"""

from tenants.db.copying.rounds import Compared, Copy, NotEqual, synchronise
from tenants.db.copying.sides import Side, both_sides
from tenants.db.copying.tables import Table, tables

__all__ = ["Compared", "Copy", "NotEqual", "Side", "Table", "both_sides", "synchronise", "tables"]
