"""Expressions that customers write. RE2 runs them: time grows with the text, never with its malice.

RE2 knows no look-around and no references back; what it refuses is refused when it is entered.
"""

from __future__ import annotations

import functools
import re
from re import _parser  # type: ignore[attr-defined]  # only to measure an expression, never to run it
from typing import Any

#: Characters of one expression, and bytes that it may need once it is compiled.
LONGEST, MOST_MEMORY = 500, 4 << 20


class BadPattern(ValueError):
    """The expression cannot be used; the text says why, in RE2's English."""


@functools.lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """Ready to search with, small and capital letters alike. Raises BadPattern."""
    import re2  # only where an organization has expressions

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MOST_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise BadPattern(_reason(error)) from None


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return text[:200]


@functools.lru_cache(maxsize=512)
def longest_match(pattern: str, otherwise: int) -> int:
    """Signs of the longest text it matches, at most `otherwise`; that too where nobody can say."""
    if "{," in pattern:  # text for RE2, a repetition for Python
        return otherwise
    try:
        widest = _parser.parse(pattern).getwidth()[1]
    except (re.error, OverflowError, RecursionError):  # RE2 knows words that Python does not
        return otherwise
    return min(max(int(widest), 1), otherwise)
