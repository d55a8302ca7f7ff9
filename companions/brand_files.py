"""Reads of the files of the brand. All inside the organization's context, in its main placement."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from companions.models import BrandAsset
from companions.permissions import POLICIES
from humana.kernel.errors import NotFound
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import require


def brand_assets() -> QuerySet[BrandAsset]:
    """By kind and name; for who may edit the brand."""
    return BrandAsset.objects.order_by("kind", "name", "id")


def access_brand_asset(*, member: Membership, asset_id: uuid.UUID) -> BrandAsset:
    """One of them, for who may edit the brand."""
    return _access(BrandAsset.objects.filter(id=asset_id), member)


def access_removed_asset(*, member: Membership, asset_id: uuid.UUID) -> BrandAsset:
    """The same, also of one that was removed and can come back."""
    return _access(BrandAsset.everything.filter(id=asset_id), member)


def _access(rows: QuerySet[BrandAsset], member: Membership) -> BrandAsset:
    if member.organization_id != current_tenant().organization_id:
        raise NotFound(_("There is nothing here."))
    require(member, POLICIES.name)
    row = rows.first()
    if row is None:
        raise NotFound(_("There is nothing here."))
    return row
