"""Pages of endpoints and their health. Each view: who, what, one service call, one answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from byoc.board import access_endpoint, board, failovers_of, types_for, users_of
from byoc.contracts import Health
from byoc.contracts.fields import TypeSpec
from byoc.copies import copies_under_way, copy_on
from byoc.forms import EndpointForm
from byoc.models import Endpoint
from byoc.permissions import EDIT, READ
from byoc.queries_health import health_report, history_of
from byoc.services import endpoints as services
from byoc.services import homecoming
from byoc.services.spares import choices_of
from byoc.sparkline import sparkline
from humana.kernel.errors import HumanaError, NotFound
from tenants.permissions import allowed, require
from tenants.views import MemberRequest

#: Where a page keeps the sentence that the next one says: session key.
SAID = "endpoint_said"
#: How many days back history is offered.
DAYS = (1, 7, 30)


@require_GET
def endpoints(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `groups` by kind, whether there are `any`, files' `copies`, `may_edit`, what was `said`."""
    member = request.visitor.member
    require(member, READ.name)
    groups = board(member.organization)
    copies = copies_under_way(member.organization)
    return _page(
        request, "list", {"groups": groups, "any": any(one.rows for one in groups), "copies": copies}
    )


@require_POST
def copy_again(request: MemberRequest, slug: str) -> HttpResponse:
    """What had stopped the files is mended: they go on where they were."""
    copy_on(member=request.visitor.member)
    return redirect("endpoints", slug=request.visitor.member.organization.slug)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def connect(request: MemberRequest, slug: str) -> HttpResponse:
    """Which type, then its form. Kept as a draft and looked at; a form that is wrong is shown again."""
    member = request.visitor.member
    require(member, EDIT.name)
    asked = _type(request.GET.get("type", ""))
    if asked is None:
        return _page(request, "choose", {"kinds": types_for(operators=False)})
    posted = request.POST if request.method == "POST" else None
    form = EndpointForm(posted, asked=asked, zone=member.organization.zone)
    if posted is not None and form.is_valid():
        try:
            made = services.create_endpoint(
                organization=member.organization, entry=form.entry(), member=member
            )
        except HumanaError as refusal:
            form.refuse(refusal)
        else:
            return _looked_at(request, made)
    return _page(request, "form", {"form": form, "asked": asked, "type_label": _(asked.label)})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    """One that serves is asked first whether it still does with what is new; else nothing has changed."""
    member = request.visitor.member
    one = access_endpoint(member=member, endpoint_id=endpoint_id)
    require(member, EDIT.name)
    if one.asked is None or one.asked.operators:
        raise NotFound(_("There is nothing here."))
    posted = request.POST if request.method == "POST" else None
    form = EndpointForm(posted, asked=one.asked, endpoint=one.endpoint)
    if posted is not None and form.is_valid() and _changed(request, one.endpoint, form):
        return _looked_at(request, one.endpoint)
    context = {"form": form, "asked": one.asked, "type_label": one.type_label, "one": one}
    return _page(request, "form", context)


