"""A published change is in the very next prompt, always: another process asks, and nothing remembers."""

from __future__ import annotations

from typing import Any

import pytest

from chats.models import Run
from companions.models import Value
from companions.services.companions import edit_companion
from companions.services.policies import (
    drop_value,
    keep_value,
    publish_brand,
    publish_policy,
    restore_policy,
)
from tenants.context import use_tenant
from tenants.models import Team
from tests.chats.conftest import Desk
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.django_db(transaction=True)

RULE = {"name": "Privacy", "regulation": "LGPD"}


def test_every_way_of_changing_what_is_told_is_in_the_next_prompt(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    """One chat goes on in the server's process while an administrator publishes in this one."""
    world, chat = desk.world, desk.new_chat()

    def next_prompt() -> str:
        desk.until(desk.ask("say:ok", chat), Run.State.DONE)
        told: str = scripted_model.last.body["messages"][0]["content"]
        return told

    def publish(**told: Any) -> Any:
        with use_tenant(world.context):
            return publish_policy(member=world.owner, **RULE | told)

    assert "round 0" not in next_prompt()
    policy = publish(requirement="Say round 0.")
    for number in range(3):
        publish(policy=policy, requirement=f"Say round {number}.")
        prompt = next_prompt()
        assert f"- LGPD: Say round {number}." in prompt
        assert f"round {number - 1}." not in prompt
    with use_tenant(world.context):
        team = Team.objects.create(organization=world.organization, name="Elsewhere")
    publish(policy=policy, requirement="Say round 2.", audience={"teams": [str(team.id)]})
    assert "round 2" not in next_prompt(), "it is for others now"
    with use_tenant(world.context):
        edit_companion(member=world.owner, companion=world.companion, team_id=team.id)
    assert "round 2" in next_prompt(), "the companion joined them"
    with use_tenant(world.context):
        first = policy.versions.get(number=1)
        restore_policy(member=world.owner, policy=policy, version_id=first.id)
        keep_value(member=world.owner, title="Haste", description="now")
        publish_brand(member=world.owner, voice_and_tone="loud")
    prompt = next_prompt()
    assert all(words in prompt for words in ("Say round 0.", "Haste: now", "loud"))
    with use_tenant(world.context):
        drop_value(member=world.owner, value=Value.objects.get(title="Haste"))
    publish(policy=policy, requirement="Say round 0.", active=False)
    prompt = next_prompt()
    assert "Haste" not in prompt
    assert "round 0" not in prompt
