"""Where a passage stands in its document, said to a person."""

from __future__ import annotations

from django.utils.translation import gettext as _

from documents.extraction.contract import IMAGE


def shown_place(place: str) -> str:
    """A place as a section or a passage has it, in the reader's language: `page:3` is “page 3”.

    A heading stays as it is, and so does what looks like a place and is none.
    """
    if is_seen(place) and not written(place):
        return _("read from an image")
    if is_seen(place):
        return _("%(place)s, read from an image") % {"place": shown_place(written(place))}
    kind, _colon, where = place.partition(":")
    if kind == "sheet" and "!" in where:
        name, _mark, cell = where.rpartition("!")
        return _("sheet “%(name)s”, %(cell)s") % {"name": name, "cell": cell}
    if not where.isdecimal():
        return place
    if kind == "page":
        return _("page %(number)s") % {"number": where}
    if kind == "slide":
        return _("slide %(number)s") % {"number": where}
    if kind == "row":
        return _("row %(number)s") % {"number": where}
    return place


def is_seen(place: str) -> bool:
    """Whether its text was read from a picture, so that a letter may be wrong: `page:3:image`.

    Nothing else ends so: `extraction` sees to it.
    """
    return place.endswith(IMAGE)


def written(place: str) -> str:
    """The place without that it was read from a picture."""
    return place.removesuffix(IMAGE)
