"""Why a file could not be read, and what its owner can do about it."""

from __future__ import annotations

from django.utils.translation import gettext as _


def why(code: str) -> str:
    """A sentence for the code of `CannotRead`, in the reader's language."""
    said = {
        "locked": _("This file asks for a password. Save a copy without one and send that."),
        "damaged": _("This file is damaged or incomplete. Open it, save it again and send the new copy."),
        "unsafe": _("This file contains something that documents do not have, so it was not opened."),
        "too_large": _("This file unpacks to more than a document may. Split it and send the parts."),
        "too_complex": _(
            "This file is too complex to be read. Save a simpler copy, or a PDF, and send that."
        ),
        "too_slow": _("Reading this file took too long. Try again, or split it and send the parts."),
        "old_format": _("This is an old Office format. Save it as DOCX, XLSX or PPTX and send that."),
        "not_read": _("Text is not read from files of this type."),
    }
    return said.get(code) or _("This file could not be read just now. Try again in a moment.")


def why_unread(page: str, reason: str) -> str:
    """Why what is to be seen in a document was not read: from this page on, or `=31` on that one and maybe
    on others, or `+` images of an office document; an image has no page."""
    if reason == "no_reader":
        return _("Text in images is not read on this server. The original is kept as it is.")
    if page == "+":
        return _(
            "Some images in this document could not be read. Send them on their own, sharper or smaller."
        )
    if page.startswith("="):
        return _(
            "Some images could not be read; the first is on page %(number)s."
            " Send those pages again, sharper or smaller."
        ) % {"number": page[1:]}
    if page:
        return _(
            "From page %(number)s on, what only an image shows was not read."
            " Split the document and send the rest on its own."
        ) % {"number": page}
    if reason == "too_large":
        return _("This image is too large for its text to be read. Send a smaller one.")
    return _("The text in this image could not be read. Send a sharper or smaller one.")
