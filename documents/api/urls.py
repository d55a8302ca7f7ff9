"""Routes of folders, of documents, and of who was given what."""

from __future__ import annotations

from documents.api import documents, handing, shares, views
from humana.api.routes import route

urlpatterns = [
    route("folders/", views.FolderListView, "api-folders"),
    route("folders/<uuid:folder_id>/", views.FolderView, "api-folder"),
    route("folders/<uuid:folder_id>/restore/", views.RestoreFolderView, "api-folder-restore"),
    route("folders/<uuid:folder_id>/shares/", shares.FolderSharesView, "api-folder-shares"),
    route("folders/<uuid:folder_id>/leave/", shares.LeaveFolderView, "api-folder-leave"),
    route("documents/<uuid:document_id>/shares/", shares.DocumentSharesView, "api-document-shares"),
    route("documents/<uuid:document_id>/leave/", shares.LeaveDocumentView, "api-document-leave"),
    route("left-behind/", handing.LeftBehindView, "api-left-behind"),
    route("shares/", shares.ReceivedView, "api-shares"),
    route("shares/<uuid:share_id>/", shares.ShareView, "api-share"),
    route("documents/", documents.DocumentListView, "api-documents"),
    route("documents/<uuid:document_id>/", documents.DocumentView, "api-document"),
    route("documents/<uuid:document_id>/restore/", documents.RestoreDocumentView, "api-restore-document"),
    route("documents/<uuid:document_id>/retry/", documents.RetryDocumentView, "api-retry-document"),
    route("documents/<uuid:document_id>/text/", documents.DocumentTextView, "api-document-text"),
    route("documents/<uuid:document_id>/passages/", documents.PassageListView, "api-passages"),
    route("documents/<uuid:document_id>/file/", documents.DocumentFileView, "api-document-file"),
]
