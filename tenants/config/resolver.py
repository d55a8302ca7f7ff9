"""What holds here and now, and why.

    resolve(MESSAGE_LIMIT)                         in the organization we are in
    resolve(TEMPERATURE, Subject(companion_team_id=companion.team_id))
    explain(MESSAGE_LIMIT)                         value, layer, by whom, what acted

Outside an organization it is what holds for everybody.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenants.config.catalogue import LAYERS, ConfigKey
from tenants.config.rules import Entry, Settled, settle
from tenants.config.secrets import opened_value
from tenants.config.snapshot import Place, Snapshot, Subject, snapshot
from tenants.context import peek_tenant
from tenants.models import Membership

__all__ = ["Explained", "Subject", "explain", "resolve", "resolve_for", "resolve_many", "subject_of"]

T = TypeVar("T")
ANYBODY = Subject()


def resolve(key: ConfigKey[T], subject: Subject = ANYBODY) -> T:
    """The value that holds in the organization we are in."""
    return resolve_for(_here(), key, subject)


def resolve_for(organization_id: uuid.UUID | None, key: ConfigKey[T], subject: Subject = ANYBODY) -> T:
    """The same in any organization; None is what holds for everybody."""
    return _value(key, snapshot(organization_id), subject)


def resolve_many(keys: Iterable[ConfigKey[Any]], subject: Subject = ANYBODY) -> dict[str, Any]:
    """Several by name, from one look at what is said: however many, one round trip at most."""
    known = snapshot(_here())
    return {key.name: _value(key, known, subject) for key in keys}


def subject_of(member: Membership) -> Subject:
    """The member, in their team."""
    return Subject(user_id=member.user_id, team_id=member.team_id)


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a value holds. Of a secret, `value` says only whether it is set.

    `own` is what is said at the place asked about; `above` is what would hold without it.
    """

    key: ConfigKey[Any]
    settled: Settled[Any]
    value: Any
    own: Entry | None
    above: Settled[Any]

    @property
    def shown(self) -> str:
        return self.key.kind.shown(self.value)

    @property
    def bounded(self) -> bool:
        """Whether a cap or a floor acted."""
        return not self.key.secret and self.settled.value != self.settled.wanted


def explain(
    key: ConfigKey[Any],
    subject: Subject = ANYBODY,
    *,
    known: Snapshot | None = None,
    at: str = "user",
    own: bool = True,
) -> Explained:
    """The value for this subject down to the layer `at`, and how it came to hold.

    Without `own`, as if nothing were said at that place itself. `known` is a snapshot read before, for
    what must not be half a second old.
    """
    known = known or snapshot(_here())
    *above, here = _down_to(known.places(key, subject), at)
    said = known.said.get(key.name, {})
    chain = [said[place] for place in above if place in said]
    entry = said.get(here) if own and here[0] == at else None
    settled = settle(key, [*chain, entry] if entry else chain)
    value = bool(settled.chosen) if key.secret else settled.value
    return Explained(key, settled, value, entry, settle(key, chain))


def _down_to(places: list[Place], at: str) -> list[Place]:
    """The last place is the one asked about; where the subject has none there, it is an empty one."""
    reach = LAYERS.index(at)
    found = [place for place in places if LAYERS.index(place[0]) <= reach]
    return found if found[-1][0] == at else [*found, (at, None)]


def _value(key: ConfigKey[T], known: Snapshot, subject: Subject) -> T:
    told = settle(key, known.chain(key, subject))
    if not key.secret or told.chosen is None:
        return told.value
    theirs = None if told.chosen.layer == "global" else known.organization_id
    place = {"organization_id": theirs, "layer": told.chosen.layer, "subject": told.chosen.subject}
    return opened_value(str(told.value), **place, key=key.name)  # type: ignore[arg-type, return-value]


def _here() -> uuid.UUID | None:
    here = peek_tenant()
    return here.organization_id if here else None
