"""Before publishing, an administrator sees which companions are told something else, and what."""

from __future__ import annotations

import pytest

from audit.models import AuditEntry
from companions.models import Brand, Companion, Policy, PolicyVersion, Value
from companions.previews import Line
from companions.services.companions import create_companion, pause_companion
from companions.services.policies import keep_value, publish_brand, publish_policy
from companions.services.previewing import preview_brand, preview_drop, preview_policy, preview_value
from companions.services.prompting import prepare_prompt
from humana.kernel.errors import Invalid, NotAllowed, NotFound
from tenants.context import use_tenant
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
