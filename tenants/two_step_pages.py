"""Pages of the second step: a person's own, and resetting it for a member who lost it."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants.member_pages import act
from tenants.services.second_step import reset_second_step
from tenants.two_step import standing_of
from tenants.views import MemberRequest


@require_GET
def two_step(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `is_on`, `codes`, `has_to`, `may_turn_on`. What is done leads to pages that ask who it is."""
    return render(request, "tenants/two_step.html", standing_of(request.visitor.member.user))


@require_POST
def reset(request: MemberRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    done = _("%(name)s signs in without a second step until they set it up again.")
    return act(request, member_id, reset_second_step, done)
