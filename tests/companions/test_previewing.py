"""Before publishing, an administrator sees which companions are told something else, and what."""

from __future__ import annotations

import pytest

from audit.models import AuditEntry
from companions.models import Brand, Companion, Policy, PolicyVersion, Value
from companions.previews import Line
from companions.services.companions import create_companion, pause_companion
from companions.services.policies import (
    keep_value,
    move_value,
    publish_brand,
    publish_policy,
    restore_policy,
)
from companions.services.previewing import preview_brand, preview_drop, preview_policy, preview_value
from companions.services.prompting import prepare_prompt
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from tenants.context import use_tenant
from tenants.models import Team
from tests.companions.conftest import Bakery
from tests.fixtures.organizations import World

RULE = {"name": "Privacy", "regulation": "LGPD", "requirement": "Never ask for a CPF."}


def everything() -> list[object]:
    rows = [list(model.objects.order_by("id").values()) for model in (Policy, PolicyVersion, Value, Brand)]
    return [*rows, AuditEntry.objects.count()]


def test_a_preview_shows_the_prompts_as_they_will_be_and_changes_nothing(
    bakery: Bakery, baker: Companion
) -> None:
    admin = bakery.person("admin")
    policy = publish_policy(member=admin, **RULE)
    keep_value(member=admin, title="Care", description="warm bread")
    publish_brand(member=admin, voice_and_tone="calm")
    quiet = create_companion(name="Sal", purpose="Salts", base_prompt="Você é Sal.", language="pt-br")
    pause_companion(companion=quiet)
    before, prompt = everything(), prepare_prompt(baker).text
    told = preview_policy(member=admin, policy=policy, **RULE | {"requirement": "Initials only."})
    assert (told.count, told.prompts, told.of) == (2, 2, 2)
    (group,) = [ones for ones, _lines in told.groups if ones[0].companion == baker]
    assert [one for one in group[0].lines if one.kind != "same"] == [
        Line("removed", "- LGPD: Never ask for a CPF."),
        Line("added", "- LGPD: Initials only."),
    ]
    assert everything() == before
    assert prepare_prompt(baker).text == prompt
    assert "+- Haste: now" in preview_value(member=admin, title="Haste", description="now").changes[0].diff
    assert "-- Care: warm bread" in preview_drop(member=admin, value=Value.objects.get()).changes[0].diff
    loud = preview_brand(member=admin, voice_and_tone="loud")
    assert "+- Voice & Tone: loud" in loud.changes[0].diff
    assert preview_brand(member=admin, voice_and_tone="calm").count == 0
    assert everything() == before


def test_what_is_previewed_is_what_is_published(bakery: Bakery, baker: Companion) -> None:
    """A new policy goes to the end, one that is taken out of force leaves no line."""
    first = publish_policy(**RULE)
    wanted = {"name": "Sums", "regulation": "House", "requirement": "Say prices in reais."}
    told = preview_policy(**wanted)
    then = publish_policy(**wanted)
    assert prepare_prompt(baker).text.endswith("- House: Say prices in reais.")
    assert [one.text for one in told.changes[0].lines if one.kind == "added"] == [
        "- House: Say prices in reais."
    ]
    assert preview_policy(policy=then, **wanted).count == 0
    out = preview_policy(policy=first, active=False, **RULE)
    assert [one.text for one in out.changes[0].lines if one.kind == "removed"] == [
        "- LGPD: Never ask for a CPF."
    ]


def test_only_who_may_publish_may_look_and_only_at_what_can_be_published(
    bakery: Bakery, baker: Companion, left: World
) -> None:
    with pytest.raises(NotAllowed):
        preview_policy(member=bakery.person("manager"), **RULE)
    with pytest.raises(NotFound):
        preview_brand(member=left.owner, style="theirs")
    with pytest.raises(Invalid) as refused:
        preview_policy(**RULE | {"requirement": " "})
    assert refused.value.field == "requirement"


def test_who_may_not_read_base_prompts_sees_none_of_them(bakery: Bakery, baker: Companion) -> None:
    admin = bakery.person("admin")
    assert "You are Pão" in preview_brand(member=admin, style="short").changes[0].diff
    admin.withheld_permissions = ["companions.edit"]
    diff = preview_brand(member=admin, style="short").changes[0].diff
    assert "You are Pão" not in diff
    assert "+- Communication Style: short" in diff


