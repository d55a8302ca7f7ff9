"""/api/v1/. Each app brings its own routes; events of runs are served by the asynchronous door.

Routes are tried in turn, so what is asked most stands first.
"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from humana.api.docs import DocsView, SchemaView
from humana.api.routes import route

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("chats.api.urls")),
    path("", include("companions.api.urls")),
    path("", include("documents.api.urls")),
    path("", include("tenants.api.urls")),
    path("", include("audit.api.urls")),
    path("", include("byoc.api.urls")),
    route("schema/", SchemaView, "api-schema"),
    route("docs/", DocsView, "api-docs"),
]
