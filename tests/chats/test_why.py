"""Why this answer: the person sees what it was made with, also after the rules have changed."""

from __future__ import annotations

import time
import uuid
from hashlib import sha256

import pytest
from django.test import Client
from django.utils.translation import override

from chats.models import Message, Run
from chats.services.explain import why
from companions.config_keys import ANSWER_SECONDS, TEMPERATURE
from companions.services.companions import edit_companion
from companions.services.policies import publish_brand, publish_policy
from humana.kernel.errors import NotFound
from tenants.context import use_tenant
from tenants.models import Team
from tenants.services.config import change, of_organization, of_team
from tenants.services.keys import create_api_key
from tests.chats.conftest import Desk
from tests.pages.conftest import signed_in


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


def test_each_setting_is_told_with_the_layer_that_said_it(desk: Desk) -> None:
    """As it was: what is configured later changes nothing of it. The same on the page and for programs."""
    world = desk.world
    with use_tenant(world.context):
        team = Team.objects.create(organization=world.organization, name="Wards")
        edit_companion(member=world.owner, companion=world.companion, team_id=team.id)
        where = of_organization(world.organization.id)
        change(member=world.owner, where=where, key=TEMPERATURE, value=0.4, cap=0.5)
        change(
            member=world.owner, where=of_team(world.organization.id, team.id), key=ANSWER_SECONDS, value=90
        )
        policy = publish_policy(
            member=world.owner, name="Privacy", regulation="LGPD", requirement="Never ask for a CPF.",
            checks=[{"kind": "pii", "stage": "tool", "classes": ["cpf"]}], mode="monitor",
        )  # fmt: skip
    time.sleep(1)  # a configuration holds everywhere within a second
    run = desk.until(desk.ask("say:Bom%20dia"), Run.State.DONE)
    with use_tenant(world.context):
        change(member=world.owner, where=where, key=TEMPERATURE, value=0.1)
        publish_policy(
            member=world.owner,
            policy=policy,
            name="Secrecy",
            regulation="House",
            requirement="Hush.",
            checks=[],
        )
        with override("en"):
            told = why(member=world.member, message=run.message)
    said = {one.label: (one.value, one.layer) for one in told.settings}
    assert said["Temperature"][1] == "Organization"
    assert said["Time for an answer"][1] == "Team"
    assert said["Longest answer"] == ("as the model has it", "Default")
    client = signed_in(world.member)
    page = client.get(f"/o/{world.slug}/messages/{run.message_id}/why/").content.decode()
    assert "Privacy" in page
    assert "Secrecy" not in page
    assert "Personal data in what tools are given: CPF" in page
    key = {"authorization": f"Bearer {create_api_key(member=world.member, name='x')[1]}"}
    answer = Client().get(f"/api/v1/messages/{run.message_id}/why/", headers=key)
    shape = answer.json()
    assert shape["settings"][2] == {
        "key": "llm.temperature", "value": 0.4, "layer": "organization", "limited_by": "",
    }  # fmt: skip
    followed = next(one for one in shape["policies"] if one["id"] == str(policy.id))
    assert (followed["name"], followed["version"], followed["mode"]) == ("Privacy", 1, "monitor")
    assert "Never ask for a CPF." in shape["prompt"]
    assert sha256(shape["prompt"].encode()).hexdigest() == shape["prompt_digest"]
    assert (shape["model"], shape["stood_in_for"], shape["by_words"]) == (run.model, "", False)
    with use_tenant(world.context):
        Run.objects.filter(id=run.id).update(provenance={**run.provenance, "by_words": True})
    page = (
        signed_in(world.member, "en").get(f"/o/{world.slug}/messages/{run.message_id}/why/").content.decode()
    )
    assert "looked for by their words alone" in page
    assert Client().get(f"/api/v1/messages/{run.message_id}/why/", headers=key).json()["by_words"]
    assert Client().get(f"/api/v1/messages/{uuid.uuid4()}/why/", headers=key).status_code == 404


def test_a_question_has_no_why(desk: Desk) -> None:
    answer = desk.until(desk.ask("say:Bom%20dia"), Run.State.DONE).message
    with use_tenant(desk.world.context), pytest.raises(NotFound):
        why(member=desk.world.member, message=Message.objects.get(id=answer.parent_id))
