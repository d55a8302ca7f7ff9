"""The system prompt of one answer: compiled from what is in force now, and kept to be shown again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from companions.models import Companion, PromptSnapshot
from companions.queries import inheritance
from tenants.transactions import tenant_atomic


@dataclass(frozen=True, slots=True)
class PreparedPrompt:
    """`digest` names the snapshot of `text`; `provenance` is what it was made of, ready for JSON."""

    text: str
    digest: str
    provenance: Mapping[str, Any]


def prepare_prompt(companion: Companion) -> PreparedPrompt:
    """What the companion is told for the next answer. Changes nothing but the kept snapshots."""
    inherited = inheritance(companion)
    text = inherited.prompt()
    return PreparedPrompt(text, snapshot(text).digest, inherited.provenance())


def snapshot(text: str) -> PromptSnapshot:
    """Keep a prompt, once per content in each organization, however many ask at once."""
    digest = sha256(text.encode()).hexdigest()
    kept = PromptSnapshot.objects.filter(digest=digest).first()
    if kept is None:
        with tenant_atomic():
            PromptSnapshot.objects.bulk_create(
                [PromptSnapshot(digest=digest, text=text)], ignore_conflicts=True
            )
            kept = PromptSnapshot.objects.get(digest=digest)
    return kept
