"""Further places of an organization, on its placement's page: which there are, what lives in them.

Which companions there are is what people wrote: they are named, and placed, inside a support session
only, and the customer reads that somebody looked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from byoc.queries import free_databases_of
from companions.models import Companion
from companions.queries import Residence, residences
from companions.services.placing import place_companion
from humana.kernel.errors import NotAllowed, NotFound, Unavailable
from tenants.console_notes import note_look
from tenants.context import use_tenant
from tenants.db.refusals import refusing
from tenants.models import Isolation, Organization, Placement
from tenants.operators import in_hand, support_of
from tenants.services.further import add_placement, remove_placement


@dataclass(frozen=True, slots=True)
class Place:
    """A further placement, and the names of the companions stored in it."""

    placement: Placement
    companions: list[str] = field(default_factory=list)

    @property
    def removable(self) -> bool:
        """As far as is known here: the place itself is asked before it goes."""
        return self.placement.state == Placement.State.READY and not self.companions


def shown(request: HttpRequest, organization: Organization, *, busy: bool) -> dict[str, Any]:
    """`places`, the `ready` ones, `companions` that could be placed there, `further_ways` to add one.

    `inside` says whether companions may be named, `silent` that they could not be read. While a job is
    at work (`busy`) the page asks again every two seconds: nobody is named then.
    """
    inside = _inside(request, organization)
    rows = list(organization.further_placements.order_by("id"))
    found = _residences(request, organization) if inside and rows and not busy else []
    names = _names_by_place(found or [])
    return {
        "places": [Place(row, names.get(row.id, [])) for row in rows],
        "ready": [row for row in rows if row.state == Placement.State.READY],
        "companions": [one.companion for one in found or [] if not one.further],
        "further_ways": [] if busy else [(key, label) for key, label, _wanted in _ways(organization)],
        "inside": inside,
        "busy": busy,
        "silent": found is None,
    }


def add(request: HttpRequest, organization: Organization) -> str:
    wanted = {key: wanted for key, _label, wanted in _ways(organization)}.get(request.POST.get("way", ""))
    if wanted is None:
        raise NotFound(_("There is nothing here."))
    add_placement(organization=organization, name=request.POST.get("name", ""), **wanted)
    return _("The place is being made. Companions can be placed there once it is ready.")


def leave(request: HttpRequest, organization: Organization) -> str:
    """Remove a place that is empty; whether it is, is all that an operator learns of it."""
    place = organization.further_placements.filter(id=_key(request, "place")).first()
    if place is None:
        raise NotFound(_("There is nothing here."))
    with _told(place):
        remove_placement(organization=organization, placement=place)
    return _("“%(name)s” is removed; what was made for it is cleared away.") % {"name": place.name}


def place(request: HttpRequest, organization: Organization) -> str:
    """Raises NotAllowed outside a support session: it opens what people wrote."""
    if not _inside(request, organization):
        message = _("Take the organization in hand and open a support session: companions are content.")
        raise NotAllowed(message, code="no_support_session")
    places = [organization.placement, *organization.further_placements.all()]
    with _told(*places), use_tenant(organization.context):
        place_companion(companion_id=_key(request, "companion"), placement_id=_key(request, "place"))
    return _("The companion lives there from now on.")  # messages lie in cookies: nobody is named


@contextmanager
def _told(*places: Placement) -> Iterator[None]:
    """What one of these refuses within the block is said to the operator."""
    with ExitStack() as stack:
        for one in places:
            stack.enter_context(refusing(one.database))
        yield


def _inside(request: HttpRequest, organization: Organization) -> bool:
    return in_hand(request) == organization and support_of(request) is not None


def _residences(request: HttpRequest, organization: Organization) -> list[Residence] | None:
    """Every companion with its placement, and a note of the look; None where the place does not answer."""
    try:
        with _told(organization.placement):
            found = residences()
            listed = [one.companion.id for one in found]
            note_look(request, Companion._meta.model_name, "", {"listed": listed})
    except Unavailable:
        return None
    return found


def _names_by_place(found: list[Residence]) -> dict[uuid.UUID, list[str]]:
    names: dict[uuid.UUID, list[str]] = {}
    for one in found:
        if one.placement is not None:
            names.setdefault(one.placement.id, []).append(one.companion.name)
    return names


def _ways(organization: Organization) -> list[tuple[str, str, dict[str, Any]]]:
    """What may be added, by the form's value: a sentence, and what `add_placement` is told."""
    return [
        ("schema", _("A schema of its own on our servers"), {"isolation": Isolation.SCHEMA}),
        ("database", _("A database of its own on our servers"), {"isolation": Isolation.DATABASE}),
        *(
            (
                alias,
                _("Its own database “%(name)s”") % {"name": name},
                {"isolation": Isolation.DATABASE, "database": alias},
            )
            for alias, name in free_databases_of(organization)
        ),
    ]


def _key(request: HttpRequest, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get(name, ""))
    except ValueError:
        raise NotFound(_("There is nothing here.")) from None
