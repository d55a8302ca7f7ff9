"""An administrator writes a policy, sees whom it changes, publishes; all of it without script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from companions.models import Brand, Companion, Policy, PolicyVersion, Value
from companions.services.policies import publish_brand, publish_policy
from companions.services.prompting import prepare_prompt
from tenants.context import use_tenant
from tenants.models import Membership, Team
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db

#: A form as it is sent, with one check.
WORDS = {
    "seen": "0", "name": "Privacy", "regulation": "LGPD", "requirement": "Never ask for a CPF.",
    "active": "on", "reach": "some", "mode": "block",
    "check-0-kind": "pii", "check-0-stage": "output", "check-0-classes": ["cpf", "email"],
    "check-0-message": "",
}  # fmt: skip


def at(world: World, path: str = "policies/new/") -> str:
    return f"/o/{world.slug}/settings/{path}"


def read(answer: HttpResponse, status: int = 200) -> Page:
    assert answer.status_code == status, answer.content[-3000:]
    page = Page(answer)
    assert shortcomings(page) == []
    return page


def pressed(client: Client, address: str, do: str, sent: dict[str, Any], status: int = 200) -> Page:
    return read(client.post(address, {**sent, "do": do}), status)


def hidden(page: Page) -> dict[str, Any]:
    """What the preview sends on when one presses Publish."""
    told: dict[str, Any] = {}
    for one in page.all("input"):
        if one["type"] == "hidden" and one["name"] not in (
            "csrfmiddlewaretoken",
            "language",
            "theme",
            "next",
        ):
            told.setdefault(one["name"], []).append(one["value"])
    return told


def test_a_policy_is_written_looked_at_and_published(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        Policy.objects.all().delete()
        told = {**WORDS, "companions": [str(left.companion.id)]}
    form = read(owner.get(at(left)))
    assert [one["name"] for one in form.all("textarea")] == ["requirement"]
    nobody = pressed(owner, at(left), "preview", WORDS, 422)
    assert "Choose at least one team, position or companion, or every companion." in nobody.words
    looked = pressed(owner, at(left), "preview", told)
    assert looked.one("h1").words == "1 companion changes"
    assert "newly reached" in looked.words
    assert "Added: - LGPD: Never ask for a CPF." in [one.words for one in looked.all("ins")]
    with use_tenant(left.context):
        assert not Policy.objects.exists()
    back = pressed(owner, at(left), "edit", hidden(looked))
    assert 'value="Privacy"' in owner.post(at(left), {**hidden(looked), "do": "edit"}).content.decode()
    assert [
        one["value"] for one in back.all("input") if "checked" in one.attributes and "classes" in one["name"]
    ]
    assert owner.post(at(left), {**hidden(looked), "do": "publish"}).status_code == 302
    with use_tenant(left.context):
        policy = Policy.objects.get()
        assert policy.audience == {"companions": [str(left.companion.id)]}
        assert policy.checks == [{"kind": "pii", "stage": "output", "classes": ["cpf", "email"]}]
        assert PolicyVersion.objects.get().published_by == left.twin.user_id
        assert "- LGPD: Never ask for a CPF." in prepare_prompt(left.companion).text
    listed = read(owner.get(at(left, "policies/")))
    assert "Personal data in answers: CPF, e-mail address" in listed.words
    assert "Companions: Clara" in listed.words


def test_where_companions_are_many_further_ones_are_named_by_address(
    owner: Client, left: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companions.forms.policies.MOST_OFFERED", 0)
    assert 'name="others"' in owner.get(at(left)).content.decode()
    wrong = pressed(owner, at(left), "preview", {**WORDS, "others": "clara\nnobody"}, 422)
    assert "There is no companion with this address: nobody." in wrong.words
    looked = pressed(owner, at(left), "preview", {**WORDS, "others": "clara"})
    assert looked.one("h1").words == "1 companion changes"


def test_checks_are_added_and_removed_without_script_and_wrong_ones_say_so(
    owner: Client, left: World
) -> None:
    sent = {**WORDS, "reach": "all", "kind": "pattern"}
    added = pressed(owner, at(left), "add", sent)
    assert [one.words.strip() for one in added.all("legend")][-2:] == ["Which", "An expression"]
    wrong = sent | {
        "check-1-kind": "pattern",
        "check-1-stage": "input",
        "check-1-name": "Codes",
        "check-1-pattern": "(",
    }
    refused = pressed(owner, at(left), "preview", wrong, 422)
    assert "This expression cannot be used" in refused.words
    assert any(one["value"] == "(" for one in refused.all("input")), "what was typed stays"
    fewer = pressed(owner, at(left), "remove-0", wrong)
    assert "Which" not in fewer.words
    assert "An expression" in fewer.words


def test_who_was_slower_keeps_the_words_and_publishes_over_what_they_have_seen(
    owner: Client, left: World
) -> None:
    words = {"name": "Privacy", "regulation": "LGPD"}
    with use_tenant(left.context):
        policy = publish_policy(requirement="Never ask for a CPF.", **words)
    address = at(left, f"policies/{policy.id}/")
    mine = {**WORDS, "seen": "1", "reach": "all", "requirement": "Initials only."}
    looked = pressed(owner, address, "preview", mine)
    with use_tenant(left.context):
        publish_policy(policy=policy, requirement="Ask nothing.", **words)
    assert "Somebody else was quicker" in pressed(owner, address, "preview", mine, 412).words
    stale = owner.post(address, {**hidden(looked), "do": "publish"})
    page = read(stale, 412)
    assert "Somebody else was quicker" in page.words
    assert "Initials only." in page.words
    seen = re.search(r'name="seen" value="(\d+)"', stale.content.decode())
    assert seen
    assert seen[1] == "2"
    again = pressed(owner, address, "preview", {**mine, "seen": seen[1]})
    assert [one.words for one in again.all("del")] == ["Removed: - LGPD: Ask nothing."]
    assert owner.post(address, {**hidden(again), "do": "publish"}).status_code == 302
    history = read(owner.get(address + "history/"))
    assert [one.words.split()[1] for one in history.headings()] == ["3", "2", "1"]
    assert "· Caio" in history.words
    with use_tenant(left.context):
        first = PolicyVersion.objects.get(policy=policy, number=1)
    begun = read(owner.get(f"{address}?version={first.id}"))
    assert "This is what version 1 said." in begun.words
    assert "Never ask for a CPF." in begun.words


def test_values_are_written_ordered_and_dropped(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        Value.objects.all().delete()
    for title in ("Care", "Calm"):
        looked = pressed(
            owner, at(left, "values/new/"), "preview", {"seen": "0", "title": title, "description": "x"}
        )
        assert owner.post(at(left, "values/new/"), {**hidden(looked), "do": "publish"}).status_code == 302
    with use_tenant(left.context):
        calm = Value.objects.get(title="Calm")
    assert owner.post(at(left, f"values/{calm.id}/move/"), {"way": "up"}).status_code == 302
    assert [one.words.strip() for one in read(owner.get(at(left, "values/"))).headings()] == ["Calm", "Care"]
    gone = read(owner.get(at(left, f"values/{calm.id}/drop/")))
    assert "Removed: - Calm: x" in gone.words
    again = owner.post(at(left, f"values/{calm.id}/drop/"), {"seen": "1"}, follow=True)
    assert "Somebody changed this value meanwhile." in read(again).words, "it was moved: version 2"
    assert owner.post(at(left, f"values/{calm.id}/drop/"), hidden(gone)).status_code == 302
    with use_tenant(left.context):
        assert [one.title for one in Value.objects.all()] == ["Care"]


def test_the_brand_is_published_and_an_earlier_one_begun_with(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        version = publish_brand(voice_and_tone="calm").version
    sent = {
        "seen": str(version),
        "voice_and_tone": "warm",
        "style": "",
        "restrictions": "say hello\n\n no  slang ",
    }
    looked = pressed(owner, at(left, "brand/"), "preview", sent)
    assert "Added: - Voz e tom: warm" in looked.words
    assert owner.post(at(left, "brand/"), {**hidden(looked), "do": "publish"}).status_code == 302
    with use_tenant(left.context):
        brand = Brand.objects.get()
        assert (brand.voice_and_tone, brand.restrictions) == ("warm", ["say hello", "no slang"])
    page = owner.get(at(left, "brand/"))
    earlier = re.findall(r"\?version=([0-9a-f-]+)", page.content.decode())
    begun = read(owner.get(at(left, f"brand/?version={earlier[0]}")))
    assert begun.all("textarea")[0].words.strip() == "calm"


@pytest.mark.parametrize("role", ["member", "manager"])
def test_others_do_not_find_these_pages(left: World, role: str) -> None:
    Membership.objects.filter(pk=left.member.pk).update(role=role)
    client = signed_in(left.member)
    for path in ("policies/", "policies/new/", "values/", "values/new/", "brand/"):
        assert client.get(at(left, path)).status_code == 403
    assert "settings/policies/" not in client.get(at(left, "")).content.decode()


def test_in_portuguese_each_page_is_whole(left: World) -> None:
    client = signed_in(left.twin, "pt-BR")
    with use_tenant(left.context):
        Team.objects.create(organization=left.organization, name="Night watch")
        policy, value = left.row(Policy), left.row(Value)
        Companion.objects.filter(pk=left.companion.pk).update(language="pt-br")
    paths = ("policies/", "policies/new/", "values/", "values/new/", "brand/")
    for path in (
        *paths,
        f"policies/{policy.id}/",
        f"policies/{policy.id}/history/",
        f"values/{value.id}/drop/",
    ):
        assert read(client.get(at(left, path))).one("html")["lang"] == "pt-br"


def test_what_nobody_can_read_breaks_no_page(owner: Client, left: World) -> None:
    """Rows that were written past our services, in another version or by hand."""
    with use_tenant(left.context):
        policy = left.row(Policy)
        wrong: dict[str, Any] = {"audience": ["all"], "checks": [7, {"kind": "dna"}]}
        Policy.objects.filter(id=policy.pk).update(**wrong)
        PolicyVersion.objects.filter(policy=policy).update(**wrong)
    for path in ("policies/", f"policies/{policy.pk}/", f"policies/{policy.pk}/history/"):
        read(owner.get(at(left, path)))
    assert "cannot be read" in read(owner.get(at(left, "policies/"))).words
