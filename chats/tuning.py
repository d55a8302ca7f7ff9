"""What an answer is made with: the companion's own wishes and the client's, within the configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from byoc import gateway
from byoc.config_keys import ALLOWED_MODELS, DEFAULT_MODEL
from byoc.contracts import ModelCard
from companions.config_keys import ANSWER_SECONDS, MAX_OUTPUT_TOKENS, TEMPERATURE
from companions.models import Companion
from humana.kernel.errors import EndpointError
from tenants.config.resolver import Subject, explain, resolve
from tenants.config.rules import bounded


@dataclass(frozen=True, slots=True)
class Tuning:
    """The model, how long it may take in seconds, and what the request says beside its messages."""

    endpoint: ModelCard
    seconds: int
    wishes: dict[str, Any]


def tuning_for(
    companion: Companion, *, max_tokens: int | None = None, temperature: float | None = None, **others: Any
) -> Tuning:
    """Inside the organization; the wishes are the client's. EndpointError where no model may answer."""
    subject = Subject(companion_team_id=companion.team_id)
    most = resolve(MAX_OUTPUT_TOKENS, subject)
    wishes = {
        "max_tokens": min((one for one in (max_tokens, most) if one is not None), default=None),
        "temperature": _temperature(temperature, subject),
    }
    return Tuning(model_for(companion), resolve(ANSWER_SECONDS, subject), {**others, **wishes})


def model_for(companion: Companion) -> ModelCard:
    """The companion's own model first, unless the usual one is locked; never one that may not answer."""
    subject = Subject(companion_team_id=companion.team_id)
    usual = explain(DEFAULT_MODEL, subject).settled
    wanted = usual.value if usual.lock is not None and usual.value else companion.model or usual.value
    allowed = resolve(ALLOWED_MODELS, subject)
    if allowed is None:
        return gateway.describe(wanted or None)
    may = [card for card in gateway.offered() if {card.name, card.model} & set(allowed)]
    for card in may:
        if wanted in (card.name, card.model):
            return _only(card, allowed)
    if not may:
        message = "No connected model is among those that may answer (llm.allowed_models)."
        raise EndpointError(message, permanent=True, code="not_configured")
    return _only(may[0], allowed)


def _only(card: ModelCard, allowed: tuple[str, ...]) -> ModelCard:
    """What may not answer does not stand in either."""
    route = tuple(one for one in card.route if {one.name, one.model} & set(allowed))
    return replace(card, route=route)


def shown_model(companion: Companion) -> ModelCard | None:
    """The same for a page; None where there is none, since pages work without."""
    try:
        return model_for(companion)
    except EndpointError:
        return None


def _temperature(wish: float | None, subject: Subject) -> float | None:
    settled = explain(TEMPERATURE, subject).settled
    if wish is None or settled.lock is not None:
        return settled.value
    return bounded(TEMPERATURE, wish, settled)
