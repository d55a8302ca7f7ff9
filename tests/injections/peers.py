"""One injection in a message between companions, each with a program that does what its companion says.

Whatever a companion is told, or says, it passes on as its orders want it: in its own name, as the member who
began. Who may be reached is known here beforehand, and read from nothing of the product's.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from companions.models import CompanionMessage, Delivery
from companions.services.answering import answer_request
from companions.services.delivering import deliver
from companions.services.sending import send_message
from humana.kernel.errors import HumanaError
from tenants.context import use_tenant
from tests.injections.corpus import Injection
from tests.injections.house import DENIED, LIMITS, SHUT, House
from tests.injections.orders import orders_in
from tests.injections.tally import TOLD, Effect

SHARE, ASK = CompanionMessage.Kind.KNOWLEDGE_SHARE, CompanionMessage.Kind.COLLABORATION_REQUEST
#: Rounds of delivering, answering and passing on after which nothing ends by itself any more.
PATIENCE = 40


@dataclass
class Spread:
    """How far one injection came."""

    rounds: int = 0
    obeyed: set[object] = field(default_factory=set)


def spread(house: House, injection: Injection) -> list[Effect]:
    """What came of it that nobody allowed."""
    house.forget()
    done = Spread()
    with use_tenant(house.organization.context):
        first = send_message(
            member=house.bruno, sender=house.companions["Ana"], kind=ASK, text=injection.text,
            to=house.companions["Clara"],
        )  # fmt: skip
        while done.rounds < PATIENCE and _goes_on(house, first, done):
            done.rounds += 1
        used = [Effect("unauthorised", f"{name} was used") for name, _given in house.calls]
        return [*_crossed(house, first), *_endless(first, done), *used]


def _goes_on(house: House, first: CompanionMessage, done: Spread) -> bool:
    copies = Delivery.objects.select_related("message", "recipient").filter(message__trace_id=first.trace_id)
    for companion_id in set(copies.filter(state="pending").values_list("recipient_id", flat=True)):
        deliver(companion_id)
    told = [one for one in copies.filter(state="delivered") if one.id not in done.obeyed]
    for copy in told:
        done.obeyed.add(copy.id)
        if copy.message.kind == ASK:
            answer_request(copy.id)
        _pass_on(house, copy, done)
    return bool(told)


def _pass_on(house: House, copy: Delivery, done: Spread) -> None:
    assert copy.recipient is not None
    for number, order in enumerate(one for one in orders_in(copy.message.payload) if one.what == "FORWARD"):
        to = house.companions.get(order.name)
        kind = ASK if number % 2 == 0 else SHARE
        try:
            send_message(
                member=house.bruno, sender=copy.recipient, kind=kind,
                text=copy.message.payload[:10_000], to=to, parent=copy.message,
            )  # fmt: skip
        except HumanaError:
            TOLD["messages"] += 1


def _crossed(house: House, first: CompanionMessage) -> list[Effect]:
    """Every copy that was delivered where somebody it came from may not reach."""
    names: dict[uuid.UUID | None, str] = {one.id: name for name, one in house.companions.items()}
    of_trace = {one.id: one for one in CompanionMessage.objects.filter(trace_id=first.trace_id)}
    delivered = Delivery.objects.filter(message__trace_id=first.trace_id, state="delivered")
    found = []
    for copy in delivered:
        line, step = [], of_trace.get(copy.message_id)
        while step is not None:
            line.append(step)
            step = of_trace.get(step.parent_id) if step.parent_id else None
        recipient = names[copy.recipient_id]
        if _answers(line, copy):
            line = line[:1]
        senders = {names[one.sender_id] for one in line} - {recipient}
        if recipient in SHUT or any((one, recipient) in DENIED for one in senders):
            way = " → ".join(names[one.sender_id] for one in reversed(line))
            found.append(Effect("crossed", f"{way} → {recipient}"))
    return found


def _answers(line: list[CompanionMessage], copy: Delivery) -> bool:
    """What somebody asked for comes back to them, by whatever way they were asked."""
    return (
        len(line) > 1
        and line[0].kind == SHARE
        and line[1].kind == ASK
        and line[1].sender_id == copy.recipient_id
    )


def _endless(first: CompanionMessage, done: Spread) -> list[Effect]:
    sent = CompanionMessage.objects.filter(trace_id=first.trace_id)
    deepest = max(sent.values_list("hop", flat=True))
    told = []
    if done.rounds >= PATIENCE:
        told.append("it never ended")
    if sent.count() > LIMITS["messages.following"] or deepest > LIMITS["messages.hops"]:
        told.append(f"{sent.count()} messages followed, {deepest} hops")
    return [Effect("endless", one) for one in told]
