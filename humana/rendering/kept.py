"""Rendered Markdown of this process, for a while: a long conversation is rendered once, not at every look."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from hashlib import sha256

from django.utils.safestring import SafeString

from humana.rendering.markdown import render

#: Characters of HTML that are kept; what was looked at longest ago makes room.
MOST = 16_000_000
#: Longer ones are not worth the room.
LONGEST = 200_000


class Shelf:
    """HTML by whose text it is of, and which text: never found for another organization."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._html: OrderedDict[bytes, SafeString] = OrderedDict()
        self._lock = threading.Lock()

    def html(self, whose: uuid.UUID, text: str) -> SafeString:
        key = sha256(whose.bytes + text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._html:
                self._html.move_to_end(key)
                return self._html[key]
        made = render(text)
        if len(made) <= LONGEST:
            self._put(key, made)
        return made

    def _put(self, key: bytes, made: SafeString) -> None:
        with self._lock:
            if key not in self._html:
                self._html[key] = made
                self._size += len(made)
            while self._size > self._most:
                self._size -= len(self._html.popitem(last=False)[1])

    def forget(self) -> None:
        with self._lock:
            self._html.clear()
            self._size = 0


shelf = Shelf()


def kept(whose: uuid.UUID, text: str) -> SafeString:
    """The text as HTML that is safe to show; `whose` is the organization that it belongs to."""
    return shelf.html(whose, text)
