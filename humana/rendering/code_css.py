"""`python -m humana.rendering.code_css`: which of our colours each kind of code has."""

from __future__ import annotations

from pathlib import Path

from pygments.token import (
    STANDARD_TYPES,
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
    _TokenType,
    is_token_subtype,
)

TARGET = Path(__file__).resolve().parents[2] / "static" / "css" / "code.css"
#: The first that fits decides; what fits none has the colour of text. The colours are in tokens.css.
COLOURS = {
    Comment: "comment",
    Keyword: "keyword",
    Operator.Word: "keyword",
    Name.Tag: "keyword",
    Name.Function: "name",
    Name.Class: "name",
    Name.Decorator: "name",
    Name.Attribute: "name",
    Name.Builtin: "name",
    Name.Exception: "name",
    String: "text",
    Number: "number",
    Literal: "number",
    Name.Constant: "number",
    Generic.Deleted: "removed",
    Generic.Error: "removed",
    Generic.Inserted: "added",
    Generic.Output: "comment",
    Generic.Prompt: "comment",
}
BOLD = (Generic.Heading, Generic.Subheading, Generic.Strong)
ITALIC = (Generic.Emph,)


def stylesheet() -> str:
    rules = [
        _rule(
            _classes(*(kind for kind, role in COLOURS.items() if role == colour)),
            f"color: var(--code-{colour})",
        )
        for colour in dict.fromkeys(COLOURS.values())
    ]
    rules += [_rule(_of(BOLD), "font-weight: 600"), _rule(_of(ITALIC), "font-style: italic")]
    return (
        "/* Made by `python -m humana.rendering.code_css`; the colours themselves are in tokens.css. */\n"
        "@layer components {\n" + "\n".join(rules) + "}\n"
    )


def _classes(*kinds: _TokenType) -> list[str]:
    """The classes of every kind of token whose first fit in COLOURS is one of these."""
    fits = {
        kind: next((one for one in COLOURS if is_token_subtype(kind, one)), None) for kind in STANDARD_TYPES
    }
    return [name for kind, name in STANDARD_TYPES.items() if fits[kind] in kinds]


def _of(kinds: tuple[_TokenType, ...]) -> list[str]:
    return [name for kind, name in STANDARD_TYPES.items() if kind in kinds]


def _rule(classes: list[str], declaration: str) -> str:
    inside = ", ".join(f".{name}" for name in sorted(classes))
    return f"  .code :is({inside}) {{\n    {declaration};\n  }}\n"


if __name__ == "__main__":
    TARGET.write_text(stylesheet())
