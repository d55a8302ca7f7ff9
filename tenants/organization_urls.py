"""Pages about the organization itself, under /o/{slug}/."""

from __future__ import annotations

from django.urls import path

from tenants import settings_pages, views

urlpatterns = [
    path("places/reports/<uuid:report_id>/", views.report, name="report"),
    path("settings/", views.settings_page, name="settings"),
    path("settings/configuration/", settings_pages.configuration, name="configuration"),
    path("settings/mine/", settings_pages.personal, name="personal-settings"),
    path("settings/keys/", views.create_key, name="create-key"),
    path("settings/keys/<uuid:key_id>/revoke/", views.revoke_key, name="revoke-key"),
]
