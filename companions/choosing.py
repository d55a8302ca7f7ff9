"""Which model answers for a companion: what it wishes, within what is configured and connected now."""

from __future__ import annotations

import uuid
from dataclasses import replace

from byoc import gateway
from byoc.config_keys import ALLOWED_MODELS, DEFAULT_MODEL
from byoc.contracts import ModelCard
from companions.models import Companion
from humana.kernel.errors import EndpointError
from tenants.config.resolver import Subject, explain, resolve


def model_for(companion: Companion, wish: str = "") -> ModelCard:
    """The wish, then the companion's own, unless the usual one is locked; never one that may not answer.

    Inside the organization. EndpointError where no model may answer.
    """
    return _model(wish or companion.model, Subject(companion_team_id=companion.team_id))


def offered_models(team_id: uuid.UUID | None) -> list[ModelCard]:
    """Those that a companion of this team may be given: connected, and allowed to answer."""
    allowed = resolve(ALLOWED_MODELS, Subject(companion_team_id=team_id))
    return [one for one in gateway.offered() if allowed is None or {one.name, one.model} & set(allowed)]


def may_be_given(model: str, team_id: uuid.UUID | None) -> bool:
    """Empty is the organization's own choice, which any companion may have."""
    return not model or any(model in (one.name, one.model) for one in offered_models(team_id))


def usual_is_locked(team_id: uuid.UUID | None) -> bool:
    """Whether one model answers for every companion of this team, whatever anybody wishes."""
    usual = explain(DEFAULT_MODEL, Subject(companion_team_id=team_id)).settled
    return usual.lock is not None and bool(usual.value)


def usual_model() -> ModelCard | None:
    """The organization's own choice, for what no companion says; None where none may be asked."""
    try:
        return _model("", Subject())
    except EndpointError:
        return None


def _model(wish: str, subject: Subject) -> ModelCard:
    usual = explain(DEFAULT_MODEL, subject).settled
    wanted = usual.value if usual.lock is not None and usual.value else wish or usual.value
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


def chosen_model(companion: Companion, wish: str = "") -> ModelCard | None:
    """The same; None where there is none, since pages work without."""
    try:
        return model_for(companion, wish)
    except EndpointError:
        return None


def shown_model(companion: Companion, wish: str = "") -> ModelCard | None:
    """What would answer now: of that, what stands in for it while a failover is in effect."""
    chosen = chosen_model(companion, wish)
    return None if chosen is None else gateway.answering_now(chosen)


def _only(card: ModelCard, allowed: tuple[str, ...]) -> ModelCard:
    """What may not answer does not stand in either."""
    route = tuple(one for one in card.route if {one.name, one.model} & set(allowed))
    return replace(card, route=route)
