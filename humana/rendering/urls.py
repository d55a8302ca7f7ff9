from __future__ import annotations

from django.urls import path

from humana.rendering import views

urlpatterns = [path("", views.design, name="design")]
