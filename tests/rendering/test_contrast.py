"""Words can be read in both themes: WCAG AA (4.5 to 1) for every pair the pages use."""

from __future__ import annotations

import re
from math import cos, radians, sin
from pathlib import Path

import pytest

from humana.rendering import code_css

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
SHEET = (CSS / "tokens.css").read_text()
PAIR = re.compile(r"(--[\w-]+):\s*light-dark\((oklch\(.+?\)+), (oklch\(.+?\)+)\);")
HUE = re.findall(r"--accent-hue: (\d+);", SHEET)[0]

WORDS = ("--text", "--text-quiet", "--accent", "--harm", "--caution")
GROUNDS = ("--surface", "--surface-sunken", "--surface-raised")
CODE = sorted(set(re.findall(r"--code-\w+", SHEET)))
PAIRS = [(word, ground) for word in WORDS for ground in GROUNDS] + [
    *((word, "--surface-sunken") for word in CODE),
    ("--on-accent", "--accent"),
    ("--on-accent", "--accent-strong"),
    ("--text", "--accent-soft"),
    ("--accent", "--accent-soft"),
    ("--accent-strong", "--accent-soft"),
    ("--text", "--line"),
    ("--text-quiet", "--line"),
    *((word, f"{ground}-soft") for ground in ("--caution", "--harm") for word in ("--text", ground)),
    ("--surface", "--text"),
]
TOKENS: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
for name, *colours in PAIR.findall(SHEET):
    for theme, colour in zip(TOKENS, colours, strict=True):
        TOKENS[theme][name] = colour.replace("var(--accent-hue)", HUE)


@pytest.mark.parametrize("theme", TOKENS)
@pytest.mark.parametrize(("word", "ground"), PAIRS, ids=" on ".join)
def test_words_stand_out_from_their_ground(theme: str, word: str, ground: str) -> None:
    tokens = TOKENS[theme]
    assert contrast(luminance(tokens, word), luminance(tokens, ground)) >= 4.5


@pytest.mark.parametrize("theme", TOKENS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_edge_of_a_field_can_be_seen(theme: str, ground: str) -> None:
    tokens = TOKENS[theme]
    assert contrast(luminance(tokens, "--line-field"), luminance(tokens, ground)) >= 3


def test_every_colour_is_a_pair_in_the_one_file() -> None:
    sheets = {path.name: path.read_text() for path in CSS.glob("*.css") if path.name != "console.css"}
    assert len(CODE) == 7
    for name in ("oklch(", "#", "rgb(", "hsl("):
        users = {sheet for sheet, text in sheets.items() if re.search(rf":[^;{{}}]*{re.escape(name)}", text)}
        assert users <= {"tokens.css"}, name
    declared = set(re.findall(r"(--[\w-]+):", SHEET))
    assert {name for text in sheets.values() for name in re.findall(r"var\((--[\w-]+)", text)} <= declared


def test_the_colours_of_code_are_as_made() -> None:
    assert code_css.TARGET.read_text() == code_css.stylesheet()


def test_the_conversion_knows_black_white_and_srgb_red() -> None:
    assert contrast(*(luminance({"--a": a}, "--a") for a in ("oklch(100% 0 0)", "oklch(0% 0 0)"))) == (
        pytest.approx(21, abs=0.01)
    )
    red = luminance({"--red": "oklch(62.796% 0.25768 29.234)"}, "--red")
    assert red == pytest.approx(0.2126, abs=0.001)


def contrast(one: float, other: float) -> float:
    lighter, darker = max(one, other), min(one, other)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(tokens: dict[str, str], name: str) -> float:
    """Relative luminance of a token as an sRGB screen shows it."""
    value = tokens[name]
    found = re.fullmatch(r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", value)
    assert found, f"{name} is not plain OKLCH: {value}"
    lightness, chroma, hue = float(found[1]) / 100, float(found[2]), radians(float(found[3]))
    red, green, blue = linear_srgb(lightness, chroma * cos(hue), chroma * sin(hue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear_srgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """OKLab to linear sRGB, cut to what a screen can show."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return _shown(red), _shown(green), _shown(blue)


def _shown(channel: float) -> float:
    return min(1.0, max(0.0, channel))
