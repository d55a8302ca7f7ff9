"""How large a file may be, and how long a link to one opens, is the organization's to say."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from byoc.adapters.storage.tickets import AT
from byoc.config_keys import LINK_SECONDS, MAX_UPLOAD_BYTES
from byoc.storage import erase_platform, storage_of
from humana.kernel.errors import Invalid
from tenants.context import use_tenant
from tests.fixtures.organizations import World
from tests.tenants.test_config_effects import say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_stays(left: World, right: World) -> Iterator[None]:
    yield
    for world in (left, right):
        erase_platform(world.organization.id)


def test_a_file_that_is_too_large_is_refused_while_it_comes(left: World, right: World) -> None:
    say(left, MAX_UPLOAD_BYTES, 2048)
    read = []

    def coming() -> Iterator[bytes]:
        for _number in range(50):
            read.append(1024)
            yield b"x" * 1024

    ours = storage_of(left.organization.id)
    for content in (coming(), b"x" * 2049, ContentFile(b"x" * 2049)):
        with pytest.raises(Invalid) as refusal:
            ours.upload("large.bin", content)
        assert (refusal.value.code, refusal.value.field) == ("too_large", "file")
        assert "2\xa0KB" in str(refusal.value)
    assert len(read) == 3, "no more is read than says that it is too much"
    assert list(ours.list()) == []
    assert ours.upload("fits.bin", iter([b"x" * 1024] * 2)).size == 2048
    storage_of(right.organization.id).upload("large.bin", b"x" * 2049)
    storage_of(left.organization.id, "exports").upload("trail.jsonl", b"x" * 4096)  # of Humana's own making
    with use_tenant(left.context), pytest.raises(Invalid):
        default_storage.save("documents/large.bin", ContentFile(b"x" * 2049))


def opens_for(address: str) -> float:
    """Seconds from now, as the address itself says."""
    told = address.removeprefix(AT).partition(".")[0]
    return float(json.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)))[3]) - time.time()


def test_a_link_opens_as_long_as_the_organization_says_and_never_longer(left: World, right: World) -> None:
    ours = storage_of(left.organization.id)
    ours.upload("plan.txt", b"plan")
    assert 290 < opens_for(ours.signed_url("plan.txt")) <= 300
    say(left, LINK_SECONDS, 60)
    for address in (ours.signed_url("plan.txt"), ours.signed_url("plan.txt", 3_600)):
        assert 50 < opens_for(address) <= 60
        assert b"".join(Client().get(address)) == b"plan"  # type: ignore[call-overload]
    assert opens_for(ours.signed_url("plan.txt", 10)) <= 10
    assert opens_for(storage_of(right.organization.id).signed_url("plan.txt")) > 60
