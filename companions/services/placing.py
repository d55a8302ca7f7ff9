"""Where a companion is stored: in the main placement, or whole in a further one with its entry in main."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from companions.models import Companion
from companions.permissions import EDIT
from companions.services.editing import announce, hold, judge
from humana.kernel.errors import Conflict, NotFound
from tenants.context import TenantContext, current_tenant, use_tenant
from tenants.models import Membership
from tenants.places import at_main, everywhere
from tenants.transactions import tenant_atomic

#: What the entry does not say of a companion that is stored elsewhere.
KEPT_BACK = frozenset({"id", "created_at", "organization_id", "base_prompt", "placement_id"})


def place_companion(
    *, member: Membership | None = None, companion_id: uuid.UUID, placement_id: uuid.UUID
) -> Companion:
    """Store a companion that nobody has talked with yet in one of the organization's placements.

    Raises Conflict where it has chats: they would have to move along. Cut off half-way it may be
    done again: until the entry names the placement, the companion is where it was.
    """
    judge(member, EDIT)
    with at_main(), tenant_atomic():
        place = _further(placement_id)
        row = hold(Companion.objects.all(), companion_id)
        _may_leave(row)
        moved = _store(row, place)
        row.placement_id, row.base_prompt = place.placement.id, ""
        row.save()
        announce("placed", "companion", row, name=row.name, slug=row.slug, placement=place.placement.id)
    return moved


def keep_entry(row: Companion) -> None:
    """The main placement's entry says what the companion says, as part of the change itself."""
    if current_tenant().main is None:
        return
    fields = [one.attname for one in Companion._meta.concrete_fields if one.attname not in KEPT_BACK]
    told = {name: getattr(row, name) for name in fields}
    with at_main(), tenant_atomic():  # which follows, where main was moved meanwhile
        Companion.everything.filter(id=row.id).update(**told)


def _further(placement_id: uuid.UUID) -> TenantContext:
    places = [one for one in everywhere() if one.main is not None and one.placement.id == placement_id]
    if not places:
        raise _no_such_place()
    return places[0]


def _no_such_place() -> NotFound:
    return NotFound(_("Your organization has no such placement, or it is not ready yet."))


def _may_leave(row: Companion) -> None:
    chats = row.chats(manager="everything")
    if row.placement_id is not None or chats.exists():
        message = _(
            "Only a companion without chats can be given a place of its own. Make a new companion"
            " there, or wait until companions can be moved with their chats."
        )
        raise Conflict(message, code="has_chats")


def _store(row: Companion, place: TenantContext) -> Companion:
    """The same companion there, under the same id; written over where an earlier try left it."""
    names = [one.attname for one in Companion._meta.concrete_fields]
    with use_tenant(place), tenant_atomic():
        if current_tenant().placement.id != place.placement.id:  # removed this very moment
            raise _no_such_place()
        Companion.everything.filter(id=row.id).delete()
        moved = Companion(**{name: getattr(row, name) for name in names})
        moved.save(force_insert=True)
        announce("placed", "companion", moved, name=moved.name, slug=moved.slug)
    return moved
