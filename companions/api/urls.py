"""Routes of companions."""

from __future__ import annotations

from companions.api import views
from humana.api.routes import route

urlpatterns = [
    route("companions/", views.CompanionListView, "api-companions"),
    route("companions/<uuid:companion_id>/", views.CompanionView, "api-companion"),
]
