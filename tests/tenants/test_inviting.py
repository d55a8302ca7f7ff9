"""People are asked in by letter. The link is theirs alone, works once, and only while who asked may ask."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from humana.kernel.errors import Conflict, HumanaError, Invalid, NotAllowed, NotFound, TooMany
from tenants.context import use_tenant
from tenants.links import read_link, write_link
from tenants.models import ControlEvent, Invitation, Membership, Organization, Role, Team, User
from tenants.queries import access_invitation, invitations_of
from tenants.services import invitations
from tenants.services.arriving import accept_as, invitation_behind
from tenants.services.invitations import invite, send_again, withdraw
from tenants.services.letters import send_invitation
from tenants.services.members import rank_member, suspend_member
from tenants.services.teams import create_team, remove_team
from tests.fixtures.organizations import PASSWORD, World, join
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db
ORIGIN, DORA = "https://humana.example", "dora@new.example"


@dataclass
class Asked:
    """An invitation with the letter that somebody got."""

    row: Invitation
    letter: mail.EmailMessage

    @property
    def address(self) -> str:
        (found,) = [line for line in str(self.letter.body).splitlines() if line.startswith(ORIGIN)]
        return found.removeprefix(ORIGIN)

    @property
    def link(self) -> str:
        return self.address.split("/")[-2]


def ask(world: World, email: str = DORA, *, by: Membership | None = None, **coming: object) -> Asked:
    with use_tenant(world.context):
        (row,) = invite(member=by or world.owner, emails=[email], origin=ORIGIN, **coming)  # type: ignore[arg-type]
    return Asked(row, delivered(world, row))


def delivered(world: World, row: Invitation) -> mail.EmailMessage:
    with use_tenant(world.context):
        send_invitation(row.id, ORIGIN)
        send_invitation(row.id, ORIGIN)  # the outbox may try twice
    assert len([one for one in mail.outbox if one.to == [row.email]]) >= 1
    return mail.outbox[-1]


def told(world: World) -> list[str]:
    with use_tenant(world.context):
        rows = ControlEvent.objects.filter(organization=world.organization, resource_type="invitation")
        return list(rows.order_by("id").values_list("action", flat=True))


def test_somebody_new_comes_in_by_the_letter_and_the_link_is_used_up(left: World) -> None:
    with use_tenant(left.context):
        team = Team.objects.create(organization=left.organization, name="Bread")
    asked = ask(left, " Dora@NEW.example ", role="manager", team_id=team.id, language="en")
    assert asked.letter.subject == "Ana invites you to “Harbour”"
    assert len(mail.outbox) == 1, "trying the letter twice sends one"
    visitor = Client(headers={"accept-language": "en"})
    assert b"dora@new.example" in visitor.get(asked.address).content
    weak = visitor.post(asked.address, {"name": "Dora", "password": "short"})
    assert (weak.status_code, b'value="Dora"' in weak.content) == (422, True), "nothing typed is lost"
    came = visitor.post(asked.address, {"name": "Dora", "password": "a-harbour-of-her-own"})
    assert (came.status_code, came["Location"]) == (302, "/o/left/")
    assert visitor.get("/o/left/").status_code == 200, "she is signed in"
    member = Membership.objects.get(user__email=DORA)
    assert (member.role, member.team_id, member.invited_by_id) == ("manager", team.id, left.owner.user_id)
    assert EmailAddress.objects.get(user=member.user).verified, "the letter reached her mailbox"
    again = Client().post(asked.address, {"name": "Eve", "password": "a-harbour-of-her-own"})
    assert again.status_code == 404
    assert told(left) == ["invitation.sent", "invitation.accepted"]


def test_the_letter_is_in_the_language_chosen_or_in_the_persons_own(left: World) -> None:
    assert ask(left, language="pt-br").letter.subject == "Ana convida você para “Harbour”"
    User.objects.create_user("emil@new.example", PASSWORD, name="Emil", language="en")
    assert ask(left, "emil@new.example", language="pt-br").letter.subject == "Ana invites you to “Harbour”"


def test_somebody_known_accepts_only_with_the_invited_address(left: World, right: World) -> None:
    asked = ask(left, right.member.user.email)
    other = signed_in(right.owner)
    assert b"is for another address" in other.get(asked.address).content
    other.post(asked.address)
    assert not Membership.objects.filter(user=right.owner.user, organization=left.organization).exists()
    with pytest.raises(NotAllowed):
        accept_as(user=right.owner.user, link=asked.link)
    assert b"Sign in to accept" in Client(headers={"accept-language": "en"}).get(asked.address).content
    assert signed_in(right.member).post(asked.address)["Location"] == "/o/left/"
    assert Membership.objects.get(user=right.member.user, organization=left.organization).role == "member"


def wait_too_long(_world: World, asked: Asked) -> str:
    Invitation.objects.filter(id=asked.row.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    return asked.link


def take_it_back(world: World, asked: Asked) -> str:
    withdraw(member=world.owner, invitation=asked.row)
    return asked.link


def send_another(world: World, asked: Asked) -> str:
    Invitation.objects.filter(id=asked.row.id).update(updated_at=timezone.now() - timedelta(minutes=5))
    send_again(member=world.owner, invitation=asked.row, origin=ORIGIN)
    return asked.link


def suspend_who_asked(world: World, asked: Asked) -> str:
    Membership.objects.filter(user=asked.row.invited_by_id, organization=world.organization).update(
        state="suspended"
    )
    return asked.link


def demote_who_asked(world: World, asked: Asked) -> str:
    Membership.objects.filter(user=asked.row.invited_by_id, organization=world.organization).update(
        role="manager"
    )
    return asked.link


def remove_who_asked(world: World, asked: Asked) -> str:
    Membership.objects.filter(user=asked.row.invited_by_id, organization=world.organization).delete()
    return asked.link


def close_the_organization(world: World, asked: Asked) -> str:
    Organization.objects.filter(id=world.organization.id).update(state="suspended")
    return asked.link


def change_a_letter(_world: World, asked: Asked) -> str:
    return ("A" if asked.link[0] != "A" else "B") + asked.link[1:]


def change_the_mark(_world: World, asked: Asked) -> str:
    return asked.link[:-1] + ("A" if asked.link[-1] != "A" else "B")


NOT_GOOD: list[Callable[[World, Asked], str]] = [
    wait_too_long, take_it_back, send_another, suspend_who_asked, demote_who_asked, remove_who_asked,
    close_the_organization, change_a_letter, change_the_mark,
]  # fmt: skip


@pytest.mark.parametrize("spoil", NOT_GOOD)
def test_a_link_that_is_not_good_says_the_same_whatever_the_reason(
    left: World, spoil: Callable[[World, Asked], str]
) -> None:
    admin = join(
        left.organization, User.objects.create_user("ada@left.example", PASSWORD, name="Ada"), "admin"
    )
    asked = ask(left, by=admin)
    assert invitation_behind(asked.link).email == DORA
    with use_tenant(left.context):
        link = spoil(left, asked)
    visitor = Client(headers={"accept-language": "en"})
    answer = visitor.post(f"/invitations/{link}/", {"name": "Dora", "password": "a-harbour-of-her-own"})
    assert answer.status_code == 404
    assert b"Ask whoever invited you for a new one." in answer.content
    assert b"Harbour" not in answer.content
    assert not User.objects.filter(email=DORA).exists()


def test_a_link_made_for_the_rows_of_another_organization_is_none(left: World, right: World) -> None:
    """Signed by us, were that possible: the row is not in that organization."""
    asked = ask(left)
    asked.row.organization_id = right.organization.id
    link = write_link(asked.row)
    assert read_link(link) is not None
    with pytest.raises(NotFound):
        invitation_behind(link)
    for text in ("", ".", "a" * 500, "é" * 20, "AAAA.AAAA", asked.link.upper()):
        with pytest.raises(NotFound):
            invitation_behind(text)


def test_nobody_gives_by_invitation_what_they_have_not(left: World) -> None:
    admin = join(left.organization, User.objects.create_user("ada@left.example", PASSWORD), "admin")
    with use_tenant(left.context):
        Role.objects.create(
            organization=left.organization, slug="door", name="Door", permissions=["organization.members"]
        )
        door = join(left.organization, User.objects.create_user("dina@left.example", PASSWORD), "door")
        for who, role in (
            (left.member, "member"), (admin, "owner"), (door, "member"), (left.member, "owner"),
        ):  # fmt: skip
            with pytest.raises(NotAllowed):
                invite(member=who, emails=[DORA], role=role, origin=ORIGIN)
        with pytest.raises(Invalid):
            invite(member=admin, emails=[DORA], role="emperor", origin=ORIGIN)
        assert not Invitation.objects.exists()
        (row,) = invite(member=left.owner, emails=[DORA], role="owner", origin=ORIGIN)
        with pytest.raises(NotAllowed):
            Invitation.objects.update(updated_at=timezone.now() - timedelta(minutes=5))
            send_again(member=admin, invitation=row, origin=ORIGIN)


def test_an_invitation_is_as_good_as_who_sent_it_is_at_that_moment(left: World) -> None:
    """An owner's letter makes no owner once its sender is an administrator."""
    second = join(left.organization, User.objects.create_user("olav@left.example", PASSWORD), "owner")
    asked = ask(left, by=second, role="owner")
    with use_tenant(left.context):
        rank_member(member=left.owner, who=second, role="admin")
    with pytest.raises(NotFound):
        invitation_behind(asked.link)


