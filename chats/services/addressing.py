"""Whom a program asks and what it brings: companions as models, and files by their ids."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _

from chats.attached import UNREAD
from chats.permissions import WRITE
from chats.services.attaching import documents_for
from companions.config_keys import DOCUMENT_SECONDS
from companions.models import Companion
from companions.queries import access_asked, companions_for
from companions.services.prompting import PreparedPrompt, prompt_of
from documents.services.files import states_of
from documents.store import Card
from humana.kernel.actor import Actor, acting_as
from humana.kernel.errors import Conflict, Invalid, NotFound
from tenants.config.resolver import Subject, resolve
from tenants.context import use_tenant
from tenants.doors import Visitor, by_key, require_of
from tenants.models import Membership


def seconds_to_wait(*, token: str, seen_as: Actor, model: str, document_ids: Sequence[uuid.UUID]) -> float:
    """How long an answer waits for these files at most; 0 where none of them is being read."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context), acting_as(visitor.actor):
        require_of(visitor, WRITE.name)
        companion, _prompt = addressed(visitor, model)
        files = states_of([one.id for one in files_for(visitor.member, document_ids)])
        if not any(one.state in UNREAD for one in files.values()):
            return 0
        return float(resolve(DOCUMENT_SECONDS, Subject(companion_team_id=companion.team_id)))


def models_for(*, token: str, seen_as: Actor) -> list[Companion]:
    """The companions a key may ask, each as a model."""
    visitor = by_key(token=token, seen_as=seen_as)
    with use_tenant(visitor.context):
        require_of(visitor, WRITE.name)
        return list(companions_for(member=visitor.member))


def addressed(visitor: Visitor, model: str) -> tuple[Companion, PreparedPrompt]:
    """The companion behind a model, and its prompt. NotFound for none that the member reaches, Conflict for
    one that is paused.
    """
    try:
        companion, inherited = access_asked(member=visitor.member, slug=model)
    except NotFound:
        message = _("There is no companion “%(model)s” here. GET /v1/models lists them.")
        raise NotFound(message % {"model": model[:80]}, code="model_not_found") from None
    if companion.state != Companion.State.ACTIVE:
        raise Conflict(_("This companion is paused at the moment."), code="companion_paused")
    return companion, prompt_of(inherited)


def files_for(member: Membership, ids: Sequence[uuid.UUID]) -> list[Card]:
    """Their cards; NotFound where the member may not read one."""
    try:
        return documents_for(member, ids)
    except NotFound:
        message = _("One of these files is not here, or you may not read it. GET /v1/files lists yours.")
        raise NotFound(message, field="file_id", code="file_not_found") from None


def read_files(cards: list[Card]) -> list[Card]:
    """The same files. Conflict for one that is still being read, Invalid for one that could not be."""
    files = states_of([one.id for one in cards]) if cards else {}
    for one in cards:
        state = files[one.id].state if one.id in files else "ready"
        if state in UNREAD and state != "indexing":  # then it is found by its words already
            message = _("“%(name)s” is still being read. Ask again when GET /v1/files says it is processed.")
            raise Conflict(message % {"name": one.name}, field="file_id", code="file_not_ready")
        if state == "failed":
            message = _("“%(name)s” could not be read. Send the file in another format, or leave it out.")
            raise Invalid(message % {"name": one.name}, field="file_id", code="file_unreadable")
    return cards
