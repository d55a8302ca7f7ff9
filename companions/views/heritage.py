"""Pages of values and the brand, for who edits what all companions inherit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from companions.forms import BrandForm, ValueForm
from companions.forms.assets import AssetForm, asset_forms
from companions.forms.simple import told_by
from companions.models import BrandAsset, Value
from companions.permissions import POLICIES
from companions.publishing import Work, step
from companions.queries import access_value, brand_versions, the_brand
from companions.queries import values as all_values
from companions.services.policies import drop_value, keep_value, move_value, publish_brand
from companions.services.previewing import preview_brand, preview_drop, preview_value
from humana.kernel.errors import StaleVersion
from tenants.permissions import require
from tenants.queries import people_named
from tenants.views import MemberRequest


@require_GET
def values(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `values` in their order."""
    require(request.visitor.member, POLICIES.name)
    return render(request, "companions/values.html", {"values": all_values()})


@require_http_methods(["GET", "POST"])
def new_value(request: MemberRequest, slug: str) -> HttpResponse:
    """Context as `value`, without one."""
    require(request.visitor.member, POLICIES.name)
    return _value(request, None)


@require_http_methods(["GET", "POST"])
def value(request: MemberRequest, slug: str, value_id: uuid.UUID) -> HttpResponse:
    """Context: `value`, `form`."""
    return _value(request, access_value(member=request.visitor.member, value_id=value_id))


def _value(request: MemberRequest, row: Value | None) -> HttpResponse:
    member, posted = request.visitor.member, request.POST if request.method == "POST" else None
    work = Work(
        form=ValueForm(posted, initial=told_by(row, ValueForm, row.version if row else 0)),
        template="companions/value.html",
        preview=partial(preview_value, member=member, value=row),
        publish=partial(keep_value, member=member, value=row),
        now=lambda: access_value(member=member, value_id=row.id).version if row else 0,
        done=_("The value is published. The very next answers follow it."),
        to="values",
        context={"value": row, "back": "values"},
    )
    return step(request, work)


@require_POST
def move(request: MemberRequest, slug: str, value_id: uuid.UUID) -> HttpResponse:
    """One place towards the first with `way=up`, towards the last otherwise."""
    member = request.visitor.member
    row = access_value(member=member, value_id=value_id)
    move_value(member=member, value=row, up=request.POST.get("way") == "up")
    return redirect("values", slug=slug)


@require_http_methods(["GET", "POST"])
def drop(request: MemberRequest, slug: str, value_id: uuid.UUID) -> HttpResponse:
    """What dropping it would change, then that. Context: `preview`, `dropped`."""
    member = request.visitor.member
    row = access_value(member=member, value_id=value_id)
    if request.method == "POST":
        return _dropped(request, row)
    context = {"preview": preview_drop(member=member, value=row), "dropped": row, "back": "values"}
    return render(request, "companions/preview.html", context)


def _dropped(request: MemberRequest, row: Value) -> HttpResponse:
    """Where somebody has changed it since, it is looked at again first."""
    seen, slug = request.POST.get("seen", ""), request.visitor.member.organization.slug
    version = int(seen) if seen.isascii() and seen.isdecimal() else None
    try:
        drop_value(member=request.visitor.member, value=row, version=version)
    except StaleVersion:
        messages.warning(request, _("Somebody changed this value meanwhile. Look again before you drop it."))
        return redirect("drop-value", slug=slug, value_id=row.id)
    messages.success(request, _("The value is dropped. The very next answers do without it."))
    return redirect("values", slug=slug)


@require_http_methods(["GET", "POST"])
def brand(request: MemberRequest, slug: str) -> HttpResponse:
    """See `brand_page`; posted, what was written of it is looked at and published."""
    posted = request.POST if request.method == "POST" else None
    return step(request, _brand_work(request, posted))


def brand_page(
    request: MemberRequest,
    refused: Sequence[str] = (),
    editing: tuple[BrandAsset, AssetForm] | None = None,
) -> HttpResponse:
    """The page as it is, with what was refused of its files, or one of them being edited. 422."""
    work = _brand_work(request, None)
    files = asset_forms(editing)
    told = {"form": work.form, "refused": refused, "assets": files}
    return render(request, work.template, work.context | told, status=422)


def _brand_work(request: MemberRequest, posted: QueryDict | None) -> Work:
    """Context: `form`, which with `?version=` begins with what that one said, `versions` with who, and
    `assets`, each with its form."""
    member, row = request.visitor.member, the_brand()
    require(member, POLICIES.name)
    versions = list(brand_versions())
    said = next((one for one in versions if str(one.id) == request.GET.get("version")), None)
    people = people_named({one.published_by for one in versions if one.published_by})
    return Work(
        form=BrandForm(posted, initial=told_by(said or row, BrandForm, row.version if row else 0)),
        template="companions/brand.html",
        preview=partial(preview_brand, member=member),
        publish=partial(publish_brand, member=member),
        now=_brand_version,
        done=_("The brand is published. The very next answers follow it."),
        to="brand",
        context={
            "versions": [(one, one.published_by and people.get(one.published_by)) for one in versions],
            "said": said,
            "back": "brand",
            "assets": asset_forms(),
            "kinds": BrandAsset.Kind.choices,
        },
    )


def _brand_version() -> int:
    row = the_brand()
    return row.version if row else 0
