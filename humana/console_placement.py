"""The operators' page of where an organization lives: what runs, and where it could move."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from byoc.console_forms import BringForm
from byoc.queries import brought_by, free_databases_of
from humana import console_databases, console_further, console_removal
from humana.kernel.errors import HumanaError, NotFound
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.queries import pools_with_room
from tenants.services import further
from tenants.services.placing import jobs, moving, reports
from tenants.views import as_file

Begin = Callable[[], PlacementJob]


@sensitive_post_parameters("password", "owner_password")
@require_http_methods(["GET", "POST"])
def placement(request: HttpRequest, slug: str) -> HttpResponse:
    """Where it lives and may move, and the databases it brings. A form that is wrong is shown again."""
    organization = Organization.objects.select_related("placement").filter(slug=slug).first()
    if organization is None:
        return console_removal.gone(slug)
    bring_form = BringForm(request.POST if _act_of(request) == "bring" else None)
    if request.method == "POST" and _done(request, organization, bring_form):
        return redirect(reverse("console-placement", args=[slug]))
    return render(request, "admin/placement.html", _context(request, organization, bring_form))


def _context(request: HttpRequest, organization: Organization, bring_form: BringForm) -> dict[str, Any]:
    """`organization`, `job` with `steps`, `ways`, `kept`, `brought`, `bring_form`, and what parts add."""
    job = _latest_job(organization)
    live = job is not None and job.state in PlacementJob.LIVE
    return {
        **admin.site.each_context(request),
        "title": _("Where %(name)s lives") % {"name": organization.name},
        "organization": organization,
        "job": job,
        "running": live and job is not None and job.state == PlacementJob.State.RUNNING,
        "steps": _steps(job),
        "ways": [] if live else [(key, label) for key, (label, _begin) in _ways(organization).items()],
        "kept": moving.kept_jobs(organization),
        "may_give_up": live and job is not None and _may_give_up(job),
        "brought": brought_by(organization),
        "bring_form": bring_form,
        **console_further.shown(request, organization, busy=live),
        **console_removal.shown(organization, job, busy=live),
    }


def _act_of(request: HttpRequest) -> str:
    return request.POST.get("act", "")


def _done(request: HttpRequest, organization: Organization, bring_form: BringForm) -> bool:
    """Whether the page is to be asked for anew; a form that was wrong is shown as it is."""
    if _act_of(request) != "bring":
        _act(request, organization)
    elif not console_databases.bring(request, organization, bring_form):
        return False
    else:
        messages.success(request, _("The database has joined: the organization can move there."))
    return True


def _act(request: HttpRequest, organization: Organization) -> None:
    act = _ACTS.get(_act_of(request))
    if act is None:
        raise _nothing_here()
    try:
        done = act(request, organization)
    except NotFound:
        raise
    except HumanaError as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, done)


def _nothing_here() -> NotFound:
    return NotFound(_("There is nothing here."))


def _move(request: HttpRequest, organization: Organization) -> str:
    way = _ways(organization).get(request.POST.get("way", ""))
    if way is None:
        raise _nothing_here()
    way[1]()
    return _("The move has begun. People go on working; its last rows stop them for a few seconds.")


def _again(request: HttpRequest, organization: Organization) -> str:
    job = _latest_job(organization)
    if job is not None:
        jobs.try_again(job=job)
    return _("The work goes on at the step where it stopped.")


def _give_up(request: HttpRequest, organization: Organization) -> str:
    job = _latest_job(organization)
    if job is not None and further.may_be_given_up(job):
        further.give_up_placement(job=job)
        return _("The place is given up; what there was of it is cleared away.")
    if job is not None:
        moving.undo(job=job)
    return _("The move is given up; what it made is cleared away.")


def _abandon(request: HttpRequest, organization: Organization) -> str:
    return console_removal.abandon(request, _latest_job(organization))


def _may_give_up(job: PlacementJob) -> bool:
    return job.kind == PlacementJob.Kind.MOVE or further.may_be_given_up(job)


_ACTS = {
    "move": _move,
    "again": _again,
    "give-up": _give_up,
    "abandon": _abandon,
    "remove": console_removal.remove,
    "forget": console_databases.forget,
    "add": console_further.add,
    "leave": console_further.leave,
    "place": console_further.place,
}


def _ways(organization: Organization) -> dict[str, tuple[str, Begin]]:
    """Where it could move, by the form's value: a sentence, and what begins the move."""
    ways: dict[str, tuple[str, Begin]] = {}
    here = organization.placement

    def add(key: str, label: str, **wanted: Any) -> None:
        ways[key] = label, lambda: moving.move(organization=organization, **wanted)

    if moving.kept(organization):
        before = moving.kept(organization)[0]
        ways["back"] = (
            _("Back to %(place)s, where its rows are still kept") % {"place": before.name},
            lambda: moving.move_back(organization=organization),
        )
    for pool in pools_with_room(besides=here):
        add(f"pool-{pool.id}", _pool_label(pool), isolation=Isolation.ROW, pool=pool)
    if here.isolation != Isolation.SCHEMA:
        add("schema", _("A schema of its own on our servers"), isolation=Isolation.SCHEMA)
    if here.isolation != Isolation.DATABASE:
        add("database", _("A database of its own on our servers"), isolation=Isolation.DATABASE)
    for alias, name in free_databases_of(organization):
        label = _("Its own database “%(name)s”") % {"name": name}
        add(alias, label, isolation=Isolation.DATABASE, database=alias)
    return ways


def _pool_label(pool: Placement) -> str:
    return _("The shared pool “%(name)s”") % {"name": pool.name}


def _latest_job(organization: Organization) -> PlacementJob | None:
    rows = PlacementJob.objects.filter(organization=organization).select_related("source", "target")
    return rows.filter(state__in=PlacementJob.LIVE).first() or rows.first()


def _steps(job: PlacementJob | None) -> list[tuple[str, str]]:
    """Each step's name in words, and whether it is done, current or to come."""
    if job is None:
        return []
    steps = [step for step in jobs.steps_of(job.kind) if step.name != "furnish" or _furnishes(job)]
    names = [step.name for step in steps]
    here = names.index(job.step) if job.step in names else len(names)
    states = ["done" if n < here else "current" if n == here else "to-come" for n in range(len(names))]
    return list(zip(map(_named, steps), states, strict=True))


def _furnishes(job: PlacementJob) -> bool:
    return bool(job.report.get("furnish", True))


def _named(step: jobs.Step) -> str:
    words = {
        "database": _("Prepare the database"),
        "schema": _("Make the tables"),
        "audit": _("Prove that they isolate"),
        "furnish": _("Put in what a new organization begins with"),
        "open": _("Open it"),
        "carry": _("Carry the rows and compare both sides"),
        "rows": _("Remove the rows"),
        "erase": _("Remove the rows"),
        "placement": _("Remove the place"),
        "files": _("Remove the files"),
        "cache": _("Forget what was cached"),
        "stragglers": _("Look once more for what came meanwhile"),
    }
    return words.get(step.name) or str(step.label or step.name)


@require_GET
def report(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """The signed report of a job that is over, to be sent to the customer."""
    job = PlacementJob.objects.filter(id=job_id).exclude(finished_at=None).first()
    if job is None:
        raise _nothing_here()
    return as_file(reports.document_of(job), name=f"{job.slug}-{job.id.hex[-8:]}.json")


urlpatterns = [
    path("placement-jobs/<uuid:job_id>/report/", admin.site.admin_view(report), name="console-report"),
    path("placements/<slug:slug>/", admin.site.admin_view(placement), name="console-placement"),
]
