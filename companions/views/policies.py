"""Pages of policies, for who edits what all companions inherit."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from companions.audience_names import names
from companions.check_words import KINDS, checks_words
from companions.forms import PolicyForm
from companions.models import Policy
from companions.permissions import POLICIES
from companions.publishing import Work, step
from companions.queries import access_policy, access_policy_version, policy_versions, version_now
from companions.queries import policies as all_policies
from companions.services.policies import publish_policy
from companions.services.previewing import preview_policy
from tenants.permissions import require
from tenants.queries import people_named
from tenants.views import MemberRequest


@require_GET
def policies(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `policies`, each with whom it is for and what it checks, in words."""
    require(request.visitor.member, POLICIES.name)
    known = names()
    told = [(one, known.words(one.audience), checks_words(one.checks)) for one in all_policies()]
    return render(request, "companions/policies.html", {"policies": told})


@require_http_methods(["GET", "POST"])
def new_policy(request: MemberRequest, slug: str) -> HttpResponse:
    """Context as `policy`, without one."""
    require(request.visitor.member, POLICIES.name)
    form = PolicyForm(request.POST if request.method == "POST" else None)
    return _work(request, None, form, _("The policy is published. The very next answers follow it."))


@require_http_methods(["GET", "POST"])
def policy(request: MemberRequest, slug: str, policy_id: uuid.UUID) -> HttpResponse:
    """The form; with `?version=` it begins with what that version said. Context: `policy`, `said`, `form`."""
    member = request.visitor.member
    row = access_policy(member=member, policy_id=policy_id)
    wanted = request.GET.get("version", "") if request.method == "GET" else ""
    said = access_policy_version(member=member, policy=row, text=wanted) if wanted else None
    form = PolicyForm(request.POST if request.method == "POST" else None, policy=row, said=said)
    done = _("The change is published. The very next answers follow it.")
    return _work(request, row, form, done, said=said)


@require_GET
def policy_history(request: MemberRequest, slug: str, policy_id: uuid.UUID) -> HttpResponse:
    """Context: `policy`, and its `versions`, the latest first, each with who, for whom, what it checks."""
    row = access_policy(member=request.visitor.member, policy_id=policy_id)
    versions, known = list(policy_versions(row)), names()
    people = people_named({one.published_by for one in versions if one.published_by})
    told = [
        (
            one,
            people.get(one.published_by) if one.published_by else None,
            known.words(one.audience),
            checks_words(one.checks),
        )
        for one in versions
    ]
    return render(request, "companions/policy_history.html", {"policy": row, "versions": told})


def _work(
    request: MemberRequest, row: Policy | None, form: PolicyForm, done: str, **context: Any
) -> HttpResponse:
    form.checks.change(request.POST.get("do", ""), request.POST.get("kind", ""))
    member = request.visitor.member
    work = Work(
        form=form,
        template="companions/policy.html",
        preview=partial(preview_policy, member=member, policy=row),
        publish=partial(publish_policy, member=member, policy=row),
        now=lambda: version_now(row),
        done=done,
        to="policies",
        context={"policy": row, "kinds": KINDS.items(), "back": "policies", **context},
    )
    return step(request, work)
