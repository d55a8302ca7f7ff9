"""Whoever founds an organization can talk to a companion at once."""

from __future__ import annotations

import pytest

from companions.models import Brand, Policy, Value
from companions.queries import companions_for
from companions.services.prompting import prepare_prompt
from tenants.context import use_tenant
from tenants.models import Membership, User
from tenants.services.organizations import found_organization


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "name", "heading"),
    [
        ("pt-br", "Lia", "### Conformidade\n- LGPD: "),
        ("en", "Lia", "### Compliance Requirements\n- Privacy: "),
    ],
)
def test_a_new_organization_works_in_its_language(language: str, name: str, heading: str) -> None:
    owner = User.objects.create_user("olga@bakery.example", None, name="Olga", language=language)
    organization = found_organization(name="Padaria", owner=owner)
    with use_tenant(organization.context):
        companions = {one.name: one for one in companions_for(member=Membership.objects.get(user=owner))}
        assert len(companions) == 2
        assert companions[name].language == language
        assert heading in prepare_prompt(companions[name]).text
        assert (Value.objects.count(), Policy.objects.count(), Brand.objects.count()) == (2, 1, 1)


@pytest.mark.django_db
def test_an_organization_in_another_language_is_furnished_in_english() -> None:
    owner = User.objects.create_user("olga@bakery.example", None, name="Olga")
    organization = found_organization(name="Panadería", owner=owner, language="es")
    with use_tenant(organization.context):
        assert Policy.objects.get().regulation == "Privacy"


@pytest.mark.django_db
def test_two_new_organizations_have_companions_of_their_own() -> None:
    found = []
    for number in (1, 2):
        owner = User.objects.create_user(f"olga{number}@bakery.example", None, name="Olga")
        organization = found_organization(name="Padaria", owner=owner)
        with use_tenant(organization.context):
            member = Membership.objects.get(user=owner)
            found.append({(one.id, one.slug) for one in companions_for(member=member)})
    assert not found[0] & found[1]
    assert {slug for _id, slug in found[0]} == {slug for _id, slug in found[1]}
