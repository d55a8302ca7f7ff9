"""What an operator lets an organization dial: entered, refused, withdrawn, and read in the trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from byoc import endpoints
from byoc.models import EgressGrant
from byoc.services.grants import Asked, grant_egress
from humana.kernel.egress import EgressRefused, Origin
from humana.kernel.egress.addresses import parse
from humana.kernel.errors import Conflict, HumanaError, Invalid, NotAllowed
from tenants.context import use_tenant
from tenants.models import ControlEvent
from tests.admin.conftest import Desk, actions, problems
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
PAGE = "byoc_egressgrant"
MODEL = {"scheme": "http", "host": "models.corp", "port": 8000, "reason": "Ticket 12"}


def judged(world: World, url: str, address: str) -> str:
    endpoints.forget()
    return endpoints.guard_for(world.organization.id).judge(Origin.of(url), parse(address))


def granted(world: World, operator: Desk, **changes: Any) -> EgressGrant:
    asked = Asked(**{**MODEL, **changes})
    return grant_egress(organization=world.organization, asked=asked, operator=operator.user)


def test_a_grant_opens_one_place_for_one_organization(operator: Desk, left: World, right: World) -> None:
    operator.take(left)
    assert operator.edit(PAGE, **MODEL).status_code == 302
    assert judged(left, "http://models.corp:8000", "10.0.0.8").startswith("grant ")
    for world, url in ((right, "http://models.corp:8000"), (left, "http://models.corp:8001")):
        with pytest.raises(EgressRefused):
            judged(world, url, "10.0.0.8")
    with pytest.raises(EgressRefused):
        judged(left, "http://models.corp:8000", "169.254.169.254")
    assert actions(left).count("egress.granted") == 1
    assert "operator.added" not in actions(left)


def test_withdrawing_asks_once_and_closes_it(operator: Desk, left: World) -> None:
    grant = granted(left, operator)
    operator.take(left)
    operator.act(PAGE, "withdraw", grant.id, confirmed=False)
    assert judged(left, "http://models.corp:8000", "10.0.0.8")
    operator.act(PAGE, "withdraw", grant.id)
    with pytest.raises(EgressRefused):
        judged(left, "http://models.corp:8000", "10.0.0.8")
    assert actions(left)[-1] == "egress.withdrawn"


def test_nobody_elses_are_listed_or_withdrawn(operator: Desk, left: World, right: World) -> None:
    grant = granted(left, operator)
    operator.take(right)
    assert "models.corp" not in operator.get(PAGE).content.decode()
    operator.act(PAGE, "withdraw", grant.id)
    with use_tenant(left.context):
        assert EgressGrant.objects.filter(id=grant.id).exists()


def test_the_platforms_own_is_told_to_the_platform(operator: Desk) -> None:
    assert operator.edit(PAGE, **MODEL).status_code == 302
    assert ControlEvent.objects.get(action="egress.granted").organization_id is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": "169.254.169.254"}, "host"),
        ({"host": "fe80::1"}, "host"),
        ({"host": "[::ffff:169.254.169.254]"}, "host"),
        ({"host": "a.example,b.example"}, "host"),
        ({"host": "a.example/path"}, "host"),
        ({"host": "/tmp"}, "host"),
        ({"host": ""}, "host"),
        ({"network": "169.254.0.0/16"}, "network"),
        ({"network": "0.0.0.0/0"}, "network"),
        ({"network": "::/0"}, "network"),
        ({"network": "10.0.0.1/8"}, "network"),
        ({"network": "somewhere"}, "network"),
        ({"scheme": "file"}, "scheme"),
        ({"port": 0}, "port"),
        ({"port": 70000}, "port"),
        ({"reason": " "}, "reason"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_what_cannot_be_granted_is_said(
    operator: Desk, left: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        granted(left, operator, **changes)
    assert refused.value.field == field


@pytest.mark.parametrize("host", ["2130706433", "user@models.corp", "mod els.corp", "①.corp"])
def test_strange_spellings_are_no_hosts(operator: Desk, left: World, host: str) -> None:
    with pytest.raises(HumanaError):
        granted(left, operator, host=host)


def test_a_refusal_stays_in_the_form(operator: Desk, left: World) -> None:
    with use_tenant(left.context):
        before = set(EgressGrant.objects.values_list("id", flat=True))
    operator.take(left)
    answer = operator.edit(PAGE, **{**MODEL, "host": "169.254.169.254"})
    assert "host" in problems(answer)
    with use_tenant(left.context):
        assert set(EgressGrant.objects.values_list("id", flat=True)) == before


def test_twice_is_a_conflict_until_it_has_run_out(operator: Desk, left: World) -> None:
    first = granted(left, operator)
    with pytest.raises(Conflict):
        granted(left, operator)
    with use_tenant(left.context):
        EgressGrant.objects.filter(id=first.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(EgressRefused):
        judged(left, "http://models.corp:8000", "10.0.0.8")
    assert granted(left, operator).id != first.id


def test_only_operators_grant(left: World, operator: Desk) -> None:
    with pytest.raises(NotAllowed):
        grant_egress(organization=left.organization, asked=Asked(**MODEL), operator=left.owner.user)
