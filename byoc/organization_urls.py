"""Pages of an organization's endpoints, under /o/{slug}/."""

from __future__ import annotations

from django.urls import path

from byoc import views

urlpatterns = [
    path("settings/endpoints/", views.endpoints, name="endpoints"),
    path("settings/endpoints/copies/", views.copy_again, name="copy-again"),
    path("settings/endpoints/new/", views.connect, name="connect-endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/", views.endpoint, name="endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/change/", views.change, name="change-endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/validate/", views.validate, name="validate-endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/activate/", views.activate, name="activate-endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/withdraw/", views.withdraw, name="withdraw-endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/remove/", views.remove, name="remove-endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/failover/", views.fail_over, name="fail-over-endpoint"),
    path("settings/endpoints/<uuid:endpoint_id>/return/", views.come_back, name="return-endpoint"),
    path("settings/health/", views.health, name="health"),
]
