"""Answers through real doors are written down as what they were, and are in the figures."""

from __future__ import annotations

import httpx2
import pytest
from django.utils import timezone

from chats.models import Run
from chats.services.votes import vote, withdraw_vote
from companions.intelligence.periods import last_days
from companions.intelligence.reading import of_companion, today
from companions.models import Interaction
from companions.services.figures import count
from tenants.context import use_tenant
from tests.chats.conftest import Desk
from tests.fixtures.models import ScriptedModel

DONE = Run.State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_conversation_and_a_call_of_the_api_are_counted(desk: Desk, scripted_model: ScriptedModel) -> None:
    chat = desk.new_chat()
    runs = [desk.until(desk.ask(words, chat), DONE) for words in ("Hello?", "And again?")]
    asked = {"model": desk.world.companion.slug, "messages": [{"role": "user", "content": "By the API"}]}
    by_key = {"Authorization": f"Bearer {desk.key}"}
    answer = httpx2.post(f"{desk.server.url}/v1/chat/completions", json=asked, headers=by_key, timeout=30)
    assert answer.status_code == 200, answer.text
    with use_tenant(desk.world.context):
        made = Interaction.objects.filter(member_id=desk.world.member.id)
        found = {(one.kind, one.session_id, one.outcome, one.count) for one in made}
        assert {one for one in found if one[0] == "chat"} == {("chat", chat.id, "done", 2)}
        assert made.count() == 3
        assert made.filter(kind="api").count() == 1
        assert all(one.began_at <= one.ended_at for one in made)
        vote(member=desk.world.member, message=desk.message(runs[0]), up=True)
        vote(member=desk.world.member, message=desk.message(runs[1]), up=True)
        vote(member=desk.world.member, message=desk.message(runs[1]), up=False)
        count(at=timezone.now())
        tally = of_companion(desk.world.companion.pk, last_days(1, today()))
        assert (tally.answers - 1, tally.get("session.chat") - 1, tally.get("session.api")) == (3, 1, 1)
        assert (tally.get("vote.up") - 1, tally.get("vote.down")) == (1, 1)
        assert tally.first_50 is not None
        withdraw_vote(member=desk.world.member, message=desk.message(runs[1]))
        count(at=timezone.now())
        assert of_companion(desk.world.companion.pk, last_days(1, today())).get("vote.down") == 0
