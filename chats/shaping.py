"""Which layer said each setting that an answer is made with; kept with its run, to be told later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from byoc.config_keys import ALLOWED_MODELS, DEFAULT_MODEL
from byoc.contracts import ModelCard
from companions.config_keys import ANSWER_SECONDS, MAX_OUTPUT_TOKENS, TEMPERATURE
from tenants.config.catalogue import LAYER_LABELS, config_keys
from tenants.config.resolver import Subject, explain
from tenants.config.rules import Settled, bounded

#: Who else may say it, beside the layers of the configuration.
COMPANION, REQUEST, CHAT = "companion", "request", "chat"
LABELS: dict[str, Any] = {
    **LAYER_LABELS,
    COMPANION: _("Companion"),
    REQUEST: _("Request"),
    CHAT: _("This chat"),
}


@dataclass(frozen=True, slots=True)
class Shaped:
    """A setting as it acted: `layer` said it, and `limited_by` brought it within bounds, if one did."""

    key: str
    value: Any
    layer: str
    limited_by: str = ""

    def stamp(self) -> dict[str, Any]:
        told = {"key": self.key, "value": self.value, "layer": self.layer}
        return {**told, "limited_by": self.limited_by} if self.limited_by else told


@dataclass(frozen=True, slots=True)
class Told:
    """The same in words."""

    label: str
    value: str
    layer: str
    limited_by: str


def longest(wish: int | None, subject: Subject) -> Shaped:
    """The most tokens: the smaller of the client's wish and what is settled."""
    settled = explain(MAX_OUTPUT_TOKENS, subject).settled
    if wish is not None and (settled.value is None or wish < settled.value):
        return Shaped(MAX_OUTPUT_TOKENS.name, wish, REQUEST)
    return _settled(MAX_OUTPUT_TOKENS.name, settled)


def temperature(wish: float | None, subject: Subject) -> Shaped:
    """The client's wish within the bounds, unless what is settled is locked."""
    settled = explain(TEMPERATURE, subject).settled
    if wish is None or settled.lock is not None:
        return _settled(TEMPERATURE.name, settled)
    value = bounded(TEMPERATURE, wish, settled)
    return Shaped(TEMPERATURE.name, value, REQUEST, _limit(settled, wish, value))


def seconds(subject: Subject) -> Shaped:
    return _settled(ANSWER_SECONDS.name, explain(ANSWER_SECONDS, subject).settled)


def model(card: ModelCard, wish: str, subject: Subject, *, chosen: str = "") -> Shaped:
    """Why it is this one: `chosen` in the chat, the companion's `wish`, usual, or what alone may answer."""
    if chosen:
        return Shaped(DEFAULT_MODEL.name, card.model, CHAT)
    usual = explain(DEFAULT_MODEL, subject).settled
    locked = usual.lock is not None and bool(usual.value)
    wanted = usual.value if locked else wish or usual.value
    allowed = explain(ALLOWED_MODELS, subject).settled
    if allowed.value is not None and wanted not in (card.name, card.model):
        return Shaped(ALLOWED_MODELS.name, card.model, allowed.layer)
    return Shaped(DEFAULT_MODEL.name, card.model, COMPANION if wish and not locked else usual.layer)


def told(stamp: Mapping[str, Any]) -> Told:
    """A kept one in the reader's language."""
    label, value = _words(stamp["key"], stamp["value"])
    return Told(label, value, _label(stamp["layer"]), _label(stamp.get("limited_by", "")))


def _words(name: str, value: Any) -> tuple[str, str]:
    """A key that the catalogue no longer has goes by its name."""
    if name in (DEFAULT_MODEL.name, ALLOWED_MODELS.name):
        return str(_("Model")), str(value)
    if name not in config_keys:
        return name, str(value)
    key = config_keys.get(name)
    return str(key.label), key.kind.shown(value)


def _label(layer: str) -> str:
    return str(LABELS.get(layer, layer))


def _settled(key: str, settled: Settled[Any]) -> Shaped:
    return Shaped(key, settled.value, settled.layer, _limit(settled, settled.wanted, settled.value))


def _limit(settled: Settled[Any], wanted: Any, value: Any) -> str:
    """The layer whose bound acted."""
    if value == wanted:
        return ""
    by = settled.cap_by if settled.cap_by is not None and value == settled.cap else settled.floor_by
    return by.layer if by is not None else ""
