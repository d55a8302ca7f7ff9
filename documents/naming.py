"""The name that a file is shown by and saved under. Pure; what is kept has a name of our own making."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from documents.contract import LONGEST_NAME
from documents.extraction import Media
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_line

_UNFIT = re.compile(r'[\\/:*?"<>|]')


def file_name(name: str, media: Media, *, limit: int = LONGEST_NAME) -> str:
    """One line that every computer takes for a file's name, with an ending that fits what the file is."""
    last = name.replace("\\", "/").rpartition("/")[2] if isinstance(name, str) else name
    text = clean_line(last, field="name", limit=limit, required=False)
    shown = "".join(one for one in text if unicodedata.category(one)[0] != "C")  # nothing turns it around
    shown = _UNFIT.sub("", shown).strip(" .")
    if not shown or shown.lower() in (one.strip(".") for one in media.endings):
        raise Invalid(_("Give the file a name."), field="name", code="empty")
    whole = media.named(shown)
    if len(whole) > limit:
        message = _("The text is too long: %(length)d characters, at most %(limit)d.")
        raise Invalid(message % {"length": len(whole), "limit": limit}, field="name", code="too_long")
    return whole
