"""Avatars: initials on a colour that follows from the name. Attributes only, no style."""

from __future__ import annotations

from colorsys import hls_to_rgb
from hashlib import sha256

from django.utils.html import format_html
from django.utils.safestring import SafeString


def avatar_svg(name: str, *, css_class: str = "avatar") -> SafeString:
    """A decorative SVG; the name itself stands beside it."""
    return format_html(
        '<svg class="{}" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" fill="{}"/>'
        '<text x="20" y="21" fill="#fff" font-size="{}" font-family="system-ui, sans-serif" font-weight="600"'
        ' text-anchor="middle" dominant-baseline="central">{}</text></svg>',
        css_class,
        colour_of(name),
        16 if len(initials_of(name)) > 1 else 18,
        initials_of(name),
    )


def initials_of(name: str) -> str:
    """First and last initial, or the only one."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words[:1]]
    return "".join(letters).upper() or "·"


def colour_of(name: str) -> str:
    """A muted colour dark enough for white letters (contrast above 4.5)."""
    seed = sha256(name.casefold().encode()).digest()
    red, green, blue = hls_to_rgb(seed[0] / 256, 0.32, 0.38)
    return f"#{int(red * 255):02x}{int(green * 255):02x}{int(blue * 255):02x}"
