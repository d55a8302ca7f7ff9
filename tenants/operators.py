"""Operators at work in the console: with one organization in hand, or with none.

Nobody is let in by a password alone (`HUMANA_OPERATORS_TWO_STEP`). With an organization in hand, the request
runs inside its context and as the operator; tenant tables answer. With none, they show nothing at all. Of an
organization in several places one is looked at: the main one, until another is chosen. The choice lies in
the session; the right to it is read at each request.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from humana.kernel.actor import Actor, acting_as, current_actor
from humana.kernel.errors import NotFound
from tenants.context import TenantContext, current_tenant, use_tenant
from tenants.models import Organization, SupportSession, User
from tenants.places import everywhere
from tenants.queries import further_of, open_support_session
from tenants.services.events import control_event
from tenants.services.support import end_support
from tenants.two_step import has_second_step, operator_has_to

IN_HAND, PLACE = "organization_in_hand", "place_in_hand"
Answer = Callable[[HttpRequest], HttpResponse]


class OperatorMiddleware:
    """Under /admin/ only: sets `request.in_hand` and `request.support` and enters the organization."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        operator = request.user if request.path_info.startswith("/admin/") else None
        if not isinstance(operator, User) or not operator.is_staff or not operator.is_active:
            return self.get_response(request)
        if operator_has_to(operator) and not has_second_step(operator.id) and not _leaves(request):
            return redirect(f"{reverse('mfa_index')}?needed=1")
        with acting_as(_actor(operator)):
            organization = _chosen(request)
            if organization is None:
                return self.get_response(request)
            return self._inside(request, operator, organization)

    def _inside(self, request: HttpRequest, operator: User, organization: Organization) -> HttpResponse:
        request.in_hand = organization  # type: ignore[attr-defined]
        with use_tenant(_where(request, organization)):
            session = open_support_session(operator=operator, organization=organization)
            request.support = session  # type: ignore[attr-defined]
            response = self.get_response(request)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response.render()  # lists are read as the page is rendered
            return response


def _leaves(request: HttpRequest) -> bool:
    return request.path_info == reverse("admin:logout")


def in_hand(request: HttpRequest) -> Organization | None:
    """The organization the operator works in, if any."""
    return getattr(request, "in_hand", None)


def support_of(request: HttpRequest) -> SupportSession | None:
    """The operator's running support session there, if any."""
    return getattr(request, "support", None)


def take_in_hand(request: HttpRequest, organization: Organization) -> None:
    """From the next request on the operator works inside this organization, and its trail says so."""
    let_go(request)
    request.session[IN_HAND] = str(organization.id)
    _tell("operator.entered", organization)


def let_go(request: HttpRequest) -> None:
    """From the next request on the operator works in none; a support session left open is ended."""
    request.session.pop(IN_HAND, None)
    request.session.pop(PLACE, None)
    organization, session = in_hand(request), support_of(request)
    if organization is None:
        return
    with transaction.atomic():
        if session is not None:
            end_support(session=session)
        _tell("operator.left", organization)


def go_to_place(request: HttpRequest, place: str) -> None:
    """From the next request on the operator looks at that place of the organization in hand.

    Raises NotFound for one that is none of its own.
    """
    if place not in [str(one.placement.id) for one in everywhere()]:
        raise NotFound(_("There is nothing here."))
    request.session[PLACE] = place


def is_elsewhere(request: HttpRequest) -> bool:
    """Whether the operator looks at another place than the organization's main one."""
    return in_hand(request) is not None and current_tenant().main is not None


def _where(request: HttpRequest, organization: Organization) -> TenantContext:
    """The place that was chosen; the main one where that is gone, or waits for its migrations."""
    main, chosen = organization.context, request.session.get(PLACE)
    places = (one for one in further_of(main) if not one.placement.behind)
    return next((one for one in places if str(one.placement.id) == chosen), main)


def _tell(action: str, organization: Organization) -> None:
    control_event(action, "organization", organization.id, organization_id=organization.id)


def _chosen(request: HttpRequest) -> Organization | None:
    try:
        chosen = uuid.UUID(request.session.get(IN_HAND, ""))
    except ValueError:
        return None
    return Organization.objects.select_related("placement").filter(id=chosen).first()


def _actor(operator: User) -> Actor:
    seen = current_actor()
    return Actor(
        kind="operator",
        label=operator.email,
        user_id=operator.id,
        address=seen.address,
        agent=seen.agent,
        request_id=seen.request_id,
    )
