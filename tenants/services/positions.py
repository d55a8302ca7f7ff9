"""Positions: made, changed, put under another, removed; and where a member stands.

Who stands higher is said by the level, 0 the top; whoever reports to a position stands below it.
`member=None` is Humana itself.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, Invalid
from humana.kernel.ports import resettle
from humana.kernel.text import clean_line
from tenants.models import Membership, Position
from tenants.permissions import STRUCTURE
from tenants.services.structuring import (
    announce,
    apply,
    can_stand_under,
    free_name,
    hold,
    in_turn,
    judge,
    keep,
    ours,
    parents_of,
    room_for_one_more,
    standing,
    stands_free,
)
from tenants.structure import Standing, below

#: The lowest level there is.
LOWEST = 99


class PositionChanges(TypedDict, total=False):
    """What can be changed; what is not given stays as it is."""

    title: str
    reports_to_id: uuid.UUID | None
    level: int


@dataclass(frozen=True, slots=True)
class OnPosition:
    """What stands on a position: who reports to it, members, and what companions bring."""

    positions: tuple[str, ...]
    members: int
    above: Standing

    @property
    def needs_a_place(self) -> bool:
        """Whether something has to go elsewhere before the position can go."""
        return bool(self.positions or self.members or self.above.companions)


def create_position(
    *,
    member: Membership | None = None,
    title: str,
    reports_to_id: uuid.UUID | None = None,
    level: int | None = None,
) -> Position:
    """A position; without a level, the one below what it reports to. Conflict where its title is taken."""
    judge(member, STRUCTURE)
    title = clean_line(title, field="title", limit=80)
    with in_turn(Position) as here:
        room_for_one_more(Position)
        chief = ours(Position, reports_to_id, "reports_to_id")
        if level is None:
            level = chief.level + 1 if chief else 0
        row = Position(
            organization_id=here, title=free_name(Position, title), reports_to_id=reports_to_id, level=level
        )
        can_stand_under(Position, row.id, reports_to_id)
        _level_holds(row, chief)
        keep(row)
        announce("position.created", row, title=row.title, reports_to=reports_to_id, level=level)
    return row


def edit_position(
    *,
    member: Membership | None = None,
    position: Position,
    version: int | None = None,
    **changes: Unpack[PositionChanges],
) -> Position:
    """Change what is given. Invalid for a circle, and for a level not below what it reports to."""
    judge(member, STRUCTURE)
    wanted: dict[str, Any] = dict(changes)
    if "title" in wanted:
        wanted["title"] = clean_line(wanted["title"], field="title", limit=80)
    with in_turn(Position):
        row = hold(Position, position.id, version)
        changed = _become(row, wanted)
        if changed:
            keep(row)
            announce(
                "position.changed", row, title=row.title, reports_to=row.reports_to_id, level=row.level,
                changed=changed,
            )  # fmt: skip
    return row


def _become(row: Position, wanted: dict[str, Any]) -> list[str]:
    if wanted.get("title", row.title) != row.title:
        free_name(Position, wanted["title"], besides=row.id)
    moved = wanted.get("reports_to_id", row.reports_to_id)
    chief = ours(Position, moved, "reports_to_id")
    if moved != row.reports_to_id:
        can_stand_under(Position, row.id, moved)
    changed = apply(row, wanted)
    if {"level", "reports_to_id"} & set(changed):
        _level_holds(row, chief)
        _stays_above(row)
    return changed


def _level_holds(row: Position, chief: Position | None) -> None:
    if not 0 <= row.level <= LOWEST:
        message = _("A level is a number from 0, the top, to %(lowest)d.") % {"lowest": LOWEST}
        raise Invalid(message, field="level", code="bad_level")
    if chief is not None and row.level <= chief.level:
        message = _(
            "Whoever reports to “%(title)s”, which is level %(level)d, has a level from %(least)d on."
        )
        told = {"title": chief.title, "level": chief.level, "least": chief.level + 1}
        raise Invalid(message % told, field="level", code="not_below")


def _stays_above(row: Position) -> None:
    rows = Position.objects.filter(reports_to=row, level__lte=row.level).order_by("title")
    names = list(rows.values_list("title", flat=True))
    if names:
        message = _("Who reports to it would no longer stand below it: %(names)s. Change their level first.")
        raise Invalid(message % {"names": ", ".join(names)}, field="level", code="not_above")


def on_position(position: Position) -> OnPosition:
    """What stands on it now, for who asks before removing it."""
    reporting = Position.objects.filter(reports_to=position).order_by("title")
    return OnPosition(
        tuple(reporting.values_list("title", flat=True)),
        Membership.objects.filter(position=position).count(),
        standing(position),
    )


def remove_position(
    *, member: Membership | None = None, position: Position, version: int | None = None
) -> None:
    """Only where nothing stands on it. Else Conflict, which says what does."""
    judge(member, STRUCTURE)
    with in_turn(Position):
        row = hold(Position, position.id, version)
        found = on_position(row)
        if found.needs_a_place:
            raise Conflict(_stands_on(found), code="in_use")
        _remove(row, found, None)


def dissolve_position(
    *,
    member: Membership | None = None,
    position: Position,
    move_to: uuid.UUID | None,
    version: int | None = None,
) -> None:
    """Members, companions and who reports to it go to another position, or to none, and it is removed.

    Conflict while policies are for it: they would silently cease to hold for whoever is moved.
    """
    judge(member, STRUCTURE)
    with in_turn(Position):
        row = hold(Position, position.id, version)
        heir = ours(Position, move_to, "move_to")
        found = on_position(row)
        if move_to in below(parents_of(Position), row.id):
            message = _("Choose another position: neither this one nor one that reports to it.")
            raise Invalid(message, field="move_to", code="circle")
        for one in Position.objects.select_for_update().filter(reports_to=row):
            _reports_to_heir(one, heir)
        Membership.objects.filter(position=row).update(position_id=move_to, updated_at=timezone.now())
        _remove(row, found, move_to)


def _reports_to_heir(one: Position, heir: Position | None) -> None:
    can_stand_under(Position, one.id, heir.id if heir else None)
    if heir is not None and one.level <= heir.level:
        message = _("“%(title)s” does not stand below “%(other)s”. Change its level first.")
        told = {"title": one.title, "other": heir.title}
        raise Invalid(message % told, field="move_to", code="not_below")
    one.reports_to = heir
    one.save()


def _remove(row: Position, found: OnPosition, move_to: uuid.UUID | None) -> None:
    """Companions removed for now name it too, so they are moved in any case."""
    stands_free(found.above)
    moved = resettle("position", row.id, move_to)
    told = {
        "members": found.members, "positions": list(found.positions), "companions": moved,
        "moved_to": move_to,
    }  # fmt: skip
    announce("position.removed", row, title=row.title, **told)
    row.delete()


def _stands_on(found: OnPosition) -> str:
    told = [
        (found.positions, _("positions that report to it: %(what)s"), ", ".join(found.positions)),
        (found.members, _("members: %(what)s"), found.members),
        (found.above.companions, _("companions: %(what)s"), found.above.companions),
    ]
    words = "; ".join(sentence % {"what": what} for there, sentence, what in told if there)
    return _("Something stands on this position: %(what)s. Say where to move it.") % {"what": words}
