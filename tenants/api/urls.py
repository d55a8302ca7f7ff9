"""Routes of people and keys."""

from __future__ import annotations

from humana.api.routes import route
from tenants.api import views

urlpatterns = [
    route("me/", views.MeView, "api-me"),
    route("api-keys/", views.ApiKeyListView, "api-keys"),
    route("api-keys/<uuid:key_id>/", views.ApiKeyView, "api-key"),
]
