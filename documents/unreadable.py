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
