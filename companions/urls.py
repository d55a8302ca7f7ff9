from __future__ import annotations

from django.urls import path

from companions import views

urlpatterns = [
    path("places/", views.places, name="places"),
    path("settings/infrastructure/", views.infrastructure_page, name="infrastructure"),
    path("settings/infrastructure/<uuid:companion_id>/", views.choose_model, name="choose-model"),
    path("companions/", views.companions, name="companions"),
    path("companions/<slug:companion_slug>/", views.companion, name="companion"),
]
