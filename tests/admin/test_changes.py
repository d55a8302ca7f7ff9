"""What operators change takes effect at once, through the services, and is told to the customer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from audit.models import Outbox
from companions.models import Brand, Companion, Policy, PolicyVersion, Value
from companions.queries import inheritance
from tenants.context import use_tenant
from tenants.models import ApiKey
from tests.admin.conftest import Desk, actions, changed, problems
from tests.fixtures.messages import published
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def prompt(world: World) -> str:
    """What the next answer will be told."""
    with use_tenant(world.context):
        return inheritance(Companion.objects.get(id=world.companion.id)).prompt()


def test_the_next_answer_follows_an_edited_policy(operator: Desk, left: World) -> None:
    operator.take(left)
    answer = operator.edit("companions_policy", left.row(Policy).id, requirement="Speak of nobody by name.")
    assert answer.status_code == 302
    assert "Speak of nobody by name." in prompt(left)
    assert changed(left) == {"fields": ["requirement"]}
    assert "companions.policy.published" in actions(left)
    with use_tenant(left.context):
        policy = Policy.objects.get()
        assert PolicyVersion.objects.filter(policy=policy, number=policy.version).exists()
    assert b"Speak of nobody by name." in operator.get("companions_policy", policy.id).content


def test_a_look_at_a_policy_shows_what_it_would_change_and_publishes_nothing(
    operator: Desk, left: World
) -> None:
    operator.take(left)
    before, key = prompt(left), left.row(Policy).id
    wanted = "Speak of nobody by name."
    answer = operator.edit("companions_policy", key, requirement=wanted, _look="yes")
    page = answer.content.decode()
    assert problems(answer) == {}, "a look is no mistake"
    assert "Nothing is published yet." in page
    assert "1 companion changes" in page
    assert f"+ {wanted}" in page or f"{wanted}</" in page.partition("1 companion changes")[2]
    assert left.companion.name in page.partition("1 companion changes")[2]
    assert prompt(left) == before
    with use_tenant(left.context):
        assert Policy.objects.get(id=key).requirement != wanted
    assert "companions.policy.published" not in actions(left)
    added = operator.edit(
        "companions_policy", name="New", regulation="House", requirement=wanted, _look="yes"
    )
    assert "1 companion changes" in added.content.decode()
    with use_tenant(left.context):
        assert not Policy.objects.filter(name="New").exists()


def test_whom_a_policy_is_for_and_what_it_checks_is_refused_where_it_cannot_be(
    operator: Desk, left: World, right: World
) -> None:
    operator.take(left)
    key = left.row(Policy).id
    for field, wrong, said in (
        (
            "audience",
            {"companions": [str(right.companion.id)]},
            "audience.companions: There is nothing here.",
        ),
        (
            "checks",
            [{"kind": "pii", "stage": "input", "classes": []}],
            "checks[0].classes: Name at least one.",
        ),
    ):
        answer = operator.edit("companions_policy", key, **{field: json.dumps(wrong)})
        assert answer.context["adminform"].form.errors == {field: [said]}
    told = {"audience": {"companions": [str(left.companion.id)]}, "mode": "monitor"}
    sent = {name: json.dumps(one) if name == "audience" else one for name, one in told.items()}
    assert operator.edit("companions_policy", key, **sent).status_code == 302
    with use_tenant(left.context):
        assert Policy.objects.values("audience", "mode").get(id=key) == told
    assert b"Companions: Clara" in operator.get("companions_policy", key).content


def test_values_are_added_changed_and_dropped(operator: Desk, left: World) -> None:
    operator.take(left)
    assert operator.edit("companions_value", title="Care", description="warm words").status_code == 302
    assert "warm words" in prompt(left)
    with use_tenant(left.context):
        value = Value.objects.get(title="Care")
    operator.edit("companions_value", value.id, description="warmer words")
    assert "warmer words" in prompt(left)
    question = operator.client.get(reverse("admin:companions_value_delete", args=[value.id]))
    assert question.status_code == 200
    assert "warmer words" in prompt(left), "asking is not doing"
    assert operator.delete("companions_value", value.id).status_code == 302
    assert "Care" not in prompt(left)
    assert {"companions.value.kept", "companions.value.dropped", "operator.deleted"} <= set(actions(left))


def test_the_brand_is_one_and_lines_stay_lines(operator: Desk, left: World) -> None:
    operator.take(left)
    with use_tenant(left.context):
        brand = Brand.objects.get()
    operator.edit("companions_brand", brand.id, restrictions="no slang\n\n  say when you do not know \n")
    with use_tenant(left.context):
        assert Brand.objects.get().restrictions == ["no slang", "say when you do not know"]
    assert operator.client.get(reverse("admin:companions_brand_add")).status_code == 403


def test_a_companion_is_edited_paused_and_removed_in_a_support_session(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support("Ticket 42")
    page, key = "companions_companion", left.companion.id
    assert operator.edit(page, key, base_prompt="You are Clara, and brief.").status_code == 302
    assert "You are Clara, and brief." in prompt(left)
    assert changed(left)["reason"] == "Ticket 42"
    assert operator.act(page, "pause", key, confirmed=False).status_code == 200
    with use_tenant(left.context):
        assert Companion.objects.get(id=key).state == Companion.State.ACTIVE
    operator.act(page, "pause", key)
    with use_tenant(left.context):
        assert Companion.objects.get(id=key).state == Companion.State.PAUSED
    operator.act(page, "resume", key)
    question = operator.client.get(reverse(f"admin:{page}_delete", args=[key]))
    assert left.chat.title not in question.content.decode(), "its chats are nobody's to list"
    operator.delete(page, key)
    with use_tenant(left.context):
        assert not Companion.objects.filter(id=key).exists()
        assert Companion.everything.filter(id=key).exists(), "it can be brought back"
    assert {"companions.companion.paused", "companions.companion.removed"} <= set(actions(left))


def test_what_a_service_refuses_stays_in_the_form_with_the_reason(operator: Desk, left: World) -> None:
    operator.take(left)
    with use_tenant(left.context):
        brand = Brand.objects.get()
    answer = operator.edit("companions_brand", brand.id, restrictions="x\n" * 30, style="new style")
    assert list(problems(answer)) == ["restrictions"]
    assert b"new style" in answer.content
    with use_tenant(left.context):
        assert Brand.objects.get().style == brand.style


def test_nobody_overwrites_what_they_have_not_seen(operator: Desk, superuser: Desk, left: World) -> None:
    for desk in (operator, superuser):
        desk.take(left)
    key = left.row(Policy).id
    assert operator.edit("companions_policy", key, requirement="First.").status_code == 302
    answer = superuser.edit("companions_policy", key, requirement="Second.", seen=1)
    assert "__all__" in problems(answer)
    assert "First." in prompt(left)


def test_a_key_is_revoked_after_a_question_and_never_shown(operator: Desk, left: World) -> None:
    operator.take(left)
    key = ApiKey.objects.get(membership=left.twin)
    pages = operator.get("tenants_apikey").content + operator.get("tenants_apikey", key.id).content
    assert key.prefix.encode() in pages
    assert left.key.encode() not in pages
    assert key.digest.encode() not in pages
    question = operator.act("tenants_apikey", "revoke", key.id, confirmed=False)
    assert question.templates[0].name == "admin/confirm.html"
    assert ApiKey.objects.get(id=key.id).revoked_at is None
    operator.act("tenants_apikey", "revoke", key.id)
    assert ApiKey.objects.get(id=key.id).revoked_at is not None
    assert "key.revoked" in actions(left)


def test_work_that_was_put_aside_is_tried_again(
    operator: Desk, left: World, django_capture_on_commit_callbacks: Any
) -> None:
    with use_tenant(left.context):
        Outbox.objects.update(state=Outbox.State.QUARANTINED, attempts=6, error="Timeout")
        item = Outbox.objects.get()
    operator.take(left)
    assert operator.get("audit_outbox", state__exact="quarantined").context["cl"].result_count == 1
    assert operator.get("audit_outbox", state__exact="done").context["cl"].result_count == 0
    with published(item.task) as messages, django_capture_on_commit_callbacks(execute=True):
        operator.act("audit_outbox", "again", item.id)
    assert messages
    with use_tenant(left.context):
        item.refresh_from_db()
    assert (item.state, item.attempts, item.error) == ("pending", 0, "")
    assert "outbox.tried_again" in actions(left)


def test_the_desk_counts_and_shows_what_was_put_aside(operator: Desk, left: World) -> None:
    from audit.services.outbox import _put_aside

    with use_tenant(left.context):
        _put_aside(Outbox.objects.get(), "Timeout")
    context = operator.client.get(reverse("admin:index")).context
    assert context["figures"][0][1] == 1
    assert [event.payload["organization"] for event in context["put_aside"]] == ["left"]
    assert {kind for _row, kind in context["pending"]}


def test_history_leads_to_the_trail(operator: Desk, left: World) -> None:
    operator.take(left)
    key = left.row(Policy).id
    operator.edit("companions_policy", key, requirement="Speak of nobody by name.")
    found = operator.client.get(reverse("admin:companions_policy_history", args=[key]), follow=True)
    listed = {entry.action for entry in found.context["cl"].result_list}
    assert listed == {"companions.policy.published", "operator.changed"}


def test_a_message_to_the_operator_quotes_nothing_of_the_customer(operator: Desk, left: World) -> None:
    operator.take(left)
    answer = operator.edit("companions_value", left.row(Value).id, title="Quiet pride")
    assert "Quiet pride" not in str(answer.cookies)
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said
    assert not any("Quiet pride" in text for text in said)
