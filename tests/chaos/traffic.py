"""What is sent in a chaos run, and what became of it."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connections

from audit.models import AuditEntry
from companions.models import Companion, CompanionMessage, Delivery
from companions.services.companions import create_companion
from companions.services.sending import Letter, post
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tenants.models import Membership, Organization, User
from tenants.services.organizations import found_organization

SLUG = "chaos"


@contextmanager
def inside() -> Iterator[None]:
    with use_tenant(Organization.objects.get(slug=SLUG).context):
        yield


class Traffic:
    """Some companions that write to each other; every message is known before it is sent."""

    def __init__(self, companions: int) -> None:
        owner = User.objects.create_user("olga@chaos.example", None, name="Olga")
        organization = found_organization(name="Chaos", owner=owner, slug=SLUG, furnish=False, now=True)
        self.member = Membership.objects.get(user=owner)
        self.context = organization.context
        with use_tenant(self.context):
            self.companions = [
                create_companion(name=f"Companion {n}", purpose="Talks", base_prompt="Talk.", language="en")
                for n in range(companions)
            ]
        self.promised: dict[int, list[uuid.UUID]] = defaultdict(list)
        self.troubles: Counter[str] = Counter()
        connections.close_all()

    @property
    def sent(self) -> int:
        return sum(len(ids) for ids in self.promised.values())

    def send(self, thread: int, threads: int, number: int) -> None:
        """`number` messages, of companions that no other thread sends for: each sender has an order."""
        mine = self.companions[thread::threads]
        chance = random.Random(thread)
        with use_tenant(self.context):
            for _message in range(number):
                sender = chance.choice(mine)
                to = chance.choice([one for one in self.companions if one.id != sender.id])
                letter = Letter(sender, "knowledge_share", f"{self.sent}", to.id, id=new_id())
                self._send(letter)
                self.promised[thread].append(letter.id)  # type: ignore[arg-type]
        connections.close_all()

    def _send(self, letter: Letter) -> None:
        """Again until it is there, as somebody with an Idempotency-Key would."""
        while True:
            try:
                if not CompanionMessage.objects.filter(id=letter.id).exists():
                    post(letter, member=self.member)
                return
            except Exception as trouble:  # noqa: BLE001  whatever broke: it is sent again
                self.troubles[type(trouble).__name__] += 1
                with suppress(Exception):
                    connections.close_all()
                time.sleep(0.2)

    def settled(self) -> bool:
        with suppress(Exception), inside():
            return not self._pending().exists()
        connections.close_all()
        return False

    def waiting(self) -> dict[str, Any]:
        with inside():
            return dict(Counter(self._pending().values_list("recipient_name", "attempts")))  # type: ignore[arg-type]

    def _pending(self) -> Any:
        return Delivery.objects.filter(state=Delivery.State.PENDING)

    def found(self) -> dict[str, int]:
        """Lost, duplicated, out of order: by the trail, where an effect can be neither undone nor changed."""
        with inside():
            effects = self._effects()
            copies = {str(one.id): one for one in Delivery.objects.all()}
            wanted = {one for ids in self.promised.values() for one in ids}
        counts = Counter(key for key, _to, _number in effects)
        arrived = Counter(copies[key].message_id for key in counts)
        return {
            "lost": len(wanted - set(arrived)),
            "duplicated": sum(count - 1 for count in (*counts.values(), *arrived.values())),
            "disorder": self._disorder(effects, copies),
        }

    def _effects(self) -> list[tuple[str, str, int]]:
        rows = AuditEntry.objects.filter(action="companions.message.delivered").order_by("sequence")
        told = (json.loads(payload) for payload in rows.values_list("payload", flat=True))
        return [(one["delivery"], one["to"], one["number"]) for one in told]

    def _disorder(self, effects: list[tuple[str, str, int]], copies: dict[str, Delivery]) -> int:
        """Steps back in an inbox, and messages of one sender that overtook each other."""
        place = {one: n for ids in self.promised.values() for n, one in enumerate(ids)}
        with inside():
            sender = dict(CompanionMessage.objects.values_list("id", "sender_id"))
        last_number: dict[str, int] = {}
        last_place: dict[tuple[str, Any], int] = {}
        wrong = 0
        for key, to, number in effects:
            message = copies[key].message_id
            pair = (to, sender[message])
            wrong += number <= last_number.get(to, 0)
            wrong += place[message] <= last_place.get(pair, -1)
            last_number[to], last_place[pair] = number, place[message]
        return wrong


__all__ = ["Companion", "Traffic", "inside"]
