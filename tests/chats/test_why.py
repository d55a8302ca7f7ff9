"""Why this answer: the person sees what it was made with, also after the rules have changed."""

from __future__ import annotations

import pytest

from chats.models import Message, Run
from chats.services.explain import why
from companions.services.policies import publish_brand, publish_policy
from humana.kernel.errors import NotFound
from tenants.context import use_tenant
from tests.chats.conftest import Desk


def test_an_answer_keeps_the_rules_it_was_made_under(desk: Desk) -> None:
    rule = {"name": "Privacy", "regulation": "LGPD"}
    with use_tenant(desk.world.context):
        policy = publish_policy(member=desk.world.owner, requirement="Never ask for a CPF.", **rule)
        publish_brand(voice_and_tone="calm")
    answer = desk.until(desk.ask("say:Bom%20dia"), Run.State.DONE).message
    with use_tenant(desk.world.context):
        publish_policy(member=desk.world.owner, policy=policy, requirement="Initials only.", **rule)
        publish_brand(voice_and_tone="loud")
        told = why(member=desk.world.member, message=answer)
        assert "Never ask for a CPF." in told.prompt
        assert "Never ask for a CPF." in [one.requirement for one in told.told.policies]
        assert told.told.brand is not None
        assert told.told.brand.voice_and_tone == "calm"
        assert told.usage is not None


def test_a_question_has_no_why(desk: Desk) -> None:
    answer = desk.until(desk.ask("say:Bom%20dia"), Run.State.DONE).message
    with use_tenant(desk.world.context), pytest.raises(NotFound):
        why(member=desk.world.member, message=Message.objects.get(id=answer.parent_id))
