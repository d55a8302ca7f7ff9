"""The schema, and a page to read it and try it out. Neither needs to be signed in."""

from __future__ import annotations

import functools
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request

from humana.api.filters import Choice
from humana.api.views import ApiView


class SchemaView(ApiView):
    """OpenAPI 3.1, as JSON or, with `?format=yaml`, as YAML."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    filters = {"format": Choice("How to write it.", ("json", "yaml"))}

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        kind = self.asked.get("format", "json")
        media = "application/json" if kind == "json" else "application/yaml; charset=utf-8"
        return HttpResponse(written(kind), content_type=media)


@functools.cache
def written(kind: str) -> bytes:
    """The schema does not change while we run, and making it takes a good part of a second."""
    renderer = OpenApiJsonRenderer() if kind == "json" else OpenApiYamlRenderer()
    rendered: bytes = renderer.render(SchemaGenerator().get_schema(request=None, public=True))
    return rendered


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own files. Its script comes from a second address, so nothing is inline."""

    template_name = "api/docs.html"
    url_name = "api-schema"
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response
