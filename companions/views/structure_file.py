"""The page of the whole structure: out as a file, and in again after a look at what it would change."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from byoc.uploads import refuse_too_large
from companions.permissions import POLICIES
from companions.services.structure_file.exporting import export_structure
from companions.services.structure_file.importing import import_structure, preview_structure
from companions.services.structure_file.problems import Refused
from companions.services.structure_file.tree import MOST_BYTES
from humana.kernel.errors import Invalid, StaleVersion
from tenants.permissions import require
from tenants.views import MemberRequest


@require_http_methods(["GET", "POST"])
def structure(request: MemberRequest, slug: str) -> HttpResponse:
    """Send a file with `do=preview`, and import with `do=import` what was looked at.

    Between the two the file travels in the page. Context: `most`; `problems` of a file that is refused;
    `plan`, `data` and `stale` of one that is looked at.
    """
    require(request.visitor.member, POLICIES.name)
    if request.method == "GET":
        return _page(request)
    try:
        data = _data(request)
        if request.POST.get("do") != "import":
            return _look(request, data)
        return _import(request, data)
    except Refused as refused:
        return _page(request, problems=refused)
    except Invalid as refusal:
        return _page(request, refusal=str(refusal))


@require_GET
def structure_file(request: MemberRequest, slug: str) -> HttpResponse:
    """The file, to keep."""
    require(request.visitor.member, POLICIES.name)
    return as_yaml(export_structure(member=request.visitor.member), name=f"{slug}.yaml")


def as_yaml(text: str, *, name: str) -> HttpResponse:
    """To be kept by the reader, and by nobody between us."""
    told = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(text, content_type="application/yaml; charset=utf-8", headers=told)


def _data(request: MemberRequest) -> bytes | str:
    refuse_too_large(request)
    file = request.FILES.get("file")
    if file is not None:
        found: bytes = file.read(MOST_BYTES + 1)
        return found
    kept: str = request.POST.get("data", "")
    if not kept:
        raise Invalid(_("Choose a file first."), field="file", code="missing")
    return kept


def _look(request: MemberRequest, data: bytes | str, *, stale: bool = False) -> HttpResponse:
    plan = preview_structure(member=request.visitor.member, data=data, remove=_remove(request))
    text = data if isinstance(data, str) else data.decode("utf-8-sig")
    context = {"plan": plan, "data": text, "stale": stale}
    return render(request, "companions/structure_plan.html", context, status=412 if stale else 200)


def _import(request: MemberRequest, data: bytes | str) -> HttpResponse:
    member, digest = request.visitor.member, request.POST.get("digest", "")
    try:
        plan = import_structure(member=member, data=data, remove=_remove(request), digest=digest)
    except StaleVersion:
        return _look(request, data, stale=True)
    told = {"new": plan.new, "changed": plan.changed, "gone": plan.gone}
    messages.success(request, _("Imported: %(new)d new, %(changed)d changed, %(gone)d removed.") % told)
    return redirect("structure", slug=member.organization.slug)


def _remove(request: MemberRequest) -> bool:
    return request.POST.get("remove") == "on"


def _page(request: MemberRequest, **context: object) -> HttpResponse:
    told = {"most": MOST_BYTES, "remove": _remove(request), **context}
    return render(request, "companions/structure.html", told, status=422 if context else 200)
