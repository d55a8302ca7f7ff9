"""Pages of folders, documents and who has them, under /o/{slug}/."""

from __future__ import annotations

from django.urls import path

from documents.views import changing, documents, folders, handing, shares, uploads

urlpatterns = [
    path("folders/", folders.folders, name="folders"),
    path("folders/new/", folders.new_folder, name="new-folder"),
    path("folders/<uuid:folder_id>/", folders.folder, name="folder"),
    path("folders/<uuid:folder_id>/new/", folders.new_folder, name="new-folder-inside"),
    path("folders/<uuid:folder_id>/edit/", folders.edit, name="edit-folder"),
    path("folders/<uuid:folder_id>/remove/", folders.remove, name="remove-folder"),
    path("folders/<uuid:folder_id>/restore/", folders.restore, name="restore-folder"),
    path("folders/<uuid:folder_id>/share/", shares.share_folder, name="share-folder"),
    path("folders/<uuid:folder_id>/leave/", shares.leave_folder, name="leave-folder"),
    path("documents/", documents.documents, name="documents"),
    path("documents/upload/", uploads.upload, name="upload-documents"),
    path("documents/<uuid:document_id>/", documents.document, name="document"),
    path("documents/<uuid:document_id>/state/", uploads.state, name="document-state"),
    path("documents/<uuid:document_id>/edit/", changing.edit, name="edit-document"),
    path("documents/<uuid:document_id>/remove/", changing.remove, name="remove-document"),
    path("documents/<uuid:document_id>/restore/", changing.restore, name="restore-document"),
    path("documents/<uuid:document_id>/retry/", changing.retry, name="retry-document"),
    path("documents/<uuid:document_id>/original/", changing.original, name="original-document"),
    path("documents/<uuid:document_id>/share/", shares.share_document, name="share-document"),
    path("documents/<uuid:document_id>/leave/", shares.leave_document, name="leave-document"),
    path("shares/<uuid:share_id>/", shares.change, name="change-share"),
    path("settings/left-behind/", handing.left, name="left-behind"),
    path("shared/", shares.shared, name="shared"),
]
