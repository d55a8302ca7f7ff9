"""Text as checks read it: no invisible signs, one sign for each digit, dash, dot and space.

Every check looks at folded text, so look-alike digits, full-width letters or a zero-width sign between
two digits hide nothing. What people are shown is never folded: `places` leads back to it.
"""

from __future__ import annotations

import functools
import unicodedata

#: Signs that show nothing although their category is another than "format".
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {chr(0xFE00 + n) for n in range(16)}
_ALIKE = {"−": "-", "⁄": "/", "∕": "/", "⧸": "/", "·": ".", "•": ".", "‧": ".", "∙": ".", "⋅": ".", "。": "."}


class Folded:
    """Folded text that grows. `places[n]` is where the sign of `text[n]` begins in what was written.

    Text can be forgotten from its beginning; places go on counting from the very first sign.
    """

    def __init__(self, written: str = "") -> None:
        self.text = ""
        self.places: list[int] = []
        self.written = 0
        self.add(written)

    def add(self, piece: str) -> None:
        if piece.isascii():
            self.text += piece
            self.places.extend(range(self.written, self.written + len(piece)))
        else:
            self._add(piece)
        self.written += len(piece)

    def forget(self, count: int) -> None:
        """The first `count` signs are needed no longer."""
        self.text = self.text[count:]
        del self.places[:count]

    def _add(self, piece: str) -> None:
        signs = [self.text[-1:]]  # an accent may arrive after its letter
        for place, sign in enumerate(piece, self.written):
            whole = unicodedata.normalize("NFC", signs[-1] + sign) if unicodedata.combining(sign) else ""
            if len(whole) == 1 and signs[-1]:
                signs[-1] = whole
                continue
            folded = fold(sign)
            signs.extend(folded)
            self.places.extend([place] * len(folded))
        self.text = self.text[:-1] + "".join(signs)


@functools.lru_cache(maxsize=8192)
def fold(sign: str) -> str:
    """One sign as checks read it; nothing for one that is not seen."""
    category = unicodedata.category(sign)
    if category == "Cf" or sign in _BLANK:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if category == "Pd":
        return "-"
    if category == "Zs":
        return " "
    return _ALIKE.get(sign) or unicodedata.normalize("NFKC", sign)
