"""A person allows a tool that asked first, or does not; the answer that waits for it goes on."""

from __future__ import annotations

from django.utils.translation import gettext as _

from chats.consent import answer_call
from chats.models import Run
from chats.permissions import WRITE
from chats.steps import Step, steps_of
from humana.kernel.errors import Conflict
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import require
from tenants.transactions import tenant_atomic


def decide_on_call(*, member: Membership, run: Run, call: str, allow: bool) -> Run:
    """`run` was loaded as the member's own. The first decision counts; Conflict where none is asked for."""
    require(member, WRITE.name)
    step = _asked(run, call)
    with tenant_atomic():
        record_trail(
            action=f"chats.tool.{'allowed' if allow else 'declined'}",
            resource_type="message",
            resource_id=run.message_id,
            payload={"run": run.id, "chat": run.chat_id, "tool": step.name, "call": step.call},
        )
        # Within the transaction: what is not passed on is not in the trail either.
        if not answer_call(current_tenant().organization_id, run.id, step.call, allowed=allow):
            raise _over()
    return run


def _asked(run: Run, call: str) -> Step:
    found = {one.call: one for one in steps_of(run.message.parts, live=True)}.get(call)
    if run.state not in Run.LIVE or found is None or found.state != "asking":
        raise _over()
    return found


def _over() -> Conflict:
    return Conflict(_("This question is answered already, or over."), code="not_asked")
