"""Whom a policy applies to. Pure: ids in, yes or no out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

#: What an audience may name, each a list of ids as text.
LISTS = ("teams", "positions", "companions")


def applies(
    audience: object,
    companion_id: uuid.UUID | str,
    team_chain: Iterable[uuid.UUID | str],
    position_id: uuid.UUID | str | None,
) -> bool:
    """Does a policy with this audience reach the companion?

    One that names nobody, neither team nor position nor companion, reaches all; otherwise it is enough
    to be named in one list. `team_chain` is the companion's team and all above it: a team covers those
    below. A team that was removed names nobody any more, which is not the same as naming nobody at all.
    """
    if not isinstance(audience, Mapping):  # what nobody can read leaves nobody out
        return True
    named = {name: {str(one) for one in audience.get(name) or ()} for name in LISTS}
    if not any(named.values()):
        return True
    return (
        str(companion_id) in named["companions"]
        or (position_id is not None and str(position_id) in named["positions"])
        or not named["teams"].isdisjoint(map(str, team_chain))
    )


def names_teams(audience: object) -> bool:
    """Whether the tree of teams has to be known to judge this audience."""
    return isinstance(audience, Mapping) and bool(audience.get("teams"))
