"""Putting the demo there. What exists is left as people made it, so seeding again changes nothing."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from chats.models import Chat, Message
from chats.services.words import note_said, note_title
from companions.models import Companion
from humana.demo.aurora import AURORA
from humana.demo.boreal import BOREAL
from humana.demo.cerrado import CERRADO
from humana.demo.shapes import DemoChat, DemoOrganization, DemoPerson
from humana.furnishing import furnish
from humana.kernel.actor import Actor, acting_as
from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.models import Isolation, Membership, Organization, Position, Team, User
from tenants.services.events import control_event
from tenants.services.organizations import found_organization
from tenants.transactions import tenant_atomic

ORGANIZATIONS = (AURORA, BOREAL, CERRADO)
OPERATOR = "operator@humana.example"
SEEDER = Actor(label="seed_demo")


def seed_demo(*, password: str) -> list[str]:
    """Operator, organizations and their people, each all or nothing; the slugs of those that are new.

    Accounts still on an earlier demo password get this one; an account whose person chose a
    password of their own keeps it.
    """
    missing = [one for one in ORGANIZATIONS if not Organization.objects.filter(slug=one.slug).exists()]
    renew_passwords(password)
    # One hash for all of them: seconds, at the price of showing that demo passwords are the same.
    encoded = _seeded_password(password)
    with acting_as(SEEDER):
        _person(OPERATOR, "Operação Humana", encoded, is_staff=True, is_superuser=True)
        for organization in missing:
            with transaction.atomic():
                _seed(organization, encoded)
    return [one.slug for one in missing]


def demo_emails() -> list[str]:
    return [OPERATOR, *(person.email for one in ORGANIZATIONS for person in one.people)]


def renew_passwords(password: str) -> int:
    """Bring accounts that share the seeded hash to `password`; how many were changed."""
    shared = _shared_hash()
    if shared is None or check_password(password, shared):
        return 0
    accounts = User.objects.filter(email__in=demo_emails(), password=shared)
    return accounts.update(password=make_password(password))


def _shared_hash() -> str | None:
    """The hash that seeding gave: a salt makes any other way to the same hash impossible."""
    hashes = Counter(User.objects.filter(email__in=demo_emails()).values_list("password", flat=True))
    encoded, count = next(iter(hashes.most_common(1)), ("", 0))
    return encoded if count > 1 else None


def _seeded_password(password: str) -> str:
    return _shared_hash() or make_password(password)


def _seed(demo: DemoOrganization, encoded: str) -> None:
    people = [_person(one.email, one.name, encoded) for one in demo.people]
    organization = found_organization(
        name=demo.name,
        owner=people[0],
        slug=demo.slug,
        plan=demo.plan,
        isolation=None if settings.DATABASE_OWNER_URL else Isolation.ROW,
        language="pt-br",
        furnish=False,
        now=True,
    )
    organization.regulations = list(demo.regulations)
    organization.save(update_fields=["regulations", "updated_at"])
    with use_tenant(organization.context), tenant_atomic():
        teams, positions = _structure(organization, demo)
        for user, person in zip(people, demo.people, strict=True):
            _join(organization, user, person, teams[person.team], positions[person.position])
        companions = furnish(demo.furniture, teams=teams, positions=positions)
        _write_example(people[0], {one.name: one for one in companions}[demo.chat.companion], demo.chat)


def _person(email: str, name: str, encoded: str, **flags: bool) -> User:
    """An account with its confirmed e-mail; an existing one is left as it is."""
    user, is_new = User.objects.get_or_create(
        email=email, defaults={"name": name, "password": encoded, "language": "pt-br", **flags}
    )
    if is_new:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _structure(
    organization: Organization, demo: DemoOrganization
) -> tuple[dict[str, uuid.UUID], dict[str, uuid.UUID]]:
    """Departments side by side, positions in one line of reporting."""
    teams = {
        name: Team.objects.create(organization=organization, name=name, is_department=True).id
        for name in demo.departments
    }
    positions: dict[str, uuid.UUID] = {}
    above: Position | None = None
    for level, title in enumerate(demo.positions):
        above = Position.objects.create(organization=organization, title=title, reports_to=above, level=level)
        positions[title] = above.id
    control_event(
        "organization.structured",
        "organization",
        organization.id,
        organization_id=organization.id,
        payload={"teams": list(teams), "positions": list(positions)},
    )
    return teams, positions


def _join(
    organization: Organization, user: User, person: DemoPerson, team_id: uuid.UUID, position_id: uuid.UUID
) -> None:
    """Make the person a member with a place in the structure; the owner is one already."""
    place = {"role": person.role, "team_id": team_id, "position_id": position_id}
    member, is_new = Membership.objects.update_or_create(organization=organization, user=user, defaults=place)
    User.objects.filter(id=user.id, primary_organization=None).update(primary_organization=organization)
    if is_new:
        control_event(
            "member.added",
            "membership",
            member.id,
            organization_id=organization.id,
            payload={"name": user.name, "role": member.role},
        )


def _write_example(owner: User, companion: Companion, demo: DemoChat) -> Chat:
    """A conversation that people wrote: marked as an example, with no run, no model and no usage."""
    chat = Chat.objects.create(
        owner_id=owner.id,
        companion=companion,
        title=demo.title,
        title_by_person=True,
        is_example=True,
        last_message_at=timezone.now(),
    )
    note_title(chat, demo.title)
    chat.leaf_id = _write_messages(chat, owner, demo.said)
    chat.save(update_fields=["leaf_id", "updated_at"])
    record_trail(
        action="chats.chat.started",
        resource_type="chat",
        resource_id=chat.id,
        payload={"companion": companion.slug, "example": True},
    )
    return chat


def _write_messages(chat: Chat, owner: User, said: Sequence[str]) -> uuid.UUID | None:
    """One line of messages, person and companion in turn; the id of the last."""
    parent: Message | None = None
    for turn, text in enumerate(said):
        by_person = turn % 2 == 0
        parent = Message.objects.create(
            chat=chat,
            parent=parent,
            role=Message.Role.PERSON if by_person else Message.Role.COMPANION,
            text=text,
            author_id=owner.id if by_person else None,
        )
        note_said(parent, owner.id)
    return parent.id if parent else None