def test_several_are_asked_at_once_all_or_none(left: World, right: World) -> None:
    def refused(kind: type[HumanaError], *emails: str) -> str:
        with pytest.raises(kind) as refusal:
            invite(member=left.owner, emails=emails, origin=ORIGIN)
        return str(refusal.value)

    with use_tenant(left.context):
        assert "nobody@" in refused(Invalid, DORA, "nobody@")
        assert left.member.user.email in refused(Conflict, DORA, left.member.user.email.upper())
        refused(Invalid, *(f"p{n}@new.example" for n in range(51)))
        refused(Invalid, " ", "")
        assert not Invitation.objects.exists()
        made = invite(member=left.owner, emails=[DORA, right.owner.user.email, DORA.upper()], origin=ORIGIN)
        assert [one.email for one in made] == [DORA, right.owner.user.email], (
            "an account elsewhere is not told"
        )
        assert DORA in refused(Conflict, DORA)
        with pytest.raises(Conflict):
            send_again(member=left.owner, invitation=made[0], origin=ORIGIN)


def test_a_team_that_goes_leaves_the_invitation_without_one(left: World) -> None:
    with use_tenant(left.context):
        team = create_team(name="Bread")
        (row,) = invite(member=left.owner, emails=[DORA], team_id=team.id, origin=ORIGIN)
        remove_team(team=team)
        assert Invitation.objects.get(id=row.id).team_id is None


