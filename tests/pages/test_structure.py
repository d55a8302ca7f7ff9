"""An administrator shapes the organization: teams, positions, who stands where, and the companions."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from audit.models import AuditEntry, Budget
from companions.models import Companion
from companions.services.companions import edit_companion
from companions.services.policies import publish_policy
from documents.services.folders import create_folder
from documents.services.sharing import Party, share
from tenants.context import use_tenant
from tenants.models import Membership, Position, Team
from tenants.services.teams import create_team, edit_team
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db
NEW = {
    "seen": "0", "name": "Nina", "slug": "", "purpose": "Bakes at night", "base_prompt": "You are Nina.",
    "language": "en", "model": "", "team_id": "", "position_id": "", "access": "team", "starters": "Hello?",
    "do": "publish",
}  # fmt: skip


def at(world: World, path: str) -> str:
    return f"/o/{world.slug}/settings/{path}"


def read(answer: HttpResponse, status: int = 200) -> Page:
    assert answer.status_code == status, answer.content[-3000:]
    page = Page(answer)
    assert shortcomings(page) == []
    return page


def saved(client: Client, address: str, **sent: Any) -> None:
    answer = client.post(address, {"do": "publish", **sent})
    assert answer.status_code == 302, answer.content.decode()[-3000:]


def kept(world: World, kind: type[Any], **by: Any) -> Any:
    """The one that the organization has."""
    with use_tenant(world.context):
        return kind.objects.get(**by)


@pytest.fixture
def team(left: World) -> Team:
    with use_tenant(left.context):
        return create_team(name="Bakers")


def seen(page: HttpResponse) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page.content.decode())
    assert found
    return found[1]


def test_a_tree_of_teams_is_grown_and_cut_back(owner: Client, left: World) -> None:
    assert "There is no team yet." in read(owner.get(at(left, "teams/"))).words
    read(owner.get(at(left, "teams/new/")))
    saved(owner, at(left, "teams/new/"), name="Bread", is_department="on")
    bread = kept(left, Team, name="Bread")
    assert (
        f'<option value="{bread.id}" selected>'
        in owner.get(f"{at(left, 'teams/new/')}?under={bread.id}").content.decode()
    )
    saved(owner, at(left, "teams/new/"), name="Oven", parent_id=str(bread.id))
    oven = kept(left, Team, name="Oven")
    assert oven.parent_id == bread.id
    placed = {"do": "place", "team_id": str(oven.id), "position_id": ""}
    assert owner.post(at(left, f"members/{left.member.id}/"), placed).status_code == 302
    with use_tenant(left.context):
        edit_companion(companion=left.companion, team_id=oven.id)
    tree = read(owner.get(at(left, "teams/")))
    assert "Bread department 0 members · 0 companions Oven 1 member · 1 companion" in tree.words
    address = at(left, f"teams/{bread.id}/")
    form = owner.get(address)
    offered = [one["value"] for one in read(form).all("option")]
    assert str(oven.id) not in offered, "what is below it is not offered"
    round_ = owner.post(
        address, {"do": "publish", "name": "Breads", "seen": seen(form), "parent_id": str(oven.id)}
    )
    refused = read(round_, 422)
    assert "This would go round in a circle: Bread › Oven › Bread." in refused.words
    assert 'value="Breads"' in round_.content.decode(), "what was typed stays"
    taken = owner.post(address, {"do": "publish", "name": "OVEN", "seen": seen(form)})
    assert "There is another one of this name." in read(taken, 422).words
    going = read(owner.get(at(left, f"teams/{oven.id}/remove/")))
    assert "1 member 1 companion" in going.words
    saved(
        owner,
        at(left, f"teams/{oven.id}/remove/"),
        move_to=str(bread.id),
        seen=seen(owner.get(at(left, f"teams/{oven.id}/remove/"))),
    )
    with use_tenant(left.context):
        assert kept(left, Companion, id=left.companion.id).team_id == bread.id
        publish_policy(
            name="Privacy", regulation="LGPD", requirement="None.", audience={"teams": [str(bread.id)]}
        )
    held = read(owner.get(at(left, f"teams/{bread.id}/remove/")))
    assert "The policy “Privacy” is for it." in held.words
    assert not [one for one in held.all("button") if one["value"] == "publish"]
    assert owner.post(at(left, f"teams/{bread.id}/remove/"), {"do": "publish"}).status_code == 422
    assert kept(left, Team, id=bread.id).name == "Bread"


def test_who_dissolves_a_team_reads_what_ends_with_it(owner: Client, left: World) -> None:
    with use_tenant(left.context):
        team = create_team(name="Bread")
    page = read(owner.get(at(left, f"teams/{team.id}/remove/")))
    assert "ends with it" not in page.words
    with use_tenant(left.context):
        for number in range(2):
            folder = create_folder(member=left.twin, name=f"Recipes {number}")
            share(member=left.twin, aim=folder, party=Party(team=team), right="read")
        Budget(scope="team", subject_id=team.id, unit="tokens", amount=5, period="day").save()
    page = read(owner.get(at(left, f"teams/{team.id}/remove/")))
    assert "2 folders shared with it." in page.words
    assert "1 budget of the team." in page.words
    assert "document" not in page.one("main").words


def test_who_was_slower_is_told_and_keeps_the_words(owner: Client, left: World, team: Team) -> None:
    address = at(left, f"teams/{team.id}/")
    form = owner.get(address)
    with use_tenant(left.context):
        edit_team(team=team, name="Theirs")
    late = owner.post(address, {"do": "publish", "name": "Mine", "seen": seen(form)})
    assert "Somebody else was quicker" in read(late, 412).words
    assert 'value="Mine"' in late.content.decode()
    saved(owner, address, name="Mine", seen=seen(late))
    assert kept(left, Team, id=team.id).name == "Mine"
    clara = at(left, f"companions/{left.companion.id}/")
    form = owner.get(clara)
    with use_tenant(left.context):
        edit_companion(companion=left.companion, purpose="Theirs")
    late = owner.post(clara, {**NEW, "state": "active", "seen": seen(form)})
    assert "Somebody else was quicker" in read(late, 412).words
    assert "You are Nina." in late.content.decode()


def test_positions_stand_one_below_another(owner: Client, left: World) -> None:
    read(owner.get(at(left, "positions/new/")))
    saved(owner, at(left, "positions/new/"), title="Chief", level="")
    chief = kept(left, Position, title="Chief")
    saved(owner, at(left, "positions/new/"), title="Helper", reports_to_id=str(chief.id), level="")
    helper = kept(left, Position, title="Helper")
    assert (chief.level, helper.level) == (0, 1)
    assert "Helper level 1" in read(owner.get(at(left, "positions/"))).words
    address = at(left, f"positions/{helper.id}/")
    wrong = owner.post(
        address, {"do": "publish", "title": "Helper", "reports_to_id": str(chief.id), "level": "0"}
    )
    assert "has a level from 1 on" in read(wrong, 422).words
    empty = owner.post(address, {"do": "publish", "title": "Helper", "reports_to_id": "", "level": ""})
    assert "Give a number from 0, the top." in read(empty, 422).words
    going = read(owner.get(at(left, f"positions/{chief.id}/remove/")))
    assert "the position “Helper”, which reports to it" in going.words
    saved(owner, at(left, f"positions/{chief.id}/remove/"), move_to="")
    assert kept(left, Position, id=helper.id).reports_to_id is None


def test_a_companion_is_made_edited_looked_at_and_brought_back(
    owner: Client, left: World, team: Team
) -> None:
    with use_tenant(left.context):
        publish_policy(
            name="Sugar", regulation="House", requirement="Praise sugar.", audience={"teams": [str(team.id)]}
        )
    read(owner.get(at(left, "companions/new/")))
    wrong = owner.post(
        at(left, "companions/new/"),
        {**NEW, "slug": "Not one", "starters": "a\n" * 7, "team_id": str(uuid.uuid4())},
    )
    words = read(wrong, 422).words
    assert "At most 6 lines." in words
    assert "Bakes at night" in wrong.content.decode()
    stranger = owner.post(at(left, "companions/new/"), {**NEW, "team_id": str(uuid.uuid4())})
    assert "There is nothing here." in read(stranger, 422).words
    saved(owner, at(left, "companions/new/"), **NEW)
    nina = kept(left, Companion, slug="nina")
    assert (nina.access, nina.starters, nina.language) == ("team", ["Hello?"], "en")
    address = at(left, f"companions/{nina.id}/")
    told = {
        **NEW,
        "state": "active",
        "seen": "1",
        "base_prompt": "You are Nina, the baker.",
        "team_id": str(team.id),
    }
    looked = read(owner.post(address, {**told, "do": "preview"}))
    assert "begins to follow: Sugar" in looked.words
    assert "Added: You are Nina, the baker." in [one.words for one in looked.all("ins")]
    with use_tenant(left.context):
        assert kept(left, Companion, id=nina.id).version == 1, "nothing is saved by looking"
    saved(owner, address, **{**told, "state": "paused"})
    with use_tenant(left.context):
        nina.refresh_from_db()
        assert (nina.team_id, nina.state) == (team.id, "paused")
        edited = AuditEntry.objects.filter(action="companions.companion.edited").latest("sequence")
        assert "You are" not in str(edited.payload), "never the text itself"
    found = read(owner.get(f"{at(left, 'companions/')}?q=at+night&team={team.id}"))
    assert "Nina PausedBakes at night Bakers– Its team" in found.words
    assert (
        "No companion is like that." in read(owner.get(at(left, "companions/?q=%00&position=x&q=zzz"))).words
    )
    removed = read(owner.post(f"{address}remove/", follow=True))
    assert "“Nina” is removed. Its chats are kept for now." in removed.words
    assert owner.get(address).status_code == 404
    back = read(owner.post(f"{address}restore/", follow=True))
    assert "“Nina” is back." in back.words
    page = read(owner.get(f"/o/{left.slug}/companions/nina/"))
    assert [one["href"] for one in page.all("a") if one.words.strip() == "Edit"] == [address]


def test_permission_is_read_at_the_time_of_use(
    owner: Client, member: Client, left: World, team: Team
) -> None:
    shaping = ("teams/", "teams/new/", f"teams/{team.id}/", f"teams/{team.id}/remove/", "positions/")
    ones = (*shaping, "companions/", "companions/new/", f"members/{left.member.id}/")
    for path in ones:
        assert member.get(at(left, path)).status_code == 403, path
        assert member.post(at(left, path), {"do": "publish", "name": "Mine"}).status_code in (403, 405), path
    assert read(owner.get(at(left, "teams/")))
    settings = read(member.get(at(left, "")))
    assert not [one for one in settings.all("a") if one.words.strip() in ("Teams", "Positions", "Bruno")]
    manager = Membership.objects.filter(id=left.member.id)
    manager.update(role="manager")
    assert read(member.get(at(left, "companions/")))
    assert member.get(at(left, "teams/")).status_code == 403
    manager.update(withheld_permissions=["companions.edit"])
    assert member.post(at(left, "companions/new/"), NEW).status_code == 403
    assert read(signed_in(left.owner, "pt-br").get(at(left, f"members/{left.member.id}/")))
