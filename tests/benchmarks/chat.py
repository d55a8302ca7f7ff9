"""`python -m tests.benchmarks.chat`: what a conversation of 500 messages costs the server, page by page.

The alternative renders all of it at every look, as a page without pages would.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.stage import staged, verdict

MESSAGES = int(os.environ.get("MESSAGES", "500"))
TURNS = int(os.environ.get("TURNS", "15"))
ANSWER = """The harbour has **three** basins, and each is `dredged` in its turn:

1. the outer one in *spring*, when the water is low;
2. the inner one in summer;
3. the old one every second year, as [the plan](https://example.org/plan) says.

| Basin | Depth | Ships |
|:------|------:|------:|
| outer | 12 m  | 40    |
| inner | 9 m   | 25    |

```python
def depth(basin: str) -> float:
    return {"outer": 12.0, "inner": 9.0}[basin]
```

Its volume is \\(V = a \\cdot b \\cdot h\\), and nobody should forget the tide. """


@dataclass(frozen=True)
class Took:
    """Milliseconds: on the clock, and of work of this process, which no neighbour makes longer."""

    ms: float
    work: float

    def __str__(self) -> str:
        return f"{self.ms:.0f} ms, {self.work:.0f} of them work"


def main() -> int:
    with staged():
        from tests.fixtures.organizations import build_world

        world = build_world("bench-chat")
        address = _conversation(world)
        client = _signed_in(world)
        first = _timed(lambda: client.get(address), before=_forget)
        again = _timed(lambda: client.get(address))
        earlier = _timed(lambda: client.get(_above(client, address)), before=_forget)
        whole = _timed(lambda: _everything(client, address), before=_forget, turns=5)
    print(f"{MESSAGES} messages; medians of {TURNS}, in the process of the server, without the network")
    good = [
        verdict(f"first paint, nothing rendered yet: {first}", "< 300 ms", holds=first.ms < 300),
        verdict(f"the same again: {again}", "< 300 ms", holds=again.ms < 300),
        verdict(f"a page of earlier messages: {earlier}", "< 300 ms", holds=earlier.ms < 300),
        verdict(
            f"everything at once: {whole}, {whole.work / first.work:.1f} times the first paint",
            "at least 3 times",
            holds=whole.work > 3 * first.work,
        ),
    ]
    return 0 if all(good) else 1


def _conversation(world: Any) -> str:
    from django.utils import timezone

    from chats.models import Chat, Message
    from chats.services.conversations import start_chat
    from tenants.context import use_tenant

    with use_tenant(world.context):
        chat = start_chat(member=world.member, companion=world.companion)
        rows: list[Message] = []
        for number in range(MESSAGES):
            by = Message.Role.COMPANION if number % 2 else Message.Role.PERSON
            text = f"{ANSWER} ({number})" if number % 2 else f"How deep is basin {number}?"
            rows.append(Message(chat=chat, parent_id=rows[-1].id if rows else None, role=by, text=text))
        Message.objects.bulk_create(rows)
        Chat.objects.filter(id=chat.id).update(leaf_id=rows[-1].id, last_message_at=timezone.now())
    return f"/o/{world.slug}/chats/{chat.id}/"


def _signed_in(world: Any) -> Any:
    from django.test import Client

    client = Client(headers={"accept-language": "en"}, SERVER_NAME="127.0.0.1")
    client.force_login(world.member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _above(client: Any, address: str) -> str:
    """The address of a page of earlier messages, in the middle of the conversation."""
    from chats.models import Message
    from tenants.context import use_tenant
    from tenants.queries import contexts_by_slug

    chat_id = address.rstrip("/").rpartition("/")[2]
    with use_tenant(contexts_by_slug("bench-chat")[0]):
        middle = Message.objects.filter(chat_id=chat_id).order_by("id")[MESSAGES // 2].id
    return f"{address}earlier/?before={middle}"


def _everything(client: Any, address: str) -> Any:
    from chats import shown

    page, shown.PAGE = shown.PAGE, MESSAGES
    try:
        return client.get(address)
    finally:
        shown.PAGE = page


def _forget() -> None:
    from humana.rendering.kept import shelf

    shelf.forget()


def _timed(look: Callable[[], Any], before: Callable[[], None] = lambda: None, turns: int = TURNS) -> Took:
    """Medians. The first time warms up."""
    wall, work = [], []
    for _turn in range(turns + 1):
        before()
        began, worked = time.perf_counter(), time.process_time()
        assert look().status_code == 200
        wall.append((time.perf_counter() - began) * 1000)
        work.append((time.process_time() - worked) * 1000)
    return Took(statistics.median(wall[1:]), statistics.median(work[1:]))


if __name__ == "__main__":
    raise SystemExit(main())
