"""`python -m humana.rendering.code_css`: colours of code for both themes, from Pygments' styles."""

from __future__ import annotations

from pathlib import Path

from pygments.formatters import HtmlFormatter

TARGET = Path(__file__).resolve().parents[2] / "static" / "css" / "code.css"
LIGHT, DARK = "friendly", "github-dark"


def stylesheet() -> str:
    """Light first; dark where the device or the person says so. Backgrounds stay ours."""
    light, dark = _rules(LIGHT), _rules(DARK)
    device = "\n".join(f'    :root:not([data-theme="light"]) {rule}' for rule in dark)
    person = "\n".join(f'  :root[data-theme="dark"] {rule}' for rule in dark)
    plain = "\n".join(f"  {rule}" for rule in light)
    return (
        "/* Colours of code, made by `python -m humana.rendering.code_css`. */\n"
        f"@layer components {{\n{plain}\n\n"
        f"  @media (prefers-color-scheme: dark) {{\n{device}\n  }}\n{person}\n}}\n"
    )


def _rules(style: str) -> list[str]:
    lines = HtmlFormatter(style=style).get_style_defs(".code").splitlines()
    rules = [line.split("/*")[0].rstrip() for line in lines if line.startswith(".code .")]
    return [rule for rule in rules if "background" not in rule and "border" not in rule]


if __name__ == "__main__":
    TARGET.write_text(stylesheet())
