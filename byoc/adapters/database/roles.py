"""What a primary, a replica and a backup have to be, as findings that say what to change."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from byoc.contracts import DatabaseState, Finding
from byoc.contracts.findings import Level
from humana.kernel.errors import HumanaError

#: How old what a replica tells may be where the endpoint does not say, in seconds.
MOST_LAG = 300.0
#: Connections that one process of ours may want at once; see `tenants.db.aliases.POOL`.
WANTED = 4


def judged(state: DatabaseState, role: str, most_lag: float = MOST_LAG) -> Iterator[Finding]:
    """Whether a server is what its role asks for, by what it says of itself.

    A backup may take changes: then somebody has promoted it.
    """
    if role == "primary" and not state.writable:
        sentence = _("The server only reads, as a replica does. Give the address of the primary.")
        yield Finding("refuse", "read_only", sentence)
    if role == "replica" and not state.in_recovery:
        yield _follows_nobody()
    if state.in_recovery and role != "primary":
        yield from _lag(state, most_lag, "refuse" if role == "replica" else "warn")


def compared(follower: DatabaseState, primary: DatabaseState) -> Iterator[Finding]:
    """Whether the one holds what the other holds. For a replica, and for a backup not promoted yet."""
    if not follower.in_recovery:
        yield _follows_nobody()
    elif not follower.system or not primary.system:
        sentence = _(
            "It cannot be told whether this is a replica of the primary. Grant our users EXECUTE on"
            " pg_control_system() on the primary."
        )
        yield Finding("warn", "system_unknown", sentence)
    elif follower.system != primary.system:
        sentence = _(
            "This server follows another primary than the organization's. Make it a replica of that one, as"
            " with pg_basebackup, or give another address."
        )
        yield Finding("refuse", "another_system", sentence)
    if follower.version.split(".")[0] != primary.version.split(".")[0]:
        sentence = _("The replica's PostgreSQL is another major version than the primary's: %(both)s.")
        yield Finding(
            "refuse", "another_version", sentence % {"both": f"{follower.version}, {primary.version}"}
        )


def crowded(state: DatabaseState) -> Iterator[Finding]:
    """Whether our processes find a connection there."""
    most, taken = state.most_connections, state.connections
    if most is not None and taken is not None and most - taken < WANTED:
        sentence = _("%(taken)d of %(most)d connections are in use there. Allow more for our user.")
        yield Finding("warn", "few_connections", sentence % {"taken": taken, "most": most})


def fact(code: str, sentence: str) -> Finding:
    return Finding("fact", code, sentence)


def refused(error: HumanaError) -> Finding:
    """What keeps the database from being looked at, as a finding."""
    return Finding("refuse", error.code, str(error), field=error.field or "")


def _follows_nobody() -> Finding:
    sentence = _(
        "This server follows no other: it takes changes itself. Make it a replica of the primary, or give"
        " the address of one."
    )
    return Finding("refuse", "not_following", sentence)


def _lag(state: DatabaseState, most: float, level: Level) -> Iterator[Finding]:
    if state.lag_seconds is None:
        sentence = _(
            "The replica does not say how far behind it is: nothing has come from the primary yet. See that"
            " it receives from there."
        )
        yield Finding("warn", "lag_unknown", sentence)
    elif state.lag_seconds > most:
        sentence = _("The replica is %(seconds)d seconds behind. See that it receives from the primary.")
        yield Finding(level, "lagging", sentence % {"seconds": state.lag_seconds})
