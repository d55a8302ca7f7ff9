"""Support sessions: an operator's timed, reasoned entry into one organization's content.

The customer reads the start, the end and everything opened in between in their own trail. A session
that runs out counts no more at once; that it ended is told within a minute, by an outbox item that
comes due then.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from humana.kernel import ports
from humana.kernel.errors import Invalid, NotAllowed
from humana.kernel.text import clean_text
from tenants.context import current_tenant, use_tenant
from tenants.models import Organization, PendingWork, SupportSession, User
from tenants.queries import open_support_session
from tenants.services.events import control_event
from tenants.services.pending import mark_pending
from tenants.transactions import tenant_atomic

#: The longest an operator may stay, in minutes.
LONGEST = 240
#: The task that tells the end of sessions that ran out.
END_EXPIRED = "tenants.end_expired_support"


def begin_support(
    *, operator: User, organization: Organization, reason: str, minutes: int, consent: str = ""
) -> SupportSession:
    """Open the organization's content to this operator; a running session is ended first.

    `consent` is who on the customer's side agreed, if anybody was asked.
    """
    if not (operator.is_staff and operator.is_active):
        raise NotAllowed(_("Only operators open support sessions."))
    reason = clean_text(reason, field="reason", limit=500).strip()
    consent = clean_text(consent, field="consent", limit=120, required=False).strip()
    if not 1 <= minutes <= LONGEST:
        message = _("A support session lasts from 1 to %(most)d minutes.") % {"most": LONGEST}
        raise Invalid(message, field="minutes")
    with use_tenant(organization.context), tenant_atomic():
        _end_running(operator, organization)
        session = SupportSession.objects.create(
            operator=operator,
            organization=organization,
            reason=reason,
            consent=consent,
            expires_at=timezone.now() + timedelta(minutes=minutes),
        )
        _tell("support.begun", session, reason=reason, until=session.expires_at.isoformat(), consent=consent)
        ports.put_in_outbox(task=END_EXPIRED, arguments={}, due_at=session.expires_at)
        mark_pending(organization.id, PendingWork.Kind.OUTBOX)
    return session


def end_support(*, session: SupportSession) -> None:
    """End it now; ending twice is no error."""
    with use_tenant(session.organization_id), tenant_atomic():
        running = SupportSession.objects.filter(id=session.id, ended_at=None)
        if running.update(ended_at=timezone.now()):
            _tell("support.ended", session)


def end_expired_support() -> None:
    """Tell the end of sessions of this organization that ran out, as of the moment they did."""
    here = current_tenant().organization_id
    with tenant_atomic():
        over = SupportSession.objects.select_for_update(of=("self",)).select_related("operator")
        for session in over.filter(organization_id=here, ended_at=None, expires_at__lte=timezone.now()):
            SupportSession.objects.filter(id=session.id).update(ended_at=session.expires_at)
            _tell("support.ended", session, ran_out=session.expires_at.isoformat())


def _end_running(operator: User, organization: Organization) -> None:
    running = open_support_session(operator=operator, organization=organization)
    if running is not None:
        end_support(session=running)


def _tell(action: str, session: SupportSession, **payload: object) -> None:
    told = {"operator": session.operator.email, **payload}
    control_event(
        action, "support_session", session.id, organization_id=session.organization_id, payload=told
    )
