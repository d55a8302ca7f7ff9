"""Files of the brand for programs: the same services as the page."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from byoc.uploads import refuse_too_large
from companions.brand_files import access_brand_asset, access_removed_asset, brand_assets
from companions.models import BrandAsset
from companions.permissions import POLICIES
from companions.services.assets import add_asset, change_asset, link_to, remove_asset, restore_asset
from humana.api.inputs import Input, Text
from humana.api.lists import ListView
from humana.api.parsers import FileParser, StrictJSONParser
from humana.api.schema import operation
from humana.api.shapes import Shape
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import Invalid


class BrandAssetShape(Shape, frozen=True):
    """A file of the brand. `media_type` follows from its content, `size` is in bytes, `digest` SHA-256."""

    id: uuid.UUID
    name: str
    kind: str
    media_type: str
    size: int
    digest: str
    created_at: datetime
    updated_at: datetime
    version: int


class LinkShape(Shape, frozen=True):
    """An address that gives the file out, as one to keep, to whoever has it and for a short while."""

    url: str


class BrandAssetChanges(Input):
    """What of it can be changed; the file itself cannot."""

    name = Text(max_length=120, required=False)
    kind = serializers.ChoiceField(choices=BrandAsset.Kind.choices, required=False)


class BrandAssetInput(BrandAssetChanges):
    """A file, sent as multipart/form-data. Without a name it keeps the one it was sent with."""

    file = serializers.FileField(required=False, allow_empty_file=True)


def shape(row: BrandAsset) -> BrandAssetShape:
    return BrandAssetShape(*(getattr(row, name) for name in BrandAssetShape.__struct_fields__))


class BrandAssetListView(ListView):
    """The files of the brand by kind and name."""

    permission = POLICIES.name
    parser_classes = [FileParser, StrictJSONParser]
    shape = BrandAssetShape
    columns = BrandAssetShape.__struct_fields__
    order = ("kind", "name", "id")

    @operation("listBrandAssets", "Files of the brand by kind and name", gives=BrandAssetShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[BrandAsset]:
        return brand_assets()

    @operation(
        "addBrandAsset", "Keep a file of the brand", takes=BrandAssetInput, gives=BrandAssetShape, status=201
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(BrandAssetInput)
        refuse_too_large(request._request)
        file = given.pop("file", None)
        if file is None:
            raise Invalid(_("Send the file as multipart/form-data."), field="file", code="missing")
        given.setdefault("name", file.name)
        row = add_asset(member=self.member, content=file, **given)
        address = f"/api/v1/brand/assets/{row.id}/"
        return self.answer(shape(row), status=201, version=row.version, location=address)


class BrandAssetView(ApiView):
    """One file of the brand."""

    permission = POLICIES.name

    @operation("readBrandAsset", "One file of the brand", gives=BrandAssetShape)
    def get(self, request: Request, brand_asset_id: uuid.UUID) -> HttpResponse:
        row = access_brand_asset(member=self.member, asset_id=brand_asset_id)
        return self.answer(shape(row), version=row.version)

    @operation(
        "changeBrandAsset", "Give it another name or kind", takes=BrandAssetChanges, gives=BrandAssetShape
    )
    def patch(self, request: Request, brand_asset_id: uuid.UUID) -> HttpResponse:
        row = access_brand_asset(member=self.member, asset_id=brand_asset_id)
        wanted = self.body(BrandAssetChanges, partial=True)
        version = expected(request, row.version)
        row = change_asset(member=self.member, asset=row, version=version, **wanted)
        return self.answer(shape(row), version=row.version)

    @operation("removeBrandAsset", "Take it off the list; it can be brought back", status=204)
    def delete(self, request: Request, brand_asset_id: uuid.UUID) -> HttpResponse:
        row = access_brand_asset(member=self.member, asset_id=brand_asset_id)
        self.no_body()
        remove_asset(member=self.member, asset=row, version=expected(request, row.version))
        return self.nothing()


class BrandAssetFileView(ApiView):
    """The file itself."""

    permission = POLICIES.name

    @operation("downloadBrandAsset", "Where to fetch the file, now", gives=LinkShape)
    def get(self, request: Request, brand_asset_id: uuid.UUID) -> HttpResponse:
        row = access_brand_asset(member=self.member, asset_id=brand_asset_id)
        return self.answer(LinkShape(request.build_absolute_uri(link_to(row))))


class RestoreBrandAssetView(ApiView):
    """One that was removed."""

    permission = POLICIES.name

    @operation("restoreBrandAsset", "Bring back one that was removed", gives=BrandAssetShape)
    def post(self, request: Request, brand_asset_id: uuid.UUID) -> HttpResponse:
        row = access_removed_asset(member=self.member, asset_id=brand_asset_id)
        self.no_body()
        row = restore_asset(member=self.member, asset_id=row.id)
        return self.answer(shape(row), version=row.version)
