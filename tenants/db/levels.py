"""How far a placement is migrated, and how far the code needs it to be.

A deploy goes live before the last placement is migrated, so migrations expand first and contract in
a later release. `NEEDED` is raised when the code begins to rely on an expansion: whoever is behind
it is answered 503, alone, until `migrate_placements` has been there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

#: The number of the migration that each tenant app cannot do without.
NEEDED: dict[str, int] = {"audit": 4, "documents": 8, "companions": 10, "chats": 5}

#: How the name of a migration begins.
NUMBER = re.compile(r"[0-9]{4}")


def level_of(applied: Iterable[tuple[str, str]]) -> str:
    """As `Placement.migrated` keeps it: `audit:3 chats:12`.

    What has no number counts for nothing: whoever owns the database may have written anything there.
    """
    reached: dict[str, int] = {}
    for app, name in applied:
        number = NUMBER.match(name)
        if app in NEEDED and number:
            reached[app] = max(reached.get(app, 0), int(number[0]))
    return " ".join(f"{app}:{number}" for app, number in sorted(reached.items()))


def is_behind(migrated: str) -> bool:
    """Whether the code cannot work there. What was never noted is taken for new."""
    return bool(migrated) and _is_behind(migrated, tuple(NEEDED.items()))


@lru_cache(maxsize=256)
def _is_behind(migrated: str, needed: tuple[tuple[str, int], ...]) -> bool:
    reached = dict(one.split(":") for one in migrated.split())
    return any(int(reached.get(app, 0)) < number for app, number in needed)
