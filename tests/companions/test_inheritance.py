"""An administrator edits a value, a policy or the brand, and the next answer follows it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier

import pytest
from django.db import connections

from audit.models import AuditEntry
from companions.models import Brand, BrandVersion, Companion, Policy, PolicyVersion, PromptSnapshot, Value
from companions.queries import access_policy, access_value, prompt_text, told
from companions.services.policies import drop_value, keep_value, publish_brand, publish_policy
from companions.services.prompting import PreparedPrompt, prepare_prompt
from humana.kernel.errors import Invalid, NotAllowed, NotFound, StaleVersion
from tenants.context import use_tenant
from tenants.statements import send
from tests.companions.conftest import Bakery, open_bakery
from tests.fixtures.organizations import World


def privacy(bakery: Bakery, **more: object) -> Policy:
    told = {"name": "Privacy", "regulation": "LGPD", "requirement": "Never ask for a CPF."} | more
    return publish_policy(member=bakery.person("admin"), **told)  # type: ignore[arg-type]


def test_the_next_answer_follows_a_published_policy(bakery: Bakery, baker: Companion) -> None:
    assert prepare_prompt(baker).text == "You are Pão, a baker."
    policy = privacy(bakery)
    assert "- LGPD: Never ask for a CPF." in prepare_prompt(baker).text
    privacy(bakery, policy=policy, requirement="Initials only.")
    assert "- LGPD: Initials only." in prepare_prompt(baker).text
    privacy(bakery, policy=policy, requirement="Initials only.", active=False)
    assert prepare_prompt(baker).text == "You are Pão, a baker."


def test_the_next_answer_follows_values_and_brand(bakery: Bakery, baker: Companion) -> None:
    admin = bakery.person("admin")
    care = keep_value(member=admin, title="Care", description="warm bread,\nwarm words")
    keep_value(member=admin, title="Calm", description="no hurry")
    publish_brand(member=admin, voice_and_tone="warm", restrictions=["say hello", "no slang"])
    text = prepare_prompt(baker).text
    assert "- Care: warm bread, warm words\n- Calm: no hurry" in text
    assert "- Do's and Don'ts: say hello; no slang" in text
    keep_value(member=admin, value=care, title="Care", description="for everybody", position=9)
    assert "- Calm: no hurry\n- Care: for everybody" in prepare_prompt(baker).text
    drop_value(member=admin, value=care)
    assert "Care" not in prepare_prompt(baker).text


def test_every_published_version_is_kept_with_its_author(bakery: Bakery) -> None:
    policy = privacy(bakery)
    privacy(bakery, policy=policy, requirement="Initials only.")
    kept = PolicyVersion.objects.order_by("number")
    assert [(one.number, one.requirement) for one in kept] == [
        (1, "Never ask for a CPF."),
        (2, "Initials only."),
    ]
    assert {one.published_by for one in kept} == {bakery.person("admin").user_id}
    publish_brand(style="short")
    publish_brand(style="shorter")
    assert list(BrandVersion.objects.values_list("number", "style", "published_by")) == [
        (2, "shorter", None),
        (1, "short", None),
    ]


def test_an_answer_can_say_later_which_versions_it_was_given(bakery: Bakery, baker: Companion) -> None:
    policy = privacy(bakery)
    value = keep_value(title="Care", description="people first")
    publish_brand(style="short")
    before = prepare_prompt(baker)
    send(before.keeping())
    privacy(bakery, policy=policy, requirement="Initials only.")
    publish_brand(style="shorter")
    provenance = json.loads(json.dumps(before.provenance))
    assert provenance["companion"] == {"id": str(baker.id), "version": 1}
    then = told(provenance)
    assert [(one.number, one.requirement) for one in then.policies] == [(1, "Never ask for a CPF.")]
    assert then.brand is not None
    assert then.brand.style == "short"
    assert then.values == [value]
    assert prompt_text(before.digest) == before.text
    assert told({}).policies == []
    assert prompt_text("0" * 64) is None


def test_publishing_the_same_again_changes_nothing(bakery: Bakery) -> None:
    policy = privacy(bakery)
    brand = publish_brand(style="short")
    value = keep_value(title="Care", description="people first")
    lines = AuditEntry.objects.count()
    assert privacy(bakery, policy=policy).version == 1
    assert publish_brand(style="short").version == brand.version == 1
    assert keep_value(value=value, title="Care", description="people  first").version == 1
    assert (PolicyVersion.objects.count(), BrandVersion.objects.count()) == (1, 1)
    assert AuditEntry.objects.count() == lines


def test_an_edit_of_an_old_version_is_refused_and_changes_nothing(bakery: Bakery) -> None:
    policy = privacy(bakery)
    value = keep_value(title="Care", description="people first")
    publish_brand(style="short")
    privacy(bakery, policy=policy, requirement="Initials only.", version=1)
    with pytest.raises(StaleVersion):
        privacy(bakery, policy=policy, requirement="Anything goes.", version=1)
    with pytest.raises(StaleVersion):
        publish_brand(style="loud", version=0)
    with pytest.raises(StaleVersion):
        keep_value(value=value, title="Haste", description="now", version=7)
    with pytest.raises(StaleVersion):
        drop_value(value=value, version=7)
    assert Policy.objects.get().requirement == "Initials only."
    assert Brand.objects.get().style == "short"
    assert Value.objects.get().title == "Care"


@pytest.mark.parametrize("role", ["manager", "member", "auditor", "billing"])
def test_only_those_with_the_permission_edit_what_all_inherit(bakery: Bakery, role: str) -> None:
    person, value = bakery.person(role), keep_value(title="Care", description="people first")
    policy = privacy(bakery)
    attempts = [
        lambda: publish_policy(member=person, name="Mine", regulation="x", requirement="y"),
        lambda: publish_brand(member=person, style="mine"),
        lambda: keep_value(member=person, title="Mine", description="first"),
        lambda: drop_value(member=person, value=value),
        lambda: access_policy(member=person, policy_id=policy.id),
        lambda: access_value(member=person, value_id=value.id),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()
    assert (Policy.objects.count(), Value.objects.count(), Brand.objects.count()) == (1, 1, 0)


def test_a_member_of_another_organization_finds_nothing(bakery: Bakery, left: World) -> None:
    policy = privacy(bakery)
    for attempt in (
        lambda: publish_brand(member=left.owner, style="theirs"),
        lambda: access_policy(member=left.owner, policy_id=policy.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    with use_tenant(left.context), pytest.raises(NotFound):
        publish_policy(member=left.owner, policy=policy, name="a", regulation="b", requirement="c")
    assert Policy.objects.get().requirement == "Never ask for a CPF."


def test_the_trail_names_what_changed_without_repeating_it(bakery: Bakery) -> None:
    policy = privacy(bakery)
    privacy(bakery, policy=policy, requirement="Initials only.")
    keep_value(title="Care", description="people first")
    publish_brand(voice_and_tone="warm as bread")
    entries = AuditEntry.objects.filter(action__startswith="companions.").order_by("sequence")
    told = [(one.action, json.loads(one.payload)) for one in entries]
    assert [action for action, _payload in told] == [
        "companions.policy.published",
        "companions.policy.published",
        "companions.value.kept",
        "companions.brand.published",
    ]
    assert told[1][1] == {"changed": ["requirement"], "name": "Privacy", "regulation": "LGPD", "version": 2}
    assert entries[1].resource_id == str(policy.id)
    everything = " ".join(one.payload for one in entries)
    assert not any(text in everything for text in ("CPF", "Initials", "people first", "warm as bread"))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("requirement", "x" * 2001),
        ("requirement", "bad\x00byte"),
        ("regulation", " "),
        ("name", "\udc80"),
    ],
)
def test_bad_input_is_refused_with_the_field_named(bakery: Bakery, field: str, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        privacy(bakery, **{field: wrong})
    assert refused.value.field == field
    assert not Policy.objects.exists()


def test_too_many_restrictions_are_refused(bakery: Bakery) -> None:
    with pytest.raises(Invalid):
        publish_brand(restrictions=["no"] * 21)
    assert not Brand.objects.exists()


def keep(text: str) -> PromptSnapshot:
    prompt = PreparedPrompt(text, sha256(text.encode()).hexdigest(), {})
    send(prompt.keeping())
    return PromptSnapshot.objects.get(digest=prompt.digest)


def test_a_prompt_is_kept_once_per_content_and_organization(bakery: Bakery, right: World) -> None:
    first = keep("You are Pão.")
    assert keep("You are Pão.") == first
    assert keep("You are Pão!") != first
    assert PromptSnapshot.objects.count() == 2
    with use_tenant(right.context):
        assert not PromptSnapshot.objects.filter(digest=first.digest).exists()
        assert keep("You are Pão.").digest == first.digest
    assert keep("\x01 a text that begins like a sealed one").text.startswith("\x01")
    assert PromptSnapshot.objects.get(digest=first.digest).text == "You are Pão."


@pytest.mark.postgresql_only("elsewhere each statement travels by itself")
def test_a_prompt_is_read_in_one_round_trip(
    bakery: Bakery, baker: Companion, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        prepare_prompt(baker)


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_keep_one_snapshot_and_one_brand() -> None:
    """Each in a transaction of its own, all begun before any is committed."""
    bakery, start = open_bakery(), Barrier(8)

    def hurry(number: int) -> tuple[object, int]:
        try:
            with use_tenant(bakery.context):
                start.wait(timeout=20)
                kept = keep("You are Pão.")
                return kept.id, publish_brand(style=f"style {number}").version
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(hurry, range(8)))
    assert len({kept for kept, _version in results}) == 1
    assert sorted(version for _kept, version in results) == list(range(1, 9))
    with use_tenant(bakery.context):
        assert (PromptSnapshot.objects.count(), Brand.objects.count(), BrandVersion.objects.count()) == (
            1,
            1,
            8,
        )
