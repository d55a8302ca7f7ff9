"""What a queued answer is given of skills and knowledge, read before its transaction begins."""

from __future__ import annotations

import uuid

from chats.models import Run
from companions.queries import Heritage
from companions.references import NOTHING, Shared
from companions.services.knowing import anything_shared, shared_for
from companions.services.prompting import prepare_prompt
from tenants.context import current_tenant
from tenants.models import Membership


def shared_with_run(run_id: uuid.UUID, from_main: Heritage) -> Shared:
    """Nothing for a run that is over, or whose asker is gone: `begin_run` says what becomes of those."""
    if not anything_shared():
        return NOTHING
    rows = Run.objects.select_related("chat__companion", "message__parent")
    run = rows.filter(id=run_id, state=Run.State.QUEUED).first()
    if run is None or run.message.parent is None:
        return NOTHING
    here = current_tenant().organization_id
    member = Membership.objects.filter(organization_id=here, user_id=run.chat.owner_id).first()
    if member is None:
        return NOTHING
    companion = run.chat.companion
    guard = prepare_prompt(companion, from_main).guard
    return shared_for(companion, member, run.message.parent.text, guard)
