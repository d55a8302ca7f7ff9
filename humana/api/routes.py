"""Addresses of the API: written with the slash at their end, found without it too."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern
from rest_framework.views import APIView


class _EitherWay(RoutePattern):
    """A POST cannot follow the redirect that a page gets, so both spellings are the address."""

    def match(self, path: str) -> Any:
        return super().match(path if path.endswith("/") else f"{path}/")


def route(address: str, view: type[APIView], name: str) -> URLPattern:
    """One address of one view. Names begin with `api-`: pages have the plain ones."""
    return URLPattern(_EitherWay(address, name=name, is_endpoint=True), view.as_view(), {}, name)
