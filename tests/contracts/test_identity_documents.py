"""SAML metadata as it is pasted: what is in it decides, and nothing in it is asked."""

from __future__ import annotations

import pytest

from byoc.adapters.identity import ADAPTERS, make
from byoc.adapters.identity.fields import TYPES
from byoc.adapters.identity.ldap import people_named
from byoc.contracts import EndpointSpec, Finding
from humana.kernel.egress import Grant, Guard
from tests.peers.saml import metadata

GUARD = Guard("acme", [Grant.for_url("https://127.0.0.1", owner="acme", reason="a test")])


async def looked_at(document: str, **options: str) -> tuple[Finding, ...]:
    given = {"metadata": document, **options}
    spec = EndpointSpec("Login", "identity", "saml", "", owner="acme", role="sso", options=given)
    return await make(spec, GUARD).validate()


def test_every_type_has_an_adapter() -> None:
    assert {one.type for one in TYPES} == set(ADAPTERS)


async def test_metadata_with_a_valid_certificate_serves() -> None:
    found = await looked_at(metadata())
    assert {one.level for one in found} == {"fact"}
    assert "https://idp.example/entity" in [str(one) for one in found]


BOMB = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("document", "level", "code"),
    [
        (metadata(days=-1), "refuse", "expired"),
        (metadata(certificate=False), "refuse", "no_certificate"),
        (metadata(location="https://169.254.169.254/sso"), "refuse", "forbidden"),
        (metadata(location="https://10.0.0.1/sso"), "refuse", "forbidden"),
        (metadata(location="file:///etc/passwd"), "refuse", "forbidden"),
        (metadata(location=""), "refuse", "malformed"),
        (metadata().replace("IDPSSODescriptor", "SPSSODescriptor"), "refuse", "no_provider"),
        (metadata().replace("entityID", "id"), "refuse", "no_entity"),
        (metadata().replace("SingleSignOnService", "Other"), "refuse", "no_sign_in"),
        (BOMB, "refuse", "malformed"),
        ("<a>", "refuse", "malformed"),
    ],
)
async def test_what_is_wrong_is_said_first(document: str, level: str, code: str) -> None:
    found = await looked_at(document)
    assert (found[0].level, found[0].code) == (level, code)
    assert str(found[0]).endswith(".")


async def test_of_several_entities_one_is_chosen() -> None:
    one = metadata().removeprefix('<?xml version="1.0"?>')
    both = f'<m:EntitiesDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata">{one}{one}'
    both = both.replace("idp.example/entity", "other.example/entity", 1) + "</m:EntitiesDescriptor>"
    assert (await looked_at(both))[0].code == "several"
    assert (await looked_at(both, entity_id="https://idp.example/entity"))[0].level == "fact"
    assert (await looked_at(both, entity_id="https://third.example"))[0].code == "no_entity"


def test_what_a_person_types_is_never_read_as_a_filter() -> None:
    assert people_named("uid", "*)(uid=*") == r"(uid=\2a\29\28uid=\2a)"
    with pytest.raises(ValueError, match="attribute"):
        people_named("uid=*)(cn", "ana")
