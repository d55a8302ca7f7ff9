"""What a person says to a tool that asks first: once, and for that one use alone."""

from __future__ import annotations

import asyncio
import uuid

from chats import consent, signals
from chats.streaming import close_valkey


def test_the_first_answer_counts_and_only_for_its_call() -> None:
    organization_id, run_id = uuid.uuid4(), uuid.uuid4()

    def key(call: str) -> str:
        return f"humana:run:{organization_id.hex}:{run_id.hex}:{call}"

    async def heard(call: str, seconds: float = 5) -> bool | None:
        try:
            return await consent.wait_for_answer(organization_id, run_id, call, seconds)
        finally:
            await close_valkey()

    assert consent.answer_call(organization_id, run_id, "mine", allowed=True)
    assert not consent.answer_call(organization_id, run_id, "mine", allowed=False), "said already"
    signals.client().set(key("another"), signals.client().get(key("mine")) or b"", ex=60)
    signals.client().set(key("forged"), b"allow", ex=60)
    assert [asyncio.run(heard(one)) for one in ("mine", "another", "forged")] == [True, False, False]
    assert asyncio.run(heard("nobody", 0.1)) is None
    signals.client().delete(*map(key, ("mine", "another", "forged")))
