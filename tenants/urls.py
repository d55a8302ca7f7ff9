"""Pages outside any organization."""

from __future__ import annotations

from django.urls import path

from tenants import invitation_pages, views

urlpatterns = [
    path("", views.home, name="home"),
    path("organizations/", views.choose_organization, name="choose-organization"),
    path("invitations/<str:link>/", invitation_pages.accept, name="invitation"),
    path("preferences/language/", views.set_language, name="set-language"),
    path("preferences/theme/", views.set_theme, name="set-theme"),
]
