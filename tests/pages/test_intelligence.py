"""What a person sees of the figures, in the page, the file and the API; and what they say of a companion."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEntry, UsageEvent
from companions.models import Feedback, Figure, Interaction
from companions.services.figures import count
from tenants.context import use_tenant
from tenants.models import Membership
from tenants.services.keys import create_api_key
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/o/left/intelligence/"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def answered(world: World, number: int, outcome: str = "done") -> None:
    with use_tenant(world.context):
        for _n in range(number):
            UsageEvent.objects.create(
                run_id=uuid.uuid4(), companion_id=world.companion.pk, member_id=world.twin.pk, endpoint="e",
                model="m", first_token_ms=400, total_ms=3_000, outcome=outcome,
            )  # fmt: skip
        count(at=timezone.now())


def by_key(world: World) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.key}"}


def test_figures_are_one_organizations_for_those_who_may_see_them(
    left: World, right: World, owner: Client, member: Client
) -> None:
    with use_tenant(left.context):
        UsageEvent.objects.all().delete()
        Figure.objects.all().delete()
    empty = text(owner, PAGE)
    assert "Nothing is counted here yet." in empty
    answered(right, 400)
    answered(left, 20)
    answered(left, 3, "failed")
    page = text(owner, PAGE)
    assert "3 of 23 answers of Clara did not come to their end." in page
    assert '<span class="value">23</span>' in page
    assert "40" not in page.split("How well it works")[1].split("What could be better")[0], "next door's"
    assert page.count("<svg") - empty.count("<svg") >= 3
    for days in ("7", "90"):
        assert "3 of 23" in text(owner, f"{PAGE}?days={days}")
    assert "3 of 23" not in text(owner, f"{PAGE}?from=2026-01-01&to=2026-01-31")
    for wrong in (
        "days=8",
        "from=2026-02-30",
        "from=2026-02-01&to=2026-01-01",
        "from=2020-01-01&to=2026-01-01",
    ):
        refused = owner.get(f"{PAGE}?{wrong}")
        assert refused.status_code == 422
        assert "Shown are the last 30 days." in refused.content.decode()
    assert member.get(PAGE).status_code == 403
    assert member.get(f"{PAGE}figures.csv").status_code == 403
    assert PAGE not in text(member, "/o/left/")
    Membership.objects.filter(id=left.member.id).update(role="auditor")
    assert "3 of 23" in text(signed_in(left.member), PAGE)

    file = owner.get(f"{PAGE}figures.csv?days=7")
    lines = file.content.decode().splitlines()
    assert lines[0].startswith('"day","companion_id","companion","answers","failed","success"')
    assert [one.split(",")[2:5] for one in lines[1:]] == [['""', '"23"', '"3"'], ['"Clara"', '"23"', '"3"']]
    assert "attachment" in file["Content-Disposition"]
    assert owner.get(f"{PAGE}figures.csv?days=8").status_code == 422
    with use_tenant(left.context):
        assert AuditEntry.objects.filter(action="companions.figures.exported").count() == 1

    told = json.loads(Client().get("/api/v1/intelligence/?days=7", headers=by_key(left)).content)
    assert (told["now"]["answers"], told["now"]["failed"], told["totals"]["companions"]) == (23, 3, 1)
    assert told["now"]["success"] == pytest.approx(20 / 23)
    assert [one["rule"] for one in told["opportunities"]] == ["unreliable"]
    assert len(told["daily"]) == 7
    again = Client().get("/api/v1/intelligence/export/?days=7", headers=by_key(left))
    assert again.content == file.content
    assert Client().get("/api/v1/intelligence/?from=2026-02-30", headers=by_key(left)).status_code == 422
    listed = json.loads(Client().get("/api/v1/interactions/?kind=chat", headers=by_key(left)).content)
    with use_tenant(left.context):
        assert [one["id"] for one in listed["results"]] == [str(Interaction.objects.get().id)]


def test_a_companions_page_is_its_card_and_takes_what_a_member_thinks(
    left: World, owner: Client, member: Client
) -> None:
    answered(left, 4)
    address = f"/o/left/companions/{left.companion.slug}/"
    page = text(member, address)
    for words in (
        "Reached by",
        "The last 30 days",
        '<span class="value">5</span>',
        "What do you think of it?",
    ):
        assert words in page
    assert "Knows its rooms." not in page, "what others think is for who edits companions"
    refused = member.post(f"{address}feedback/", {"text": " ", "rating": ""})
    assert refused.status_code == 422
    long = "x" * 2001
    refused = member.post(f"{address}feedback/", {"text": long, "rating": "3"})
    assert refused.status_code == 422
    assert long in refused.content.decode(), "what was typed is not lost"
    assert member.post(f"{address}feedback/", {"rating": "6"}).status_code == 422
    assert member.post(f"{address}feedback/", {"rating": "4", "text": "<b>Calm</b>"}).status_code == 302
    assert "&lt;b&gt;Calm&lt;/b&gt;" in text(member, address)
    assert member.post(f"{address}feedback/", {"rating": "2", "text": "Slow"}).status_code == 302
    assert "Slow" in text(owner, address)
    mine = f"/api/v1/companions/{left.companion.pk}/feedback/mine/"
    with use_tenant(left.context):
        assert Feedback.objects.filter(member_id=left.member.id).count() == 1
    for rating in (1, 5):
        changed = Client().put(
            mine,
            {"rating": rating, "answer_id": str(left.answer.pk)},
            "application/json",
            headers=by_key(left),
        )
        assert json.loads(changed.content)["rating"] == rating
    for nobodys in (uuid.uuid4(), left.question.pk):
        about = {"rating": 1, "answer_id": str(nobodys)}
        assert Client().put(mine, about, "application/json", headers=by_key(left)).status_code == 404
    everybodys = json.loads(Client().get(mine.replace("mine/", ""), headers=by_key(left)).content)
    assert [one["rating"] for one in everybodys["results"]] == [5, 2]
    others = {"Authorization": f"Bearer {create_api_key(member=left.member, name='Own')[1]}"}
    own = json.loads(Client().get(mine.replace("mine/", ""), headers=others).content)
    assert [one["rating"] for one in own["results"]] == [2], "one's own"
    with use_tenant(left.context):
        everything = Interaction.objects.count()
    assert json.loads(Client().get("/api/v1/interactions/", headers=others).content)["results"] == []
    assert (
        len(json.loads(Client().get("/api/v1/interactions/", headers=by_key(left)).content)["results"])
        == everything
    )
    assert Client().delete(mine, headers=by_key(left)).status_code == 204
    assert Client().get(mine, headers=by_key(left)).status_code == 404
    assert member.post(f"{address}feedback/", {"withdraw": "1"}).status_code == 302
    with use_tenant(left.context):
        assert not Feedback.objects.exists()
