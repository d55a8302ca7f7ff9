"""Markdown from people and models, made safe for pages.

Parsed, rendered, coloured, and sanitised last, so nothing that rendering makes escapes the
sanitiser. Images never load: an address in an answer must not be fetched by the reader's browser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "span", "div"),
    *("blockquote", "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "a": {"href", "title", "target"},
    "ol": {"start"},
    "span": {"class"},
    "div": {"class"},
    "th": {"class"},
    "td": {"class"},
    "code": {"class"},
}
_SCHEMES = {"http", "https", "mailto"}
#: Addresses that may become links, and pictures that become their words; all else stays as written.
_ADDRESS = re.compile(r"(https?|mailto):|data:image/", re.IGNORECASE)
#: What Markdown takes for the end of a line; str.splitlines knows more.
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
#: Longer code is shown plain: colouring it again and again while it grows would cost more than it says.
_COLOUR_LIMIT = 20_000
_formatter = HtmlFormatter(nowrap=True)


class _Renderer(RendererHTML):
    """HTML with our own code blocks, tables without style attributes, images as links."""

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        language = tokens[idx].info.split()[0] if tokens[idx].info.strip() else ""
        label = f'<span class="code-language">{escape(language)}</span>' if language else ""
        code = _coloured(tokens[idx].content, language)
        return f'<div class="code">{label}<pre><code>{code}</code></pre></div>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<div class="code"><pre><code>{escape(tokens[idx].content)}</code></pre></div>\n'

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        address = str(tokens[idx].attrGet("src") or "")
        words = escape(tokens[idx].content or address)
        if urlsplit(address).scheme not in ("http", "https"):
            return words
        return f'<a href="{escape(address)}" target="_blank">{words}</a>{_host_note(address, words)}'

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        tokens[idx].attrSet("target", "_blank")
        return self.renderToken(tokens, idx, options, env)

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        first = next(number for number in range(idx - 1, -1, -1) if tokens[number].type == "link_open")
        words = "".join(one.content for one in tokens[first:idx])
        return f"</a>{_host_note(str(tokens[first].attrGet('href') or ''), words)}"

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return '<div class="table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</table></div>\n"

    def _cell(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        style = str(tokens[idx].attrs.pop("style", ""))
        if style.startswith("text-align:"):
            tokens[idx].attrSet("class", style.removeprefix("text-align:"))
        return self.renderToken(tokens, idx, options, env)

    th_open = td_open = _cell


def _host_note(address: str, words: str) -> str:
    """Where a link leads, when its words do not say so."""
    host = urlsplit(address).hostname or ""
    return f' <span class="host">({escape(host)})</span>' if host and host not in words else ""


def _coloured(code: str, language: str) -> str:
    if language and len(code) <= _COLOUR_LIMIT:
        try:
            return highlight(code, get_lexer_by_name(language, stripnl=False), _formatter)
        except ClassNotFound:
            pass
    return str(escape(code))


def _may_lead_to(address: str) -> bool:
    """Nobody writes addresses of our own pages in a chat, so those of another origin must be whole."""
    return _ADDRESS.match(address) is not None


_parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
_parser.validateLink = _may_lead_to  # type: ignore[method-assign,assignment]


def render(text: str) -> SafeString:
    """The whole text as HTML that is safe to show."""
    return _rendered(text, {})


def _rendered(text: str, definitions: dict[str, Any]) -> SafeString:
    """`definitions` are links defined so far; those of this text are added."""
    html = _parser.render(text, {"references": definitions})
    return mark_safe(_clean(html))  # noqa: S308  sanitised just now


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


class BlockStream:
    """A growing text as blocks; only the block that is still open is rendered again.

    A block is closed once a whole line of another stands after it: Markdown may still change the
    last one (a line below a paragraph can make it a heading), and a line that is not whole may yet
    belong to the one before ("2" begins a paragraph, "2. " goes on with a list). Link definitions
    that come later than their use stay as they were shown.
    """

    def __init__(self) -> None:
        self._closed = 0
        self._open = ""
        self._definitions: dict[str, Any] = {}

    def feed(self, delta: str) -> list[tuple[int, SafeString, bool]]:
        """What changed: (index of the block, its HTML, whether it is closed)."""
        self._open += delta
        *done, rest = _blocks(self._open)
        changed = [
            (self._closed + number, _rendered(block, self._definitions), True)
            for number, block in enumerate(done)
        ]
        self._closed += len(done)
        self._open = rest
        if rest.strip():
            changed.append((self._closed, _rendered(rest, dict(self._definitions)), False))
        return changed


def _blocks(text: str) -> list[str]:
    """The text cut where top-level blocks begin; the last piece is the open one."""
    lines = _LINE.findall(text)
    whole = len(lines) - (not text.endswith(("\n", "\r")))
    tokens = _parser.parse("".join(lines[:whole]))
    starts = {token.map[0] for token in tokens if token.level == 0 and token.map and token.nesting >= 0}
    cuts = [0, *sorted(starts)[1:], len(lines)]
    return ["".join(lines[start:end]) for start, end in pairwise(cuts)]
