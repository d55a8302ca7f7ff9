"""The worker of a move dies, anywhere: it goes on or is given up, and nothing is lost, doubled or left.

`HUMANA_LIVES` organizations are set up, moved and removed under writes with kills at random moments;
2 in the default run, 50 in the long one.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from audit.services import chain
from tenants.context import use_tenant
from tenants.models import Isolation, Organization, Placement, PlacementJob, Plan, User
from tenants.owner import owner_connection
from tenants.services.organizations import found_organization
from tenants.services.placing import jobs, moving, removing
from tests.fixtures.organizations import World
from tests.tenants.test_moving import (  # noqa: F401  a fixture among them
    begun,
    read,
    until_over,
    worked_on,
    world,
)
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes
from tests.tenants.writers import people_at_work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]
LIVES = int(os.environ.get("HUMANA_LIVES", "2"))


class Killed(BaseException):
    """As SIGKILL: nothing catches it, nothing is noted."""


def die(*args: Any, **kwargs: Any) -> Any:
    raise Killed


def dies_in(step: str) -> Callable[[pytest.MonkeyPatch], None]:
    def arrange(patch: pytest.MonkeyPatch) -> None:
        steps = tuple(jobs.Step(one.name, die) if one.name == step else one for one in moving.STEPS)
        patch.setattr(moving, "STEPS", steps)

    return arrange


def in_the_middle_of_a_round(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moving, "progress", lambda job, done, total: die() if done > 8 else None)


def in_the_last_round(patch: pytest.MonkeyPatch) -> None:
    taken = moving.taken

    @contextmanager
    def taken_and_die(*args: Any) -> Iterator[Any]:
        with taken(*args) as nobody_wrote:
            patch.setattr(moving, "progress", die)
            yield nobody_wrote

    patch.setattr(moving, "taken", taken_and_die)


def before_the_flip_commits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moving, "_into_the_trail", die)


def after_the_flip_committed(patch: pytest.MonkeyPatch) -> None:
    carry = moving._carry

    def carry_and_die(job: PlacementJob) -> None:
        carry(job)
        die()

    patch.setattr(moving, "STEPS", (*moving.STEPS[:-1], jobs.Step("carry", carry_and_die)))


BEFORE = [
    pytest.param(dies_in("database"), id="database"),
    pytest.param(dies_in("schema"), id="schema"),
    pytest.param(dies_in("audit"), id="audit"),
    pytest.param(in_the_middle_of_a_round, id="in a round"),
    pytest.param(in_the_last_round, id="in the last round"),
    pytest.param(before_the_flip_commits, id="before the flip commits"),
]
AFTER = pytest.param(after_the_flip_committed, id="after the flip committed")


def killed(world: World, arrange: Callable[[pytest.MonkeyPatch], None]) -> PlacementJob:  # noqa: F811
    job = begun(world, Isolation.SCHEMA)
    with pytest.MonkeyPatch.context() as patch:
        arrange(patch)
        with pytest.raises(Killed):
            jobs.work_on(job.id)
    connections.close_all()
    return read(job)


@pytest.mark.parametrize("arrange", [*BEFORE, AFTER])
def test_another_worker_goes_on(world: World, arrange: Any) -> None:  # noqa: F811
    with people_at_work(world.organization.id, number=3) as people:
        job = killed(world, arrange)
        assert job.state == PlacementJob.State.RUNNING
        job = worked_on(job)
    assert job.state == PlacementJob.State.DONE, job.error
    world.organization.refresh_from_db()
    assert world.organization.placement == job.target
    assert people.found() == people.must_be_there()
    with use_tenant(world.context):
        assert chain.verify().holds


@pytest.mark.parametrize("arrange", BEFORE)
def test_or_it_is_given_up_and_leaves_nothing(world: World, arrange: Any) -> None:  # noqa: F811
    with people_at_work(world.organization.id, number=3) as people:
        job = killed(world, arrange)
        until_over(moving.undo(job=job, later=False))
    assert people.found() == people.must_be_there()
    assert job.target is not None
    assert not Placement.objects.filter(id=job.target.id).exists()
    assert not schema_exists(job.target.schema_name)


def schema_exists(name: str) -> bool:
    with owner_connection() as owner:
        return owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name]).fetchone() is not None


def move_and_kill(organization: Organization, isolation: str, seconds: float) -> None:
    """A process of its own, ended without a word."""
    command = [sys.executable, "manage.py", "move_organization", organization.slug, "--to", isolation]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as mover:
        try:
            mover.wait(seconds)
        except subprocess.TimeoutExpired:
            mover.kill()


def settled(organization: Organization, chance: random.Random) -> Organization:
    """What became of the move is brought to an end, by going on or by giving up."""
    job = PlacementJob.objects.filter(
        organization=organization, kind=PlacementJob.Kind.MOVE, state=PlacementJob.State.RUNNING
    ).first()
    if job is not None:
        arrived = Organization.objects.filter(id=organization.id, placement=job.target).exists()
        deadline = time.monotonic() + 20
        while (job := worked_on(job)).state == PlacementJob.State.RUNNING and time.monotonic() < deadline:
            if not arrived and chance.random() < 0.3:
                until_over(moving.undo(job=job, later=False))
                break
    return Organization.objects.select_related("placement").get(id=organization.id)


@pytest.mark.parametrize("seed", range(LIVES))
def test_a_life_with_accidents(seed: int, cloned_database: str) -> None:
    """Set up, moved through all three models while people work and movers are killed, removed."""
    chance = random.Random(seed)
    slug = f"life-{uuid.uuid4().hex[:8]}"
    owner = User.objects.create_user(f"dora@{slug}.example", "quiet-harbour-71", name="Dora")
    organization = found_organization(
        name="Life", slug=slug, owner=owner, plan=chance.choice(list(Plan)), now=True
    )
    with people_at_work(organization.id, number=4) as people:
        for isolation in chance.sample(list(Isolation), 3):
            organization.refresh_from_db()
            if isolation != organization.placement.isolation:
                move_and_kill(organization, isolation, chance.uniform(0.9, 3))
                organization = settled(organization, chance)
    assert people.found() == people.must_be_there()
    with use_tenant(organization.id):
        assert chain.verify().holds
    until_over(removing.deprovision(organization=organization, later=False))
    assert residue(slug) == []


def residue(slug: str) -> list[str]:
    """Schemas, databases and placements that still bear the name."""
    stem = f"%{slug.replace('-', '_')}%"
    with owner_connection() as owner:
        found = owner.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [stem]).fetchall()
        found += owner.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [stem]).fetchall()
    placements = Placement.objects.filter(name__startswith=slug).values_list("name", flat=True)
    return [*(name for (name,) in found), *placements]
