"""Every page and route, by floor. Event streams and /v1, but for its files, are in `humana.asgi`."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from byoc import files
from humana import health

handler400 = "humana.failures.bad_request"
handler403 = "humana.failures.forbidden"
handler404 = "humana.failures.not_found"
handler500 = "humana.failures.server_error"

_organization = [
    path("", include("byoc.organization_urls")),
    path("", include("companions.urls")),
    path("", include("chats.urls")),
    path("", include("documents.urls")),
    path("", include("audit.urls")),
    path("", include("tenants.organization_urls")),
]

# allauth's limits hold for operators too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("tenants.urls")),
    path("accounts/", include("allauth.urls")),
    path("o/<slug:slug>/", include(_organization)),
    path("api/v1/", include("humana.api.urls")),
    path("", include("documents.doors.openai_files")),
    path("admin/", include("humana.console_pages")),
    path("admin/", include("humana.console_placement")),
    path("admin/", admin.site.urls),
    path("files/<str:ticket>", files.signed, name="signed-file"),
    path("health/live", health.alive),
    path("health/ready", health.ready),
    path("design/", include("humana.rendering.urls")),
]
