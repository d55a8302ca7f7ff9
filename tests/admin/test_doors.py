"""Which page of the console is open when: the platform, an organization in hand, a support session."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chats.models import Chat
from tenants.console import ContentAdmin, InHandAdmin, OperatorAdmin
from tenants.context import use_tenant
from tenants.models import Organization, SupportSession, User
from tenants.operators import IN_HAND
from tests.admin.conftest import BACKEND, Desk, actions, trail
from tests.fixtures.organizations import PASSWORD, World

pytestmark = pytest.mark.django_db

PAGES = {
    f"{model._meta.app_label}_{model._meta.model_name}": page for model, page in admin.site._registry.items()
}
CONTENT = {name for name, page in PAGES.items() if isinstance(page, ContentAdmin)}
IN_HAND_ONLY = {name for name, page in PAGES.items() if isinstance(page, InHandAdmin)} - CONTENT
PLATFORM = set(PAGES) - CONTENT - IN_HAND_ONLY


def open_pages(desk: Desk) -> set[str]:
    statuses = {name: desk.get(name).status_code for name in PAGES}
    assert set(statuses.values()) <= {200, 403}, statuses
    return {name for name, status in statuses.items() if status == 200}


def shown(desk: Desk) -> str:
    """The words of the first page, with its sidebar."""
    return str(desk.client.get(reverse("admin:index")).content.decode())


def test_every_page_is_of_one_of_the_three_kinds() -> None:
    assert all(isinstance(page, OperatorAdmin) for page in PAGES.values())
    assert {
        "byoc_egressgrant",
        "byoc_endpoint",
        "byoc_endpointhealth",
        "byoc_failover",
        "byoc_notice",
        "byoc_probe",
        "byoc_storagecopy",
        "tenants_configvalue",
        "tenants_organization",
        "tenants_placement",
        "tenants_placementjob",
        "tenants_user",
        "tenants_controlevent",
    } == PLATFORM
    assert {
        "audit_usageevent",
        "chats_attachment",
        "chats_chat",
        "chats_citation",
        "chats_message",
        "chats_run",
        "chats_vote",
        "companions_capability",
        "companions_companion",
        "companions_companionaccess",
        "companions_companionmessage",
        "companions_feedback",
        "companions_handoff",
        "companions_toolrule",
        "companions_tooluse",
        "companions_knowledgeasset",
        "companions_sharingrule",
        "documents_folder",
    } == CONTENT


def test_with_nothing_in_hand_an_operator_sees_nothing_of_tenants(anybody: Desk, left: World) -> None:
    assert open_pages(anybody) == PLATFORM
    assert "No organization in hand" in shown(anybody)
    assert "admin/chats" not in shown(anybody)
    refused = anybody.get("companions_value")
    assert "Take an organization in hand first." in refused.content.decode()
    assert anybody.client.get(reverse("console-support")).status_code == 403


def test_with_an_organization_in_hand_its_rows_are_listed_and_no_content(anybody: Desk, left: World) -> None:
    anybody.take(left)
    assert open_pages(anybody) == PLATFORM | IN_HAND_ONLY
    assert left.organization.name in shown(anybody)
    refused = anybody.get("chats_message", left.question.id)
    assert refused.status_code == 403
    assert "This is open only inside a support session." in refused.content.decode()
    assert left.question.text not in refused.content.decode()


def test_only_what_belongs_to_the_organization_in_hand_is_there(
    operator: Desk, left: World, right: World
) -> None:
    operator.take(left)
    for name in IN_HAND_ONLY:
        rows = operator.get(name).context["cl"].result_list
        owners = {getattr(row, "organization_id", None) for row in rows}
        assert owners <= {left.organization.id}, name
    for page, theirs in (
        ("companions_value", "Value"),
        ("tenants_membership", ""),
        ("audit_auditentry", "AuditEntry"),
    ):
        model = PAGES[page].model
        key = right.owner.id if not theirs else right.rows[model].pk
        assert operator.get(page, key).status_code == 302, "as if it did not exist"


def test_a_support_session_opens_content(anybody: Desk, left: World, right: World) -> None:
    anybody.take(left)
    assert anybody.begin_support().status_code == 302
    assert open_pages(anybody) == set(PAGES)
    page = anybody.get("chats_message", left.question.id)
    assert left.question.text in page.content.decode()
    assert anybody.get("chats_message", right.question.id).status_code == 302
    assert anybody.get("chats_chat", right.chat.id).status_code == 302


def test_the_customer_reads_who_was_there_why_and_what_they_opened(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support("Ticket 42: the answer is missing")
    operator.get("chats_chat")
    operator.get("chats_chat", left.chat.id)
    operator.get("chats_message", left.question.id)
    operator.end_support()
    operator.let_go()
    told = [entry for entry in trail(left) if entry.actor_kind == "operator"]
    assert [entry.action for entry in told] == [
        "support.looked",
        "support.looked",
        "support.looked",
        "operator.entered",
        "support.begun",
        "support.ended",
        "operator.left",
    ]
    assert {entry.actor_label for entry in told} == {"olga@humana.example"}
    looked = [(entry.resource_type, entry.resource_id, json.loads(entry.payload)) for entry in told[:3]]
    assert [(kind, key) for kind, key, _payload in looked] == [
        ("chat", ""),
        ("chat", str(left.chat.id)),
        ("message", str(left.question.id)),
    ]
    assert looked[0][2]["listed"] == [str(left.chat.id)]
    assert str(left.question.id) in looked[1][2]["messages"], "the chat's page shows its conversation"
    assert {payload["reason"] for *_rest, payload in looked} == {"Ticket 42: the answer is missing"}
    begun = json.loads(told[4].payload)
    assert begun["reason"] == "Ticket 42: the answer is missing"
    assert begun["consent"] == "Ana"
    for entry in told:
        assert left.question.text not in entry.payload


def test_it_ends_by_itself_at_once(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support()
    assert operator.get("chats_chat").status_code == 200
    with use_tenant(left.context):
        SupportSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert operator.get("chats_chat").status_code == 403
    assert operator.client.post(operator.address("chats_chat"), {}).status_code == 403
    assert open_pages(operator) == PLATFORM | IN_HAND_ONLY


def test_without_the_look_at_the_clock_it_would_stay_open(
    operator: Desk, left: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off."""
    operator.take(left)
    operator.begin_support()
    with use_tenant(left.context):
        SupportSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def careless(**_who: object) -> SupportSession | None:
        return SupportSession.objects.filter(ended_at=None).first()

    monkeypatch.setattr("tenants.operators.open_support_session", careless)
    assert operator.get("chats_chat").status_code == 200


