"""Files of the brand: kept in the organization's own storage, listed in its main placement."""

from __future__ import annotations

import uuid
from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext as _

from byoc.contracts import StorageAdapter, Stored
from byoc.storage import files_of, in_words
from companions.media import media_of
from companions.models import BrandAsset
from companions.permissions import POLICIES
from companions.services.editing import announce, apply, hold, judge
from documents.extraction import LOOKED_AT, Media
from documents.naming import file_name
from humana.kernel.errors import Conflict, Invalid
from humana.kernel.models import new_id
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import at_main
from tenants.transactions import tenant_atomic

#: Files that one brand has at most, and that one request brings.
MOST_ASSETS, MOST_AT_ONCE = 200, 10
#: The folder of the storage; the role that serves it is `documents`.
FOLDER = "brand"
LONGEST_NAME = 120


class Upload(Protocol):
    """A file that somebody sends: Django's uploaded files are such."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, /) -> object: ...


def add_asset(
    *, member: Membership | None = None, content: Upload, name: str, kind: str = BrandAsset.Kind.OTHER
) -> BrandAsset:
    """Keep a file of the brand. No transaction is open while it is written to the storage.

    Invalid for a type that is not taken and for one that is larger than `storage.max_upload_bytes`;
    nothing of it is kept then.
    """
    by = judge(member, POLICIES)
    media = _media(content, name)
    row = BrandAsset(
        id=new_id(), name=clean_name(name, media), kind=_kind(kind), media_type=media.type, uploaded_by=by
    )
    row.key = f"{FOLDER}/{row.id.hex}"
    with at_main():
        _refuse_crowd()
        kept = _keep(row.key, content)
        row.size, row.digest = kept.size, kept.digest
        try:
            with tenant_atomic():
                _refuse_crowd()
                row.save(force_insert=True)
                _tell("added", row)
        except BaseException:
            _files().delete(row.key)
            raise
    return row


def change_asset(
    *,
    member: Membership | None = None,
    asset: BrandAsset,
    name: str | None = None,
    kind: str | None = None,
    version: int | None = None,
) -> BrandAsset:
    """Another name or kind; the file stays as it is, and so does the ending of its name."""
    judge(member, POLICIES)
    wanted = {} if kind is None else {"kind": _kind(kind)}
    with at_main(), tenant_atomic():
        row = hold(BrandAsset.objects.all(), asset.id, version)
        if name is not None:
            wanted["name"] = clean_name(name, _ending_of(row))
        if apply(row, wanted):
            row.version += 1
            row.save()
            _tell("changed", row)
    return row


def remove_asset(
    *, member: Membership | None = None, asset: BrandAsset, version: int | None = None
) -> BrandAsset:
    """Take it off the list; the file stays, and it can be brought back."""
    by = judge(member, POLICIES)
    with at_main(), tenant_atomic():
        row = hold(BrandAsset.objects.all(), asset.id, version)
        row.removed_at, row.removed_by, row.version = timezone.now(), by, row.version + 1
        row.save()
        _tell("removed", row)
    return row


def restore_asset(*, member: Membership | None = None, asset_id: uuid.UUID) -> BrandAsset:
    """Bring back one that was removed. One that is there stays there."""
    judge(member, POLICIES)
    with at_main(), tenant_atomic():
        row = hold(BrandAsset.everything.all(), asset_id)
        if row.removed_at is not None:
            _refuse_crowd()
            row.removed_at, row.removed_by, row.version = None, None, row.version + 1
            row.save()
            _tell("restored", row)
    return row


def link_to(asset: BrandAsset) -> str:
    """An address that gives the file out, as one to keep, to whoever has it and for a short while.

    The asset was loaded through who may see it.
    """
    with in_words():
        url: str = _files().signed_url(asset.key, filename=asset.name)
    return url


def clean_name(name: str, media: Media) -> str:
    """One line that every computer takes for a file's name, with an ending that fits what the file is."""
    return file_name(name, media, limit=LONGEST_NAME)


def _media(content: Upload, name: str) -> Media:
    content.seek(0)
    start = content.read(LOOKED_AT)
    content.seek(0)
    if not start:
        raise Invalid(_("This file is empty."), field="file", code="empty")
    found = media_of(start, str(name))
    if found is None:
        message = _(
            "Files of this type are not taken. Send an image (PNG, JPEG, WebP, GIF or SVG), a PDF, a font,"
            " a palette, a text, an office document or a ZIP."
        )
        raise Invalid(message, field="file", code="bad_type")
    return found


def _ending_of(row: BrandAsset) -> Media:
    """What its name ends with now is what it ends with after."""
    return Media(row.media_type, (f".{row.name.rpartition('.')[2].lower()}",))


def _kind(kind: str) -> str:
    if kind not in BrandAsset.Kind.values:
        raise Invalid(_("Choose one of what is offered."), field="kind", code="unknown")
    return kind


def _keep(key: str, content: Upload) -> Stored:
    """As bytes of no type: no storage shows it as a page."""
    with in_words():
        kept: Stored = _files().upload(key, content)
    return kept


def _files() -> StorageAdapter:
    return files_of(current_tenant().organization_id, FOLDER)


def _refuse_crowd() -> None:
    if BrandAsset.objects.count() >= MOST_ASSETS:
        message = _("A brand has at most %(limit)d files. Remove one that is no longer used.")
        raise Conflict(message % {"limit": MOST_ASSETS}, code="too_many")


def _tell(action: str, row: BrandAsset) -> None:
    told = {"name": row.name, "use": row.kind, "media_type": row.media_type, "size": row.size}
    announce(action, "brand_asset", row, digest=row.digest, **told)
