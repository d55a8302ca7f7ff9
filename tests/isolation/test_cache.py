"""The cache: the same key in two organizations, and outside of both, names three things."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.cache import cache, caches
from hypothesis import given
from hypothesis import strategies as st

from tenants.cache import tenant_key
from tenants.context import TenantContext, use_tenant
from tests.fixtures.organizations import World
from tests.isolation.worlds import every_isolation, every_pair

pytestmark = pytest.mark.django_db
KEY = "companions:list"
#: Every cache, and what makes its keys: one beside them would mix organizations or be left by a removal.
KEY_FUNCTIONS = {"default": "tenants.cache.tenant_key", "platform": "tenants.cache.platform_key"}


def test_every_cache_is_in_the_matrix() -> None:
    assert {alias: one.get("KEY_FUNCTION") for alias, one in settings.CACHES.items()} == KEY_FUNCTIONS


@pytest.fixture
def contexts(left: World, right: World) -> tuple[TenantContext, TenantContext]:
    cache.clear()
    return left.context, right.context


def keep_and_look(here: TenantContext, there: TenantContext) -> None:
    """Whatever one organization does with a key, the other and the platform keep theirs."""
    with use_tenant(here):
        cache.set(KEY, "theirs")
        cache.set_many({KEY + "s": "theirs"})
        cache.incr(KEY + "#", delta=0) if cache.add(KEY + "#", 5) else None
    with use_tenant(there):
        assert cache.get(KEY) is None
        assert cache.get_many([KEY, KEY + "s", KEY + "#"]) == {}
        assert cache.add(KEY, "mine")
        assert cache.get_or_set(KEY + "s", "mine") == "mine"
        cache.touch(KEY + "#", 0)
        cache.delete(KEY + "#")
        cache.delete_many([KEY, KEY + "s"])
    assert cache.get(KEY) is None
    with use_tenant(here):
        assert cache.get_many([KEY, KEY + "s", KEY + "#"]) == {
            KEY: "theirs",
            KEY + "s": "theirs",
            KEY + "#": 5,
        }


@pytest.mark.in_turn(3)
@every_pair
def test_a_key_never_crosses(contexts: tuple[TenantContext, TenantContext]) -> None:
    keep_and_look(*contexts)


@every_isolation
def test_what_is_kept_outside_is_not_seen_inside(contexts: tuple[TenantContext, TenantContext]) -> None:
    cache.set(KEY, "the platform's")
    with use_tenant(contexts[0]):
        assert cache.get(KEY) is None
        cache.set(KEY, "left's")
    assert cache.get(KEY) == "the platform's"


@every_isolation
def test_a_session_ended_inside_an_organization_has_ended(
    contexts: tuple[TenantContext, TenantContext],
) -> None:
    session = SessionStore()
    session["person"] = "somebody"
    session.save()
    with use_tenant(contexts[0]):
        assert SessionStore(session.session_key)["person"] == "somebody"
        SessionStore(session.session_key).flush()
    assert SessionStore(session.session_key).get("person") is None


@every_pair
def test_what_is_the_platform_s_is_kept_beside_every_organization_s(
    contexts: tuple[TenantContext, TenantContext],
) -> None:
    """The same key in the other cache is another thing, inside every organization and outside."""
    platform = caches["platform"]
    platform.set(KEY, "the platform's")
    for context in contexts:
        with use_tenant(context):
            assert platform.get(KEY) == "the platform's"
            assert cache.get(KEY) is None
            cache.set(KEY, context.slug)
            assert platform.get(KEY) == "the platform's"
    for context in contexts:
        with use_tenant(context):
            assert cache.get(KEY) == context.slug
            platform.delete(KEY)
            assert cache.get(KEY) == context.slug
    assert platform.get(KEY) is None


@given(st.tuples(st.text(), st.text(), st.integers()), st.tuples(st.text(), st.text(), st.integers()))
def test_different_keys_stay_different(one: tuple[str, str, int], other: tuple[str, str, int]) -> None:
    """Keys that contain the separator, or another organization's id, collide with nothing."""
    assert (tenant_key(*one) == tenant_key(*other)) == (one == other)


@every_pair
def test_a_key_that_imitates_a_prefix_collides_with_nothing(
    contexts: tuple[TenantContext, TenantContext],
) -> None:
    here, there = contexts
    with use_tenant(here):
        theirs = tenant_key(KEY, "humana", 1)
    with use_tenant(there):
        assert theirs not in {
            tenant_key(theirs, "humana", 1),
            tenant_key(theirs, "", 1),
            tenant_key(KEY, "humana", 1),
        }
    assert tenant_key(theirs.removeprefix("humana:"), "humana", 1) != theirs