def test_it_can_be_ended_early_and_leaving_ends_it(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support()
    operator.end_support()
    assert operator.get("chats_chat").status_code == 403
    operator.begin_support()
    operator.let_go()
    operator.take(left)
    assert operator.get("chats_chat").status_code == 403
    assert actions(left).count("support.ended") == 2


def test_a_session_is_one_operators_in_one_organization(
    operator: Desk, superuser: Desk, left: World, right: World
) -> None:
    operator.take(left)
    operator.begin_support()
    superuser.take(left)
    assert superuser.get("chats_chat").status_code == 403, "each gives a reason of their own"
    operator.take(right)
    assert operator.get("chats_chat").status_code == 403


@pytest.mark.parametrize(
    ("reason", "minutes"),
    [("", 30), ("   ", 30), ("x" * 501, 30), ("a\x00b", 30), ("x", 0), ("x", -5), ("x", 241), ("x", "long")],
)
def test_a_session_without_reason_or_limit_is_refused(
    operator: Desk, left: World, reason: str, minutes: object
) -> None:
    operator.take(left)
    assert operator.begin_support(reason, minutes).status_code == 200
    assert operator.get("chats_chat").status_code == 403
    assert "support.begun" not in actions(left)


def test_members_and_strangers_do_not_enter(left: World) -> None:
    stranger, member = Client(), Client()
    member.force_login(left.owner.user, backend=BACKEND)
    for address in ("/admin/", reverse("console-hand"), reverse("admin:tenants_organization_changelist")):
        assert "/admin/login/" in stranger.get(address)["Location"]
        assert member.get(address, follow=True).status_code == 403
        assert stranger.get(address, follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    organization = {"organization": left.organization.id}
    assert member.post(reverse("console-hand"), organization).status_code == 302
    assert IN_HAND not in member.session


def test_operators_sign_in_where_everybody_does_with_its_limits(operator: Desk) -> None:
    answer = Client().post("/admin/login/", {"username": operator.user.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_who_is_no_operator_any_more_is_out_at_the_next_request(operator: Desk, left: World) -> None:
    operator.take(left)
    operator.begin_support()
    User.objects.filter(id=operator.user.id).update(is_staff=False)
    assert operator.get("chats_chat").status_code == 302
    assert operator.client.get(operator.address("chats_chat"), follow=True).status_code == 403


def test_taking_in_hand_and_ending_are_never_a_mere_link(operator: Desk, left: World) -> None:
    """A page elsewhere could make a browser follow one."""
    for name in ("console-leave", "console-end-support"):
        assert operator.client.get(reverse(name)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator.user, backend=BACKEND)
    assert strict.post(reverse("console-hand"), {"organization": left.organization.id}).status_code == 403


def test_an_organization_that_is_gone_is_no_longer_in_hand(operator: Desk, left: World) -> None:
    for junk in ("", "nobody", "00000000-0000-0000-0000-000000000000"):
        session = operator.client.session
        session[IN_HAND] = junk
        session.save()
        assert open_pages(operator) == PLATFORM
        assert operator.client.post(reverse("console-hand"), {"organization": junk}).status_code == 404
    assert Organization.objects.filter(id=left.organization.id).exists()


def test_the_picker_finds_by_name_and_address(operator: Desk, left: World, right: World) -> None:
    Organization.objects.filter(id=right.organization.id).update(name="Quay")
    page = reverse("console-hand")
    asked = ("", "harb", "RIGHT", "nobody", "%")
    pages = {text: operator.client.get(page, {"q": text}).context["organizations"] for text in asked}
    found = {text: [one.slug for one in organizations] for text, organizations in pages.items()}
    assert found == {"": ["left", "right"], "harb": ["left"], "RIGHT": ["right"], "nobody": [], "%": []}
    assert operator.client.get(reverse("console-hand"), {"q": "a\x00"}).status_code == 422


def test_without_the_context_the_lists_would_raise_and_not_leak(left: World) -> None:
    """The floor below the console: what no page guards, the managers do."""
    from humana.kernel.errors import NoTenant

    with pytest.raises(NoTenant):
        Chat.objects.count()
