"""A file of our own making, to be kept by whoever asked for it."""

from __future__ import annotations

from django.http import HttpResponse

from chats.services.exporting import Exported


def as_file(made: Exported) -> HttpResponse:
    """Kept by the reader, shown by no browser, and stored by nobody between us."""
    told = {
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(made.text, content_type=f"{made.media_type}; charset=utf-8", headers=told)
