"""A bakery with people of every kind, entered for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from companions.models import Companion
from companions.services.companions import create_companion
from tenants.context import TenantContext, use_tenant
from tenants.models import Membership, Organization, User
from tenants.services.organizations import found_organization


@dataclass
class Bakery:
    organization: Organization
    people: dict[str, Membership] = field(default_factory=dict)

    @property
    def context(self) -> TenantContext:
        return self.organization.context

    def person(self, role: str) -> Membership:
        """Somebody with this role, hired when first asked for."""
        if role not in self.people:
            user = User.objects.create_user(f"{role}@bakery.example", None, name=role.title())
            self.people[role] = Membership.objects.create(
                organization=self.organization, user=user, role=role
            )
        return self.people[role]


def open_bakery() -> Bakery:
    owner = User.objects.create_user("owner@bakery.example", None, name="Olga")
    organization = found_organization(name="Bakery", owner=owner, slug="bakery", furnish=False)
    return Bakery(organization, {"owner": Membership.objects.get(user=owner)})


@pytest.fixture
def bakery(db: None) -> Iterator[Bakery]:
    opened = open_bakery()
    with use_tenant(opened.context):
        yield opened


@pytest.fixture
def baker(bakery: Bakery) -> Companion:
    """A companion with nothing but its own prompt."""
    return create_companion(name="Pão", purpose="Bakes", base_prompt="You are Pão, a baker.", language="en")
