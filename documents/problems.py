"""Why a file could not be read, in the reader's words. Codes stay; sentences may change."""

from __future__ import annotations

from django.utils.translation import gettext as _

from documents.unreadable import why, why_unread

#: What a file that is ready may have all the same: `unread:3:too_slow`, `unread::no_reader`.
UNREAD = "unread:"
#: Before a page: what comes after it was read.
ONE = "="
#: Instead of a page: images in it, wherever they are.
SOME = "+"


def problem_words(code: str) -> str:
    """The sentence; empty where there is no problem."""
    said = {
        "": "",
        "storage_unreachable": _("The place where files are kept does not answer just now. Try again later."),
        "storage_refuses": _(
            "The place where files are kept refuses it. Ask an administrator, then try again."
        ),
        "missing": _("The file is no longer where it was kept. Send it again."),
        "changed": _("The file is not as it was sent. Send it again."),
    }
    if code.startswith(UNREAD):
        return why_unread(*code.removeprefix(UNREAD).partition(":")[::2])
    return said[code] if code in said else why(code)


def unread_code(page: str, reason: str) -> str:
    """Of a document that is ready but for its pictures: from this page on, or of `=31` that one and maybe
    others; of `+` some of its images; of an image, without a page."""
    return f"{UNREAD}{page}:{reason}"
