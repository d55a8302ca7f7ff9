"""The files of the brand, on its page: sent, given out, renamed, removed and brought back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from byoc.uploads import refuse_too_large
from companions.brand_files import access_brand_asset, access_removed_asset
from companions.forms.assets import AssetForm
from companions.permissions import POLICIES
from companions.services.assets import (
    MOST_AT_ONCE,
    add_asset,
    change_asset,
    link_to,
    remove_asset,
    restore_asset,
)
from companions.views import heritage
from humana.kernel.errors import HumanaError, Invalid, StaleVersion
from tenants.permissions import require
from tenants.views import MemberRequest


@require_POST
def add_assets(request: MemberRequest, slug: str) -> HttpResponse:
    """Each file that came; one that is refused is named with the reason, and the others are kept."""
    require(request.visitor.member, POLICIES.name)
    try:
        refuse_too_large(request)
        files = _files(request)
    except HumanaError as refusal:
        return heritage.brand_page(request, refused=[str(refusal)])
    refused = [told for told in (_add(request, file) for file in files) if told]
    kept = len(files) - len(refused)
    if kept:
        told = ngettext("%(number)d file is kept.", "%(number)d files are kept.", kept)
        messages.success(request, told % {"number": kept})
    return heritage.brand_page(request, refused=refused) if refused else _back(slug)


def _add(request: MemberRequest, file: UploadedFile) -> str:
    """Why it was refused; empty where it is kept."""
    name, kind = str(file.name), request.POST.get("kind", "other")
    try:
        add_asset(member=request.visitor.member, content=file, name=name, kind=kind)
    except HumanaError as refusal:
        return f"{name}: {refusal}"
    return ""


def _files(request: MemberRequest) -> list[UploadedFile]:
    files = request.FILES.getlist("files")
    if not files:
        raise Invalid(_("Choose a file first."), field="files", code="missing")
    if len(files) > MOST_AT_ONCE:
        message = _("At most %(limit)d files at once.") % {"limit": MOST_AT_ONCE}
        raise Invalid(message, field="files", code="too_many")
    return files


@require_GET
def asset_file(request: MemberRequest, slug: str, brand_asset_id: uuid.UUID) -> HttpResponse:
    """To an address where the file is given out, as one to keep, for a short while."""
    return redirect(link_to(access_brand_asset(member=request.visitor.member, asset_id=brand_asset_id)))


@require_POST
def edit_asset(request: MemberRequest, slug: str, brand_asset_id: uuid.UUID) -> HttpResponse:
    """Another name or kind; what is refused is said with what was typed."""
    member = request.visitor.member
    row = access_brand_asset(member=member, asset_id=brand_asset_id)
    form = AssetForm(request.POST, auto_id=f"asset_{row.id.hex}_%s")
    if form.is_valid():
        try:
            change_asset(member=member, asset=row, version=form.version, **form.draft())
        except (Invalid, StaleVersion) as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The file is renamed."))
            return _back(slug)
    if form.stale:
        form.begin_anew(row.version)
    return heritage.brand_page(request, editing=(row, form))


@require_POST
def remove(request: MemberRequest, slug: str, brand_asset_id: uuid.UUID) -> HttpResponse:
    row = access_brand_asset(member=request.visitor.member, asset_id=brand_asset_id)
    remove_asset(member=request.visitor.member, asset=row)
    undo = reverse("restore-brand-asset", args=[slug, brand_asset_id])
    messages.success(request, _("The file is removed."), extra_tags=f"undo {undo}")
    return _back(slug)


@require_POST
def restore(request: MemberRequest, slug: str, brand_asset_id: uuid.UUID) -> HttpResponse:
    row = access_removed_asset(member=request.visitor.member, asset_id=brand_asset_id)
    restore_asset(member=request.visitor.member, asset_id=row.id)
    return _back(slug)


def _back(slug: str) -> HttpResponse:
    return redirect(reverse("brand", args=[slug]) + "#files")
