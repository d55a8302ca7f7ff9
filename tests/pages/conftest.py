"""People at the door of the pages."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.models import Membership
from tests.fixtures.organizations import World

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def signed_in(member: Membership, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(member.user, backend=BACKEND)
    return client


@pytest.fixture
def owner(left: World) -> Client:
    """The twin: has every row of `left`, may do everything."""
    return signed_in(left.twin)


@pytest.fixture
def member(left: World) -> Client:
    """May chat, and little more."""
    return signed_in(left.member)
