"""What a notice says, and how it leaves: as a letter, or as a signed webhook (Standard Webhooks)."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.mail import EmailMessage
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from standardwebhooks import Webhook

from byoc.contracts import EndpointSpec, Health
from byoc.models import Notice
from humana.kernel.egress import Guard
from humana.kernel.egress.reasons import Reason, of_status, why
from humana.kernel.errors import HumanaError

#: Seconds that a receiver may take for its answer.
SECONDS = 10.0

#: What a sentence may name; empty where the notice does not say it.
FACTS = ("endpoint", "by", "code", "message", "day", "budget", "percent", "members")
_SUBJECTS: Mapping[str, Promise] = {
    "endpoint.failing": gettext_lazy("“%(endpoint)s” does not answer well"),
    "endpoint.recovered": gettext_lazy("“%(endpoint)s” is well again"),
    "endpoint.expiring": gettext_lazy("The certificate of “%(endpoint)s” ends on %(day)s"),
    "failover.began": gettext_lazy("Something stands in for “%(endpoint)s”"),
    "failover.proposed": gettext_lazy("“%(endpoint)s” is away, and its standby waits for your word"),
    "failover.returning": gettext_lazy("“%(endpoint)s” is coming back"),
    "failover.ended": gettext_lazy("“%(endpoint)s” serves again"),
    "budget.nearly_spent": gettext_lazy("A budget is nearly used: %(budget)s"),
    "budget.spent": gettext_lazy("A budget is used up: %(budget)s"),
    "allowance.nearly_spent": gettext_lazy("Members have nearly used their part: %(budget)s"),
    "allowance.spent": gettext_lazy("Members have used up their part: %(budget)s"),
    "notice.message": gettext_lazy("A word about your endpoints"),
}
_BODIES: Mapping[str, Promise | str] = {
    "endpoint.failing": gettext_lazy(
        "Three probes in a row found “%(endpoint)s” not well (%(code)s). What depends on it may not work. The"
        " page of endpoints says more, and what to do."
    ),
    "endpoint.recovered": gettext_lazy(
        "Two probes in a row found “%(endpoint)s” well. There is nothing to do."
    ),
    "endpoint.expiring": gettext_lazy(
        "“%(endpoint)s” proves itself with a certificate that ends on %(day)s. Let the provider renew it"
        " before, then enter its metadata anew: nobody can sign in by it afterwards."
    ),
    "failover.proposed": gettext_lazy(
        "“%(endpoint)s” does not serve. “%(by)s” could: promote it on your side, then confirm that on the"
        " page of endpoints. Until you do, nothing is written there."
    ),
    "failover.returning": gettext_lazy(
        "“%(endpoint)s” is well again. What was written to “%(by)s” meanwhile is copied back first."
    ),
    "failover.ended": gettext_lazy("Nothing stands in for “%(endpoint)s” any more. There is nothing to do."),
    "budget.nearly_spent": gettext_lazy(
        "%(percent)s%% of the budget “%(budget)s” is used. The page of budgets shows what uses it; nothing is"
        " refused yet."
    ),
    "budget.spent": gettext_lazy(
        "The budget “%(budget)s” is used up. If it refuses, nobody whom it is for gets answers until its next"
        " period begins; the page of budgets lets you raise it."
    ),
    "allowance.nearly_spent": gettext_lazy(
        "Of the budget “%(budget)s”, members who used %(percent)s%% of their part: %(members)s. They are told"
        " on their own pages; nothing is refused yet. There is no other letter about this in its period: the"
        " page of budgets shows how it goes on."
    ),
    "allowance.spent": gettext_lazy(
        "Of the budget “%(budget)s”, members who used up their part: %(members)s. If it refuses, they get no"
        " answers until its next period begins. There is no other letter about this in its period: the page"
        " of budgets shows how it goes on, and lets you raise it."
    ),
    "notice.message": "%(message)s",
}
_BEGAN: Mapping[str, Promise] = {
    "fallback": gettext_lazy("“%(by)s” answers instead of “%(endpoint)s” until that is well again."),
    "read_only": gettext_lazy(
        "Your database “%(endpoint)s” does not serve. Its replica “%(by)s” is read meanwhile: everything can"
        " be seen, nothing can be changed."
    ),
    "backup": gettext_lazy("“%(endpoint)s” does not serve. Files are written to “%(by)s” until it does."),
    "standby": gettext_lazy(
        "“%(by)s” was promoted: your organization works there now instead of in “%(endpoint)s”."
    ),
}


class Gone(Exception):
    """It will never arrive this way. `for_good`: the receiver asked for no more of any kind."""

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


def sentences(notice: Notice) -> tuple[str, str]:
    """Subject and body, in the language of the moment."""
    blank = dict.fromkeys(FACTS, "")
    facts = {**blank, **notice.payload.get("data", {})}
    body = _BODIES.get(notice.event) or _BEGAN.get(str(facts.get("way")))
    subject = _SUBJECTS.get(notice.event)
    told = notice.event if subject is None else str(subject) % facts
    return told.replace("\n", " "), (told if body is None else str(body) % facts)


def mailed(notice: Notice, language: str) -> Exception | None:
    """Send the letter; None when the server took it."""
    with override(language):
        subject, body = sentences(notice)
        if window := notice.payload.get("data", {}).get("maintenance"):
            body = f"{body}\n\n{_('Maintenance window')}: {window}"
        why = _("You are told because you look after the endpoints of your organization.")
        if notice.event.startswith(("budget.", "allowance.")):
            why = _("You are told because you look after the budgets of your organization.")
        message = EmailMessage(
            subject=subject,
            body=f"{body}\n\n{why}\n",
            to=[notice.recipient],
            headers={"X-Humana-Event": notice.key, "Auto-Submitted": "auto-generated"},
        )
    try:
        message.send()
    except (OSError, ValueError) as error:  # the mail server's, or of an address that is none
        return error
    return None


async def posted(
    notice: Notice, spec: EndpointSpec | None, guard: Guard | None, language: str
) -> Exception | None:
    """Post it once, signed as of now; None when the receiver took it (2xx)."""
    from humana.kernel.egress.asking import FAILURES

    if spec is None or guard is None:
        return Gone("Its endpoint is not in use any more.")
    try:
        if spec.type != "webhook":
            return await _alerted(notice, spec, guard, language)
        return _judged(await _post(notice, spec, guard))
    except FAILURES as error:
        return error if str(error) else RuntimeError(type(error).__name__)
    except (HumanaError, ValueError) as error:
        return error


async def _post(notice: Notice, spec: EndpointSpec, guard: Guard) -> int:
    from humana.kernel.egress.asking import ask

    body = json.dumps(notice.payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    now = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Humana-Webhooks/1",
        "webhook-id": notice.key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(spec.key).sign(notice.key, now, body),
    }
    reply = await ask(
        "POST", spec.url, guard, headers=headers, content=body.encode(), seconds=SECONDS, most_bytes=1_024
    )
    return reply.status


async def rung(spec: EndpointSpec, guard: Guard) -> Health:
    """Whether a receiver of webhooks takes one: a signed event `endpoint.tested`, sent once."""
    from humana.kernel.egress.asking import FAILURES

    began = time.monotonic()
    event = {"type": "endpoint.tested", "timestamp": datetime.now(UTC).isoformat(), "data": {}}
    trial = Notice(key=f"evt_{uuid.uuid4().hex}", event="endpoint.tested", payload=event)
    try:
        status = await _post(trial, spec, guard)
    except ValueError:
        message = _("The secret must be random bytes in base64, with or without “whsec_” before them.")
        return Health(False, time.monotonic() - began, "unauthorized", message)
    except FAILURES as error:
        return _not_well(why(error), time.monotonic() - began)
    seconds = time.monotonic() - began
    return Health(True, seconds) if 200 <= status < 300 else _not_well(of_status(status), seconds)


def _not_well(reason: Reason | None, seconds: float) -> Health:
    if reason is None:
        return Health(False, seconds, "malformed", _("The receiver did not take it: it has to answer 2xx."))
    return Health(False, seconds, reason.code, _(reason.sentence) % reason.told)


def _judged(status: int) -> Exception | None:
    if 200 <= status < 300:
        return None
    if status == 410:
        return Gone("The receiver wants no more of them (410).", for_good=True)
    return RuntimeError(f"The receiver answered {status}.")


async def _alerted(notice: Notice, spec: EndpointSpec, guard: Guard, language: str) -> Exception | None:
    """For monitoring that takes alerts by an adapter of its own."""
    from byoc.adapters import monitoring

    make: Any = getattr(monitoring, "make", None)
    if make is None:
        return Gone("This kind of monitoring takes no alerts.")
    with override(language):
        subject, body = sentences(notice)
    adapter = make(spec, guard)
    over = notice.event in {"endpoint.recovered", "failover.ended"}
    matter = f"{notice.event.partition('.')[0]}:{notice.payload['data'].get('endpoint', '')}"
    try:
        await adapter.alert(subject, body, "warning", matter, resolved=over)
    finally:
        await adapter.close()
    return None
