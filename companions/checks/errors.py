"""What is wrong with checks that somebody wrote."""

from __future__ import annotations

from byoc.contracts.words import Worded


class BadCheck(ValueError):
    """`path` leads to what is wrong, as in "checks[2].pattern"; `message` says what to change.

    `message` is Worded: show it with `byoc.sentences.in_words`, in the language of the page.
    """

    def __init__(self, path: str, message: Worded) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
