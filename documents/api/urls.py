"""Routes of folders."""

from __future__ import annotations

from documents.api import views
from humana.api.routes import route

urlpatterns = [
    route("folders/", views.FolderListView, "api-folders"),
    route("folders/<uuid:folder_id>/", views.FolderView, "api-folder"),
]
