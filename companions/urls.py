from __future__ import annotations

from django.urls import path

from companions import views

urlpatterns = [
    path("places/", views.places, name="places"),
    path("companions/", views.companions, name="companions"),
    path("companions/<slug:companion_slug>/", views.companion, name="companion"),
]
