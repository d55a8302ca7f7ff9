"""A sentence that can still be translated after it was written down.

Adapters know no Django: what they say to whoever runs an endpoint is English, and remembers the words
it has in the catalogue. `byoc.sentences.in_words` says it in the language of the page.
"""

from __future__ import annotations


def marked(sentence: str) -> str:
    """Only marks what is in the catalogue; import it as `_`."""
    return sentence


class Worded(str):
    """English text made of a `sentence` of the catalogue and what is `told` in its places."""

    __slots__ = ("sentence", "told")

    sentence: str
    told: dict[str, object]

    def __new__(cls, sentence: str, **told: object) -> Worded:
        made = super().__new__(cls, sentence % told if told else sentence)
        made.sentence, made.told = sentence, told
        return made
