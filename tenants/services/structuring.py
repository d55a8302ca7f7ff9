"""What changes of teams and of positions have in common: who may, whose turn it is, and what is refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, Invalid, NotFound, StaleVersion
from humana.kernel.ports import standing_on
from tenants.context import current_tenant
from tenants.models import Membership, Position, Role, Team
from tenants.permissions import Permission, require
from tenants.services.events import control_event
from tenants.structure import DEEPEST, MOST, Standing, circle, depth

Row = TypeVar("Row", Team, Position, Membership, Role)
#: For each kind, the field that names what it is under, and the one that it is called by.
UNDER = {Team: ("parent_id", "name"), Position: ("reports_to_id", "title")}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def version_of(row: Team | Position | Membership | Role) -> int:
    """What an edit compares, to see that nobody was quicker: when the row was last written."""
    return version_at(row.updated_at)


def version_at(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def judge(member: Membership | None, permission: Permission) -> None:
    """Raises unless the member may, here. None is Humana itself: seeds, operators."""
    if member is None:
        return
    if member.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    require(member, permission.name)


@contextmanager
def in_turn(kind: type[Team] | type[Position]) -> Iterator[uuid.UUID]:
    """A transaction in which nobody else changes this tree of the organization we are in, whose id it gives:
    two changes that are right alone can be a circle together.
    """
    with transaction.atomic():
        rows = kind._default_manager.select_for_update(no_key=True).filter(organization_id=_here())
        list(rows.order_by("id").values_list("id"))
        yield _here()


def hold(kind: type[Row], row_id: uuid.UUID, version: int | None = None) -> Row:
    """The row as it is now, locked until the transaction ends; StaleVersion if it is no longer `version`."""
    rows: Any = kind._default_manager.select_for_update().filter(organization_id=_here())
    row: Row | None = rows.filter(id=row_id).first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    if version is not None and version_of(row) != version:
        raise StaleVersion(_("Somebody changed this in the meantime. Reload and try again."))
    return row


def ours(kind: type[Row], row_id: uuid.UUID | None, field: str) -> Row | None:
    """One of the organization's own, which `field` names; what is another's is missing.

    It stays until the transaction ends: whoever removes it at this moment comes before or after.
    """
    if row_id is None:
        return None
    rows: Any = kind._default_manager.select_for_update(no_key=True).filter(organization_id=_here())
    row: Row | None = rows.filter(id=row_id).first()
    if row is None:
        raise NotFound(_("There is nothing here."), field=field)
    return row


def room_for_one_more(kind: type[Team] | type[Position]) -> None:
    if kind._default_manager.filter(organization_id=_here()).count() >= MOST:
        message = _("An organization has at most %(limit)d of these.") % {"limit": MOST}
        raise Conflict(message, code="too_many")


def free_name(kind: type[Team] | type[Position], name: str, besides: uuid.UUID | None = None) -> str:
    """The same name; Conflict where another is called so, whatever its capitals."""
    called = UNDER[kind][1]
    rows = kind._default_manager.filter(organization_id=_here(), **{f"{called}__iexact": name})
    if (rows.exclude(id=besides) if besides else rows).exists():
        raise name_taken(called)
    return name


def name_taken(field: str) -> Conflict:
    return Conflict(_("There is another one of this name."), field=field, code="name_taken")


def parents_of(kind: type[Team] | type[Position]) -> dict[uuid.UUID, uuid.UUID | None]:
    """What each is under."""
    rows = kind._default_manager.filter(organization_id=_here())
    return dict(rows.values_list("id", UNDER[kind][0]))


def can_stand_under(kind: type[Team] | type[Position], one: uuid.UUID, parent: uuid.UUID | None) -> None:
    """Raises Invalid for a circle, which it names, and for a tree that is too deep."""
    parents, field = parents_of(kind), UNDER[kind][0]
    round_ = circle(parents, one, parent)
    if round_:
        message = _("This would go round in a circle: %(names)s.") % {"names": _names(kind, round_)}
        raise Invalid(message, field=field, code="circle")
    if depth(parents, one, parent) > DEEPEST:
        message = _("At most %(limit)d can stand one below another.") % {"limit": DEEPEST}
        raise Invalid(message, field=field, code="too_deep")


def _names(kind: type[Team] | type[Position], ids: tuple[uuid.UUID, ...]) -> str:
    known = dict(kind._default_manager.filter(id__in=ids).values_list("id", UNDER[kind][1]))
    return " › ".join(known[one] for one in ids)


def keep(row: Team | Position) -> None:
    """Save it; Conflict where somebody gave another one its name meanwhile."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise name_taken(UNDER[type(row)][1]) from None


def apply(row: Any, wanted: Mapping[str, Any]) -> list[str]:
    """Set the fields; the names of those that really changed."""
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    return changed


def announce(action: str, row: Team | Position | Membership | Role, **payload: object) -> None:
    """The change's line for the trail, in its transaction."""
    told = {name: str(one) if isinstance(one, uuid.UUID) else one for name, one in payload.items()}
    kind = row._meta.model_name or ""
    control_event(action, kind, row.id, organization_id=row.organization_id, payload=told)


def standing(row: Team | Position) -> Standing:
    """What of companions, policies and access rules names it now."""
    found: Mapping[uuid.UUID, Standing] = standing_on("team" if isinstance(row, Team) else "position")
    return found.get(row.id, Standing())


def stands_free(told: Standing) -> None:
    """Raises Conflict where policies or access rules name it: without it they would say something else."""
    if told.policies:
        message = _("These policies are for it: %(names)s. Change whom they are for first.")
        raise Conflict(message % {"names": ", ".join(told.policies)}, code="named_by_policies")
    if told.rules:
        message = _("Access rules name it: %(number)d. Drop them first.") % {"number": told.rules}
        raise Conflict(message, code="named_by_rules")


def _here() -> uuid.UUID:
    return current_tenant().organization_id
