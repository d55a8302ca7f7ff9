"""What a new organization starts with, so that it works at once: values, a brand, a policy, companions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from companions.models import Companion
from companions.services.companions import create_companion
from companions.services.policies import keep_value, publish_brand, publish_policy
from tenants.models import Organization
from tenants.transactions import tenant_atomic


@dataclass(frozen=True, slots=True)
class NewPolicy:
    name: str
    regulation: str
    requirement: str


@dataclass(frozen=True, slots=True)
class NewBrand:
    voice_and_tone: str
    style: str
    restrictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewCompanion:
    """`team` and `position` are names, looked up among those of the organization."""

    name: str
    purpose: str
    base_prompt: str
    language: str = "pt-br"
    starters: tuple[str, ...] = ()
    team: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class Furniture:
    """Everything companions are and inherit. `values` are titles with their descriptions."""

    values: Mapping[str, str]
    policies: tuple[NewPolicy, ...]
    brand: NewBrand
    companions: tuple[NewCompanion, ...]


def furnish_organization(organization: Organization) -> None:
    """Furnish a new organization in its language, once. Runs inside its context, all or nothing."""
    if not Companion.everything.exists():
        furnish(STARTING.get(organization.language, STARTING["en"]))


def furnish(
    furniture: Furniture,
    *,
    teams: Mapping[str, uuid.UUID] | None = None,
    positions: Mapping[str, uuid.UUID] | None = None,
) -> list[Companion]:
    """Write it all through the services, inside the organization's context."""
    brand = furniture.brand
    with tenant_atomic():
        for title, description in furniture.values.items():
            keep_value(title=title, description=description)
        for policy in furniture.policies:
            publish_policy(name=policy.name, regulation=policy.regulation, requirement=policy.requirement)
        publish_brand(voice_and_tone=brand.voice_and_tone, style=brand.style, restrictions=brand.restrictions)
        return [_companion(one, teams or {}, positions or {}) for one in furniture.companions]


def _companion(
    one: NewCompanion, teams: Mapping[str, uuid.UUID], positions: Mapping[str, uuid.UUID]
) -> Companion:
    return create_companion(
        name=one.name,
        purpose=one.purpose,
        base_prompt=one.base_prompt,
        language=one.language,
        starters=one.starters,
        team_id=teams[one.team] if one.team else None,
        position_id=positions[one.position] if one.position else None,
    )


ENGLISH_TEXTS = (
    "Write a short thank-you e-mail to a customer.",
    "Write a polite note about a late invoice.",
    "Write a welcome e-mail to a new customer.",
)

#: One of the two writes English, which is all that the built-in model manages.
IN_PORTUGUESE = Furniture(
    values={
        "Clareza": "palavras simples, sem rodeios",
        "Respeito": "toda pergunta merece atenção",
    },
    policies=(
        NewPolicy(
            name="Privacidade",
            regulation="LGPD",
            requirement="Não peça nem repita dados pessoais sem necessidade.",
        ),
    ),
    brand=NewBrand(
        voice_and_tone="cordial e direta",
        style="frases curtas",
        restrictions=("admita o que não sabe",),
    ),
    companions=(
        NewCompanion(
            name="Lia",
            purpose="Ajuda no dia a dia: perguntas, ideias e resumos.",
            base_prompt="Você é Lia, parceira de trabalho da equipe. Responda primeiro, explique depois.",
            starters=(
                "Sugira três pautas para uma reunião curta.",
                "Como dizer não a um cliente com gentileza?",
                "Monte um checklist para começar bem a semana.",
            ),
        ),
        NewCompanion(
            name="Nina",
            purpose="Escreve em inglês: e-mails, avisos e textos curtos.",
            base_prompt="You are Nina and write English texts for the team. Deliver text ready to use.",
            language="en",
            starters=ENGLISH_TEXTS,
        ),
    ),
)

IN_ENGLISH = Furniture(
    values={
        "Clarity": "plain words, no detours",
        "Respect": "every question deserves attention",
    },
    policies=(
        NewPolicy(
            name="Privacy",
            regulation="Privacy",
            requirement="Never ask for or repeat personal data without need.",
        ),
    ),
    brand=NewBrand(
        voice_and_tone="friendly and direct",
        style="short sentences",
        restrictions=("say when you do not know",),
    ),
    companions=(
        NewCompanion(
            name="Lia",
            purpose="Everyday help: questions, ideas and summaries.",
            base_prompt="You are Lia, a colleague of the team. Answer first, then explain.",
            language="en",
            starters=(
                "Give me three ideas for a short team meeting.",
                "How do I say no politely to a customer?",
                "What makes a good to-do list?",
            ),
        ),
        NewCompanion(
            name="Nina",
            purpose="Writes and edits e-mails, notices and short texts.",
            base_prompt="You are Nina and look after the team's writing. Deliver text that is ready to use.",
            language="en",
            starters=ENGLISH_TEXTS,
        ),
    ),
)

STARTING = {"pt-br": IN_PORTUGUESE, "en": IN_ENGLISH}