def test_nobody_makes_us_write_to_all_the_world(left: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_A_DAY", 3)
    with use_tenant(left.context):
        invite(member=left.owner, emails=[f"p{n}@new.example" for n in range(3)], origin=ORIGIN)
        with pytest.raises(TooMany):
            invite(member=left.owner, emails=[DORA], origin=ORIGIN)


def test_who_is_suspended_is_not_brought_back_by_an_old_letter(left: World, right: World) -> None:
    asked = ask(left, right.member.user.email)
    accept_as(user=right.member.user, link=asked.link)
    member = Membership.objects.get(user=right.member.user, organization=left.organization)
    with use_tenant(left.context):
        suspend_member(member=left.owner, who=member)
        row = Invitation.objects.create(
            organization=left.organization, email=member.user.email, nonce=uuid.uuid4().hex, language="en",
            expires_at=timezone.now() + timedelta(days=1), invited_by=left.owner.user,
        )  # fmt: skip
    with pytest.raises(NotAllowed):
        accept_as(user=right.member.user, link=write_link(row))


def test_invitations_of_another_organization_are_not_there(left: World, right: World) -> None:
    asked = ask(right)
    with use_tenant(left.context):
        assert list(invitations_of()) == []
        assert not Invitation.objects.exists(), "row-level security"
        with pytest.raises(NotFound):
            access_invitation(member=left.owner, invitation_id=asked.row.id)
        with pytest.raises(NotFound):
            withdraw(member=left.owner, invitation=asked.row)


def page(world: World, member: Membership, path: str, **sent: object) -> HttpResponse:
    answer: HttpResponse = signed_in(member).post(f"/o/{world.slug}/settings/{path}", sent)
    return answer


def test_the_pages_of_invitations(left: World) -> None:
    assert signed_in(left.member).get("/o/left/settings/invitations/").status_code == 403
    assert page(left, left.member, "invitations/new/", emails=DORA, role="member").status_code == 403
    bad = page(left, left.owner, "invitations/new/", emails=f"{DORA}, nobody@", role="member", language="en")
    assert (bad.status_code, b"nobody@" in bad.content) == (422, True)
    sent = page(
        left,
        left.owner,
        "invitations/new/",
        emails=f"{DORA};\nemil@new.example",
        role="manager",
        language="en",
    )
    assert sent.status_code == 302, sent.content
    assert b"emil@new.example" in signed_in(left.owner).get("/o/left/settings/invitations/").content
    with use_tenant(left.context):
        row = Invitation.objects.get(email=DORA)
    assert page(left, left.owner, f"invitations/{row.id}/withdraw/").status_code == 302
    with use_tenant(left.context):
        assert Invitation.objects.get(email=DORA).state == "withdrawn"
