"""An organization's end, on its placement's page: removed for good, or a server given up on the way."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from byoc.queries import brought_by
from humana.kernel.errors import Invalid, NotFound
from tenants.models import Organization, PlacementJob
from tenants.services.placing import leaving, removing


def shown(organization: Organization, job: PlacementJob | None, *, busy: bool) -> dict[str, Any]:
    """`may_abandon` what stopped the job, `may_remove` it, `left_at` what a job left where."""
    return {
        "may_abandon": job is not None and leaving.may_be_abandoned(job),
        "may_remove": not busy or (job is not None and job.kind == PlacementJob.Kind.PROVISION),
        "has_theirs": bool(brought_by(organization)),
        "left_at": job.report.get(leaving.LEFT_AT, []) if job is not None else [],
    }


def remove(request: HttpRequest, organization: Organization) -> str:
    """Raises Invalid where its address was not typed as it is."""
    if request.POST.get("address", "").strip() != organization.slug:
        raise Invalid(_("Type the organization's address as it is: nothing was removed."), field="address")
    leave_theirs = request.POST.get("leave_theirs") == "on"
    removing.deprovision(organization=organization, leave_theirs=leave_theirs)
    return _("“%(name)s” is closed. Everything of it is being removed.") % {"name": organization.name}


def abandon(request: HttpRequest, job: PlacementJob | None) -> str:
    if job is None or request.POST.get("sure") != "on":
        raise Invalid(_("Say that what is there may stay: nothing was given up."), field="sure")
    leaving.abandon(job=job)
    return _("The work goes on without that server. The report says what is left there.")


def gone(slug: str) -> HttpResponse:
    """The report of the removal, which is what stays. Raises NotFound where nobody had this address."""
    job = PlacementJob.objects.filter(slug=slug, organization=None, kind=PlacementJob.Kind.REMOVE).first()
    if job is None:
        raise NotFound(_("There is nothing here."))
    return redirect("admin:tenants_placementjob_change", job.id)
