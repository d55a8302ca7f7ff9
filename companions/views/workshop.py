"""Pages on which companions are made, edited, hidden and brought back."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from companions.forms import CompanionForm
from companions.models import Companion
from companions.permissions import EDIT
from companions.publishing import Work, step
from companions.queries import access_companion
from companions.services.companions import (
    change_companion,
    create_companion,
    remove_companion,
    restore_companion,
)
from companions.services.previewing import preview_companion
from companions.workshop import Wanted, page_of
from tenants.permissions import require
from tenants.views import MemberRequest


@require_GET
def manage(request: MemberRequest, slug: str) -> HttpResponse:
    """Every companion, paused ones too, by name. Context: `page` of them, `wanted` filters, and `teams` and
    `positions` by id.
    """
    require(request.visitor.member, EDIT.name)
    return render(request, "companions/manage.html", page_of(Wanted.read(request.GET)))


@require_http_methods(["GET", "POST"])
def new(request: MemberRequest, slug: str) -> HttpResponse:
    """Context as `edit`, without a companion."""
    member = request.visitor.member
    require(member, EDIT.name)
    work = Work(
        form=CompanionForm(request.POST if request.method == "POST" else None),
        template="companions/edit.html",
        preview=None,
        publish=partial(_create, member=member),
        now=lambda: 0,
        done=_("The companion is there. People can talk to it at once."),
        to="manage-companions",
        context={"back": "manage-companions"},
    )
    return step(request, work)


def _create(*, version: int | None, **told: Any) -> Companion:
    """Nobody could be quicker with what is not there yet."""
    return create_companion(**told)


@require_http_methods(["GET", "POST"])
def edit(request: MemberRequest, slug: str, companion_id: uuid.UUID) -> HttpResponse:
    """Context: `companion`, `form`; before saving, what its prompt becomes."""
    member = request.visitor.member
    require(member, EDIT.name)
    row = access_companion(member=member, companion_id=companion_id)
    work = Work(
        form=CompanionForm(request.POST if request.method == "POST" else None, companion=row),
        template="companions/edit.html",
        preview=partial(preview_companion, member=member, companion=row),
        publish=partial(change_companion, member=member, companion=row),
        now=lambda: access_companion(member=member, companion_id=row.id).version,
        done=_("The companion is changed. Its very next answer follows it."),
        to="manage-companions",
        context={"companion": row, "back": "manage-companions"},
        looked="companions/companion_preview.html",
    )
    return step(request, work)


@require_POST
def remove(request: MemberRequest, slug: str, companion_id: uuid.UUID) -> HttpResponse:
    """Hidden with its chats, and brought back from the notice."""
    member = request.visitor.member
    row = access_companion(member=member, companion_id=companion_id)
    remove_companion(member=member, companion=row)
    undo = reverse("restore-companion", args=[slug, row.id])
    told = _("“%(name)s” is removed. Its chats are kept for now.") % {"name": row.name}
    messages.success(request, told, extra_tags=f"undo {undo}")
    return redirect("manage-companions", slug=slug)


@require_POST
def restore(request: MemberRequest, slug: str, companion_id: uuid.UUID) -> HttpResponse:
    row = restore_companion(member=request.visitor.member, companion_id=companion_id)
    messages.success(request, _("“%(name)s” is back.") % {"name": row.name})
    return redirect("edit-companion", slug=slug, companion_id=row.id)
