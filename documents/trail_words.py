"""What of documents and folders stands in a trail, as people read it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from documents.models import Share
from humana.kernel.trail_words import declare, declare_codes

declare(
    _("Documents and folders"),
    {
        "documents.document.moved": _("moved a document to another folder"),
        "documents.document.purged": _("erased a document for good"),
        "documents.document.received": _("uploaded a document"),
        "documents.document.renamed": _("renamed a document"),
        "documents.document.restored": _("brought a document back"),
        "documents.document.trashed": _("deleted a document"),
        "documents.document.written": _("wrote a document"),
        "documents.folder.created": _("created a folder"),
        "documents.folder.edited": _("changed a folder"),
        "documents.folder.removed": _("deleted a folder"),
        "documents.folder.restored": _("brought a folder back"),
        "documents.handed_over": _("handed folders and documents over to somebody"),
        "documents.share.changed": _("changed what somebody may do with something shared"),
        "documents.share.given": _("shared something"),
        "documents.share.left": _("gave up something that was shared with them"),
        "documents.share.withdrawn": _("stopped sharing something"),
    },
)
declare_codes(dict(Share.Right.choices))
