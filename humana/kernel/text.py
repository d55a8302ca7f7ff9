"""Text from people and programs, made safe to store."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from humana.kernel.errors import Invalid


def said_when(moment: datetime) -> str:
    """A moment in few digits, as the reader's language and time zone have it."""
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")


def in_words(day: date, form: str = "DATE_FORMAT") -> str:
    """A day, or with YEAR_MONTH_FORMAT or MONTH_DAY_FORMAT a part of it, as it stands within a sentence.

    Portuguese writes months small; the names that Django knows begin large.
    """
    words = date_format(day, form)
    return words.lower() if (get_language() or "").startswith("pt") else words


def is_id(text: str) -> bool:
    """Whether it is an id as we write them: a UUID with its dashes, in small letters."""
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text
    except ValueError:
        return False


def only_ids(texts: Iterable[str]) -> list[uuid.UUID]:
    """Those of the texts that are ids."""
    return [uuid.UUID(one) for one in texts if is_id(one)]


def printable(text: str) -> str:
    """What another program said, for a person or a terminal: nothing in it moves a cursor or turns around."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)


def clean_text(value: object, *, field: str, limit: int, required: bool = True) -> str:
    """The text as typed, or Invalid saying what to change.

    Refuses NUL and lone surrogates, which PostgreSQL and JSON cannot carry; `limit` counts
    characters. Line ends become \\n.
    """
    if not isinstance(value, str):
        raise Invalid(_("This must be text."), field=field, code="not_text")
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text or not _encodable(text):
        message = _("The text contains characters that cannot be stored.")
        raise Invalid(message, field=field, code="bad_characters")
    if required and not text.strip():
        raise Invalid(_("Write something first."), field=field, code="empty")
    if len(text) > limit:
        message = _("The text is too long: %(length)d characters, at most %(limit)d.")
        raise Invalid(message % {"length": len(text), "limit": limit}, field=field, code="too_long")
    return text


def clean_line(value: object, *, field: str, limit: int, required: bool = True) -> str:
    """One clean line: white space of any kind becomes one space, and one spelling (NFC) stands for all.

    So names that read the same are the same. What shows nothing, such as a direction mark alone, is
    empty; empty is Invalid where it is `required`.
    """
    composed = unicodedata.normalize("NFC", value) if isinstance(value, str) else value
    text = " ".join(clean_text(composed, field=field, limit=limit, required=required).split())
    if any(one.isprintable() and not one.isspace() for one in text):
        return text
    return clean_text("", field=field, limit=limit, required=required)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def email_key(value: str) -> str:
    """One spelling per mailbox: NFKC, then case folded, so look-alikes cannot take an account."""
    key, before = unicodedata.normalize("NFKC", value), None
    while key != before:  # folding may undo the normal form, and the other way round
        key, before = unicodedata.normalize("NFKC", key.casefold()).strip(), key
    return key
