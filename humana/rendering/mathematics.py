"""Mathematics in answers: TeX between \\( \\), \\[ \\], $$ $$ or $ $ becomes MathML, which browsers draw.

What cannot be read stays readable TeX. Only elements and attributes named here get out.
"""

from __future__ import annotations

import re
from functools import partial
from xml.etree import ElementTree

from django.utils.html import escape
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

#: Longer formulas are shown as they were written.
LONGEST = 2_000
_ELEMENTS = (
    "math mrow mi mn mo ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover"
    " mtable mtr mtd mstyle mpadded mphantom menclose"
)
TAGS = frozenset(_ELEMENTS.split(" "))
ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "separator", "largeop", "movablelimits", "minsize", "maxsize"},
    "mi": {"mathvariant"},
    "mspace": {"width", "linebreak"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "mtable": {"columnalign", "columnlines", "rowlines"},
    "mtd": {"columnalign"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "menclose": {"notation"},
}
_SPACE = "{http://www.w3.org/1998/Math/MathML}"
ElementTree.register_namespace("", _SPACE[1:-1])
#: How each way of writing begins and ends, and whether it stands by itself.
_PAIRS = (("$$", "$$", True), ("\\[", "\\]", True), ("\\(", "\\)", False))
#: Between single dollars: nothing that reads like money, and something that reads like mathematics.
_BETWEEN_DOLLARS = re.compile(r"\$(?![\s$])((?:[^$\\\n]|\\.){1,400}?)(?<!\s)\$(?![\w$])")
_MATHEMATICS = re.compile(r"[\\^_=<>+*/]|^[A-Za-z]$")


def formula(tex: str, *, block: bool) -> str:
    """HTML of one formula."""
    drawn = _mathml(tex.strip(), "block" if block else "inline") if len(tex) <= LONGEST else None
    if drawn is None:
        return f'<code class="tex">{escape(tex.strip())}</code>'
    return f'<div class="formula">{drawn}</div>' if block else drawn


def _mathml(tex: str, display: str) -> str | None:
    try:
        made = ElementTree.fromstring(convert(tex, display=display))  # noqa: S314  no DTD: it begins with <math
    except Exception:  # noqa: BLE001  the library has many errors, and TeX many ways to be wrong
        return None
    if not all(_known(one) for one in made.iter()):
        return None
    return ElementTree.tostring(made, encoding="unicode").replace(f' xmlns="{_SPACE[1:-1]}"', "")


def _known(element: ElementTree.Element) -> bool:
    """Whether it may be shown; attributes that only colour or space are left out."""
    name = element.tag.removeprefix(_SPACE)
    kept = ATTRIBUTES.get(name, set())
    for one in set(element.attrib) - kept:
        del element.attrib[one]
    return name in TAGS


def _inline(state: StateInline, silent: bool) -> bool:
    found = _paired(state.src, state.pos, state.posMax) or _between_dollars(
        state.src, state.pos, state.posMax
    )
    if found is None:
        return False
    tex, end, block = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.meta = tex, {"block": block}
    state.pos = end
    return True


def _paired(text: str, start: int, limit: int) -> tuple[str, int, bool] | None:
    for opening, closing, block in _PAIRS:
        if text.startswith(opening, start):
            end = text.find(closing, start + 2, min(limit, start + LONGEST + 4))
            if end > start + 2 and text[start + 2 : end].strip():
                return text[start + 2 : end], end + 2, block
    return None


def _between_dollars(text: str, start: int, limit: int) -> tuple[str, int, bool] | None:
    if text[start] != "$" or (start and (text[start - 1].isalnum() or text[start - 1] == "$")):
        return None
    found = _BETWEEN_DOLLARS.match(text, start, limit)
    if found is None or not _MATHEMATICS.search(found[1]):
        return None
    return found[1], found.end(), False


def _block(state: StateBlock, first: int, last: int, silent: bool, *, growing: bool) -> bool:
    """A formula on lines of its own: what stands in it is no list and no heading."""
    opening = _line(state, first)[:2]
    closing = {"$$": "$$", "\\[": "\\]"}.get(opening, "")
    if not closing or state.is_code_block(first):
        return False
    end, said = _until(state, first, last, closing)
    if end is None and not (growing and len(said) <= LONGEST):
        return False
    if end is not None and not said.strip():
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.block, token.content, token.meta = True, said, {"block": True}
        token.map = [first, last if end is None else end]
        state.line = token.map[1]
    return True


def _until(state: StateBlock, first: int, last: int, closing: str) -> tuple[int | None, str]:
    """The line after the formula, and its text; None where it does not end, or something follows it."""
    rest, said = _line(state, first)[2:], ""
    for here in range(first, last):
        inside, found, after = rest.partition(closing)
        said += inside
        if found:
            return (None, " " * (LONGEST + 1)) if after.strip() else (here + 1, said)
        if len(said) > LONGEST or here + 1 >= last:
            break
        rest = "\n" + _line(state, here + 1)
    return None, said


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def with_mathematics(parser: MarkdownIt, *, growing: bool = False) -> MarkdownIt:
    """The parser also knows formulas; whoever renders says what a token `formula` becomes.

    In a text that is `growing`, one that is not closed yet goes on to the end.
    """
    rule = partial(_block, growing=growing)
    parser.block.ruler.before(
        "fence", "formula", rule, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.inline.ruler.before("escape", "formula", _inline)
    return parser