def test_a_policy_names_only_what_is_the_organizations(bakery: Bakery, baker: Companion, left: World) -> None:
    with use_tenant(left.context):
        theirs = str(left.companion.id)
    for audience in ({"companions": [theirs]}, {"teams": [str(baker.id)]}, {"positions": [theirs]}):
        for act in (preview_policy, publish_policy):
            with pytest.raises(NotFound) as refused:
                act(**RULE, audience=audience)
            assert str(refused.value.field).startswith("audience.")
    for audience in ({"teams": []}, {"people": [theirs]}, {"teams": ["x"]}, {"teams": "x"}, []):
        with pytest.raises(Invalid):
            publish_policy(**RULE, audience=audience)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        publish_policy(**RULE, mode="shout")
    assert not Policy.objects.exists()
    kept = publish_policy(**RULE, audience={"companions": [str(baker.id)] * 2}, mode="monitor")
    version = PolicyVersion.objects.get()
    assert kept.audience == version.audience == {"companions": [str(baker.id)]}
    assert (version.name, version.mode) == ("Privacy", "monitor")


def test_a_preview_tells_whom_a_policy_begins_and_ceases_to_reach(bakery: Bakery, baker: Companion) -> None:
    """A team covers those below it; what is only checked changes no prompt and is told all the same."""
    ovens = Team.objects.create(organization=bakery.organization, name="Ovens")
    night = Team.objects.create(organization=bakery.organization, name="Night", parent=ovens)
    told = {"purpose": "Works", "base_prompt": "You work.", "language": "en"}
    nina = create_companion(name="Nina", team_id=night.id, **told)  # type: ignore[arg-type]
    policy = publish_policy(**RULE, audience={"companions": [str(baker.id)]})
    moved = preview_policy(policy=policy, **RULE, audience={"teams": [str(ovens.id)]})
    assert [(one.companion, one.coverage, one.prompt) for one in moved.changes] == [
        (nina, "new", True),
        (baker, "gone", True),
    ]
    pii = [{"kind": "pii", "stage": "output", "classes": ["cpf"]}]
    checked = preview_policy(policy=policy, **RULE, checks=pii)
    assert [(one.companion, one.checks, one.prompt, one.lines) for one in checked.changes] == [
        (baker, True, False, [])
    ]
    assert (moved.new, moved.gone, moved.checks, checked.checks) == (1, 1, 0, 1)


def test_checks_are_kept_with_the_version_and_a_wrong_one_is_refused_with_its_path(bakery: Bakery) -> None:
    pii = [{"classes": ("cpf", "cpf"), "kind": "pii", "stage": "output", "message": ""}]
    policy = publish_policy(**RULE, checks=pii)
    clean = [{"kind": "pii", "stage": "output", "classes": ["cpf"]}]
    assert policy.checks == PolicyVersion.objects.get().checks == clean
    assert publish_policy(policy=policy, **RULE).version == 1, "what is not said stays"
    for act in (publish_policy, preview_policy):
        with pytest.raises(Invalid) as refused:
            act(policy=policy, **RULE, checks=[*clean, {"kind": "topics", "stage": "tool", "topics": ["x"]}])
        assert refused.value.field == "checks[1].stage"
    assert publish_policy(policy=policy, **RULE, checks=[], mode="monitor").version == 2


def test_an_earlier_version_is_published_again_as_a_new_one(bakery: Bakery, baker: Companion) -> None:
    admin = bakery.person("admin")
    team = Team.objects.create(organization=bakery.organization, name="Ovens")
    policy = publish_policy(member=admin, **RULE, audience={"teams": [str(team.id)]}, mode="monitor")
    first = PolicyVersion.objects.get()
    changed = RULE | {"name": "Secrecy", "requirement": "Initials only."}
    publish_policy(member=admin, policy=policy, **changed, audience={}, mode="block")
    with pytest.raises(StaleVersion):
        restore_policy(member=admin, policy=policy, version_id=first.id, version=1)
    again = restore_policy(member=admin, policy=policy, version_id=first.id, version=2)
    assert (again.version, again.name, again.mode) == (3, "Privacy", "monitor")
    assert again.audience == {"teams": [str(team.id)]}
    assert [one.named for one in PolicyVersion.objects.order_by("number")] == [
        "Privacy",
        "Secrecy",
        "Privacy",
    ]
    publish_policy(member=admin, policy=policy, **changed, audience={})
    team.delete()
    with pytest.raises(Conflict):
        restore_policy(member=admin, policy=policy, version_id=first.id)
    with pytest.raises(NotFound):
        restore_policy(member=admin, policy=policy, version_id=policy.id)
    assert Policy.objects.get().version == 4


def test_values_change_places_and_prompts_follow(bakery: Bakery, baker: Companion) -> None:
    care, calm = (keep_value(title=one, description="x") for one in ("Care", "Calm"))
    move_value(member=bakery.person("admin"), value=calm, up=True)
    assert "- Calm: x\n- Care: x" in prepare_prompt(baker).text
    move_value(value=calm, up=True)
    move_value(value=calm, up=False)
    assert "- Care: x\n- Calm: x" in prepare_prompt(baker).text
    with pytest.raises(NotAllowed):
        move_value(member=bakery.person("manager"), value=care, up=False)
