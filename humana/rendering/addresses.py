"""Addresses that stand in a text by themselves, as links: of the web with their scheme, and of mail.

Only what is written out whole leads anywhere: `https://…`, `http://…`, `name@host.tld`; never inside code,
never within the words of another link. What closes a sentence around an address is not of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

#: How every link out of a text is marked.
REL = "noopener noreferrer nofollow"
#: The letters of a scheme, which are not the end of another word or scheme.
_SCHEME = r"(?<![^\W_])(?<![+.:-])[hH][tT][tT][pP][sS]?"
#: What follows it: a host of letters, digits, dots and dashes of any script, its port, and the rest. Whoever
#: signs in before the host ("bank.example@evil.example") is led nowhere; brackets are those of citations.
_REST = (
    r"://\w(?:[\w-]|\.(?=\w))*+(?::[1-5]?\d{1,4})?(?![\w-]|:\d|[^\s/?#]*@)"
    r"(?:[/?#][^\s<>\"`\\^{}|\[\]\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]*)?"
)
_MAIL = (
    r"(?<![\w.+/@-])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}"
    r"@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}(?![\w@-])"
)
_SCHEME_BEFORE, _AFTER_SCHEME, _MAILS = re.compile(rf"{_SCHEME}\Z"), re.compile(_REST), re.compile(_MAIL)
#: In a text that is shown as it was written; code comes first, so that nothing in it is taken for an address.
_IN_PLAIN = re.compile(
    r"(?P<code>(?P<fence>`{3,}|~{3,}).*?(?:(?P=fence)|\Z)|`[^`\n]+`)"
    rf"|(?P<web>{_SCHEME}{_REST})|(?P<mail>{_MAIL})",
    re.DOTALL,
)
#: Signs that close a sentence or a quotation rather than an address.
_CLOSES = ".,;:!?'*_~…»”’"


def learn_addresses(parser: MarkdownIt) -> None:
    """From now on the parser makes links of them, as of those in angle brackets."""
    parser.inline.ruler.before("link", "bare_address", _address)
    parser.core.ruler.after("inline", "bare_mail", _mails)


def linked(text: str) -> SafeString:
    """A text as it was written, safe to show, its addresses being links."""
    pieces, end = [], 0
    for found in _IN_PLAIN.finditer(text):
        if found["code"]:
            continue
        said = _without_close(found[0]) if found["web"] else found[0]
        href = normalizeLink(said) if found["web"] else f"mailto:{said}"
        link = format_html('<a href="{}" target="_blank" rel="{}">{}</a>', href, REL, said)
        pieces += [escape(text[end : found.start()]), link, host_note(href, said)]
        end = found.start() + len(said)
    return mark_safe("".join([*pieces, escape(text[end:])]))  # noqa: S308  each piece is escaped


def host_note(address: str, words: str) -> SafeString:
    """Where a link leads, when its words are not that very address."""
    host = urlsplit(address).hostname or ""
    said = words.strip().lower().removeprefix("https://").removeprefix("http://")
    names_it = re.split(r"[/?#:]", said, maxsplit=1)[0] == host
    return SafeString() if names_it or not host else format_html(' <span class="host">({})</span>', host)


def _without_close(address: str) -> str:
    """Without the signs that end the sentence, and a parenthesis that was opened before the address."""
    end, over = len(address), address.count(")") - address.count("(")
    while address[end - 1] in _CLOSES or (address[end - 1] == ")" and over > 0):
        over -= address[end - 1] == ")"
        end -= 1
    return address[:end]


def _address(state: StateInline, silent: bool) -> bool:
    if silent or state.linkLevel or state.src[state.pos] != ":":
        return False
    scheme = _scheme_before(state.src, state.pos)
    found = _AFTER_SCHEME.match(state.src, state.pos, state.posMax)
    if not scheme or found is None or not state.pending.endswith(scheme):
        return False
    rest = _without_close(found[0])
    said = scheme + rest
    href = state.md.normalizeLink(said)
    if not state.md.validateLink(href):
        return False
    state.pending = state.pending[: -len(scheme)]
    state.push("link_open", "a", 1).attrs = {"href": href}
    state.push("text", "", 0).content = said
    state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _scheme_before(text: str, colon: int) -> str:
    """Read from the few signs before the colon, so that it costs the same at each."""
    found = _SCHEME_BEFORE.search(text[max(colon - 6, 0) : colon])
    return found[0] if found else ""


def _mails(state: StateCore) -> None:
    for one in state.tokens:
        if one.type == "inline" and "@" in one.content:
            one.children = list(_with_mails(one.children or []))


def _with_mails(tokens: list[Token]) -> Iterator[Token]:
    links = 0
    for one in tokens:
        links += {"link_open": 1, "link_close": -1}.get(one.type, 0)
        yield from _cut(one) if one.type == "text" and not links else (one,)


def _cut(text: Token) -> Iterator[Token]:
    end = 0
    for found in _MAILS.finditer(text.content):
        yield Token("text", "", 0, level=text.level, content=text.content[end : found.start()])
        yield Token("link_open", "a", 1, level=text.level, attrs={"href": f"mailto:{found[0]}"})
        yield Token("text", "", 0, level=text.level + 1, content=found[0])
        yield Token("link_close", "a", -1, level=text.level)
        end = found.end()
    yield Token("text", "", 0, level=text.level, content=text.content[end:]) if end else text
