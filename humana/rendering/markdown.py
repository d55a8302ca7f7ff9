"""Markdown from people and models, made safe for pages.

Parsed, rendered, coloured, and sanitised last, so nothing that rendering makes escapes the
sanitiser. Images never load: an address in an answer must not be fetched by the reader's browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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

from humana.rendering import mathematics
from humana.rendering.addresses import REL, host_note, learn_addresses
from humana.rendering.citations import Cite, Cited, cited, learn_citations, link_of

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "span", "div"),
    *("blockquote", "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
    *mathematics.TAGS,
}
_ATTRIBUTES = {
    **mathematics.ATTRIBUTES,
    "a": {"href", "title", "target", "class", "aria-label"},
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
#: Longer code is shown plain: colouring it would cost more than it says.
_COLOUR_LIMIT = 20_000
#: An answer stands below the page's h1 and the companion's name.
_HEADINGS = {f"h{level}": f"h{min(level + 2, 6)}" for level in range(1, 7)}
#: Languages that tell a reader nothing.
_UNTOLD = {"", "text", "txt", "plain", "plaintext"}
_formatter = HtmlFormatter(nowrap=True)


class _Renderer(RendererHTML):
    """HTML with our own code blocks, tables without style attributes, images as links."""

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        language = tokens[idx].info.split()[0] if tokens[idx].info.strip() else ""
        label = "" if language in _UNTOLD else f'<span class="code-language">{escape(language)}</span>'
        code = tokens[idx].content
        inside = str(escape(code)) if env.get("plain") else _coloured(code, language)
        return f'<div class="code">{label}<pre><code>{inside}</code></pre></div>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<div class="code"><pre><code>{escape(tokens[idx].content)}</code></pre></div>\n'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        tokens[idx].tag = _HEADINGS[tokens[idx].tag]
        return self.renderToken(tokens, idx, options, env)

    heading_close = heading_open

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        address = str(tokens[idx].attrGet("src") or "")
        words = escape(tokens[idx].content or address)
        if urlsplit(address).scheme not in ("http", "https"):
            return words
        return f'<a href="{escape(address)}" target="_blank">{words}</a>{host_note(address, words)}'

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        tokens[idx].attrSet("target", "_blank")
        return self.renderToken(tokens, idx, options, env)

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        first = next(number for number in range(idx - 1, -1, -1) if tokens[number].type == "link_open")
        words = "".join(one.content for one in tokens[first:idx])
        return f"</a>{host_note(str(tokens[first].attrGet('href') or ''), words)}"

    def formula(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return mathematics.formula(tokens[idx].content, block=tokens[idx].meta["block"])

    def citation(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return link_of(tokens, idx, env)

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
#: Finds blocks and does not look inside them: many times cheaper, and linear whatever is written.
outline = MarkdownIt("commonmark", {"html": False}).enable(["table"]).disable(["inline"])
for _one in (mathematics.with_mathematics(_parser), mathematics.with_mathematics(outline, growing=True)):
    _one.validateLink = _may_lead_to  # type: ignore[method-assign,assignment]
learn_citations(_parser)
learn_addresses(_parser)


def render(text: str, *, coloured: bool = True, cites: Mapping[int, Cite] | None = None) -> SafeString:
    """The whole text as HTML that is safe to show. `cites` are the sources that it may cite."""
    return rendered(text, {}, coloured=coloured, cites=cites)


def rendered(
    text: str,
    definitions: dict[str, Any],
    *,
    coloured: bool = False,
    cites: Mapping[int, Cite] | None = None,
) -> SafeString:
    """One text of several: `definitions` are links defined so far; those of this text are added."""
    html = _parser.render(text, {"references": definitions, "plain": not coloured, "cites": cites})
    return mark_safe(_clean(html))  # noqa: S308  sanitised just now


def cites_in(text: str, given: Sequence[int]) -> Cited:
    """Which of the numbers that were given a text cites, just as it is shown."""
    return cited(_parser, text, given)


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=REL,
    )
