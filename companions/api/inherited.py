"""Values and the brand for programs: the same services as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from companions.api import heritage as shapes
from companions.models import Brand, BrandVersion, Value
from companions.permissions import POLICIES
from companions.queries import access_value, brand_versions, the_brand, values
from companions.services.policies import drop_value, keep_value, publish_brand
from companions.services.previewing import preview_brand, preview_value
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.versions import expected
from humana.api.views import ApiView


class ValueListView(ListView):
    """The organization's values in the order in which companions are told them."""

    permission = POLICIES.name
    listed = ("listValues", "Values in their order")
    shape = shapes.ValueShape
    columns = shapes.ValueShape.__struct_fields__
    order = ("position", "id")

    def rows(self, request: Request, **named: Any) -> QuerySet[Value]:
        return values()

    @operation("addValue", "Add a value", takes=shapes.PlacedValueInput, gives=shapes.ValueShape, status=201)
    def post(self, request: Request) -> HttpResponse:
        row = keep_value(member=self.member, **self.body(shapes.PlacedValueInput))
        address = f"/api/v1/values/{row.id}/"
        return self.answer(shapes.value(row), status=201, version=row.version, location=address)


class NewValuePreviewView(ApiView):
    """What a new value would change."""

    permission = POLICIES.name

    @operation(
        "previewNewValue",
        "What a new value would change; nothing is published",
        takes=shapes.ValueInput,
        gives=shapes.PreviewShape,
    )
    def post(self, request: Request) -> HttpResponse:
        return self.answer(shapes.preview(preview_value(member=self.member, **self.body(shapes.ValueInput))))


class ValueView(ApiView):
    """One value."""

    permission = POLICIES.name

    @operation("readValue", "One value", gives=shapes.ValueShape)
    def get(self, request: Request, value_id: uuid.UUID) -> HttpResponse:
        row = access_value(member=self.member, value_id=value_id)
        return self.answer(shapes.value(row), version=row.version)

    @operation("changeValue", "Change a value", takes=shapes.PlacedValueInput, gives=shapes.ValueShape)
    def patch(self, request: Request, value_id: uuid.UUID) -> HttpResponse:
        row = access_value(member=self.member, value_id=value_id)
        wanted = shapes.whole(row, shapes.VALUE_FIELDS, self.body(shapes.PlacedValueInput, partial=True))
        version = expected(request, row.version)
        row = keep_value(member=self.member, value=row, version=version, **wanted)
        return self.answer(shapes.value(row), version=row.version)

    @operation("dropValue", "Companions are no longer told it", status=204)
    def delete(self, request: Request, value_id: uuid.UUID) -> HttpResponse:
        row = access_value(member=self.member, value_id=value_id)
        self.no_body()
        drop_value(member=self.member, value=row, version=expected(request, row.version))
        return self.nothing()


class ValuePreviewView(ApiView):
    """What a change of a value would change for companions."""

    permission = POLICIES.name

    @operation(
        "previewValue",
        "What a change of a value would change; nothing is published",
        takes=shapes.ValueInput,
        gives=shapes.PreviewShape,
    )
    def post(self, request: Request, value_id: uuid.UUID) -> HttpResponse:
        row = access_value(member=self.member, value_id=value_id)
        wanted = shapes.whole(row, shapes.VALUE_FIELDS, self.body(shapes.ValueInput, partial=True))
        return self.answer(shapes.preview(preview_value(member=self.member, value=row, **wanted)))


class BrandView(ApiView):
    """How the organization speaks."""

    permission = POLICIES.name

    @operation("readBrand", "The brand", gives=shapes.BrandShape)
    def get(self, request: Request) -> HttpResponse:
        row = the_brand()
        return self.answer(shapes.brand(row), version=row.version if row else 0)

    @operation(
        "publishBrand", "Publish a change as a new version", takes=shapes.BrandInput, gives=shapes.BrandShape
    )
    def patch(self, request: Request) -> HttpResponse:
        row = the_brand() or Brand(version=0)
        wanted = shapes.whole(row, shapes.BRAND_FIELDS, self.body(shapes.BrandInput, partial=True))
        row = publish_brand(member=self.member, version=expected(request, row.version), **wanted)
        return self.answer(shapes.brand(row), version=row.version)


class BrandPreviewView(ApiView):
    """What a change of the brand would change for companions."""

    permission = POLICIES.name

    @operation(
        "previewBrand",
        "What a change of the brand would change; nothing is published",
        takes=shapes.BrandInput,
        gives=shapes.PreviewShape,
    )
    def post(self, request: Request) -> HttpResponse:
        row = the_brand() or Brand(version=0)
        wanted = shapes.whole(row, shapes.BRAND_FIELDS, self.body(shapes.BrandInput, partial=True))
        return self.answer(shapes.preview(preview_brand(member=self.member, **wanted)))


class BrandVersionListView(ListView):
    """What was published of the brand, the latest first."""

    permission = POLICIES.name
    listed = ("listBrandVersions", "What was published of the brand")
    shape = shapes.BrandVersionShape
    columns = shapes.BrandVersionShape.__struct_fields__
    order = ("-number", "-id")

    def rows(self, request: Request, **named: Any) -> QuerySet[BrandVersion]:
        return brand_versions()
