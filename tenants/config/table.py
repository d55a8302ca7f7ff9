"""The table of keys in docs/configuration.md, made from the catalogue."""

from __future__ import annotations

from typing import Any

from django.utils.translation import override

from tenants.config.catalogue import ConfigKey, in_groups

COLUMNS = ("key", "what", "kind", "default", "layers", "lock, cap, floor", "takes effect in")
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def table() -> str:
    """In English, one line for each key."""
    with override("en"):
        return "\n".join([HEAD, *(_line(key) for _group, keys in in_groups() for key in keys)])


def _line(key: ConfigKey[Any]) -> str:
    limits = f" ({key.kind.limits})" if key.kind.limits else ""
    default = "–" if key.secret else key.kind.shown(key.default) or "–"
    team = " (the companion's)" if "team" in key.layers and key.team_of == "companion" else ""
    layers = ", ".join(layer + team if layer == "team" else layer for layer in key.layers)
    columns = (
        f"`{key.name}`",
        str(key.label),
        key.kind.name + limits,
        default,
        layers,
        _limits(key),
        key.effect,
    )
    return f"| {' | '.join(columns)} |"


def _limits(key: ConfigKey[Any]) -> str:
    told = ["lock"] if any(key.locks_at(layer) for layer in key.layers) else []
    told += [f"cap: {', '.join(key.caps)}"] if key.caps else []
    told += [f"floor: {', '.join(key.floors)}"] if key.floors else []
    return "; ".join(told) or "–"