@require_GET
def endpoint(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    """Context: `one` (Shown), `history`, `line` (Sparkline), `failovers`, `job` of the way back, `users`,
    `spares`, `may_edit`."""
    member = request.visitor.member
    one = access_endpoint(member=member, endpoint_id=endpoint_id)
    history = history_of(member.organization, one.endpoint.id, days=_days(request))
    context = {
        "one": one,
        "history": list(reversed(history)),
        "line": sparkline(history),
        "days": _days(request),
        "all_days": DAYS,
        "failovers": failovers_of(one.endpoint),
        "users": users_of(one.endpoint),
        "job": homecoming.job_of(one.failover),
        "spares": [] if one.failover else choices_of(one.endpoint),
    }
    return _page(request, "endpoint", context)


@require_POST
def validate(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    """Ask the service itself, which takes seconds where it does not answer."""
    member = request.visitor.member
    one = access_endpoint(member=member, endpoint_id=endpoint_id)
    require(member, EDIT.name)
    return _looked_at(request, one.endpoint)


@require_POST
def activate(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    done = _("“%(name)s” is in use. Everybody works with it from now on.")
    return _act(request, endpoint_id, services.activate_endpoint, done)


@require_POST
def withdraw(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    done = _("“%(name)s” serves no more. What it was entered with is kept.")
    return _act(request, endpoint_id, services.withdraw_endpoint, done)


@require_POST
def fail_over(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    done = _("Another serves instead of “%(name)s”, until you let it come back.")
    act = partial(homecoming.stand_in, to_endpoint_id=_chosen(request))
    return _act(request, endpoint_id, act, done)


@require_POST
def come_back(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    done = _("“%(name)s” serves again, or will once what was written meanwhile is copied back.")
    return _act(request, endpoint_id, homecoming.come_back, done)


@require_POST
def remove(request: MemberRequest, slug: str, endpoint_id: uuid.UUID) -> HttpResponse:
    done = _("“%(name)s” is removed, and how to sign in there is forgotten. Nothing was changed there.")
    return _act(request, endpoint_id, services.remove_endpoint, done, gone=True)


@require_GET
def health(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `report` (HealthReport)."""
    member = request.visitor.member
    require(member, READ.name)
    return _page(request, "health", {"report": health_report(member.organization)})


def _act(
    request: MemberRequest,
    endpoint_id: uuid.UUID,
    service: Callable[..., Any],
    done: str,
    *,
    gone: bool = False,
) -> HttpResponse:
    """One service on one endpoint; what it refuses is said on the endpoint's page."""
    member = request.visitor.member
    one = access_endpoint(member=member, endpoint_id=endpoint_id)
    try:
        service(organization=member.organization, endpoint_id=endpoint_id, member=member)
    except HumanaError as refusal:
        if refusal.status == 403:
            raise
        # It is there, as was seen: what is not is something to stand in for.
        why = _("It does not serve just now.") if refusal.status == 404 else str(refusal.message)
        return _say(request, one.endpoint, why, ok=False)
    return _say(request, one.endpoint, done % {"name": one.endpoint.name}, gone=gone)


def _changed(request: MemberRequest, row: Endpoint, form: EndpointForm) -> bool:
    member = request.visitor.member
    try:
        services.change_endpoint(
            organization=member.organization, endpoint_id=row.id, changes=form.changes(),
            version=form.version, member=member,
        )  # fmt: skip
    except HumanaError as refusal:
        if refusal.status in (403, 404):
            raise
        form.refuse(refusal)
        return False
    return True


def _looked_at(request: MemberRequest, row: Endpoint) -> HttpResponse:
    member = request.visitor.member
    found = services.validate_endpoint(organization=member.organization, endpoint_id=row.id, member=member)
    return _say(request, row, told_of(found), ok=found.ok)


def told_of(found: Health) -> str:
    """One sentence about a look at an endpoint."""
    if found.ok:
        return _("It answers, in %(ms)d milliseconds.") % {"ms": round(found.seconds * 1000)}
    return found.message or _("It does not answer as it should.")


def _say(
    request: MemberRequest, row: Endpoint, sentence: str, *, ok: bool = True, gone: bool = False
) -> HttpResponse:
    request.session[SAID] = {"ok": ok, "sentence": sentence}
    slug = request.visitor.member.organization.slug
    return redirect("endpoints", slug=slug) if gone else redirect("endpoint", slug=slug, endpoint_id=row.id)


def _page(request: MemberRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    context |= {
        "may_edit": allowed(request.visitor.member, EDIT.name),
        "said": request.session.pop(SAID, None) if request.method == "GET" else None,
    }
    return render(request, f"byoc/{name}.html", context)


def _type(name: str) -> TypeSpec | None:
    """A type that people may set up by themselves; None for none."""
    known = {f"{one.kind}/{one.type}": one for *_kind, types in types_for(operators=False) for one in types}
    return known.get(name)


def _chosen(request: MemberRequest) -> uuid.UUID | None:
    """What the person chose to stand in; None for the first that may."""
    try:
        return uuid.UUID(request.POST["to"]) if request.POST.get("to") else None
    except ValueError:
        raise NotFound(_("There is nothing here.")) from None


def _days(request: MemberRequest) -> int:
    wanted = request.GET.get("days", "")
    return int(wanted) if wanted in {str(one) for one in DAYS} else DAYS[0]
