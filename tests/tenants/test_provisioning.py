"""An organization of each plan is set up where its plan says, and works there."""

from __future__ import annotations

import html
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from audit.models import AuditEntry
from byoc.models import Endpoint
from companions.models import Companion, Value
from humana.kernel.errors import Conflict, HumanaError, Misconfigured
from tenants.context import use_tenant
from tenants.db import aliases, catalogue, levels, scripts
from tenants.models import Isolation, Organization, Placement, PlacementJob, Plan, Team, User
from tenants.owner import owner_connection, owner_settings
from tenants.queries import membership_at
from tenants.services.organizations import found_organization
from tenants.services.placing import jobs, preparing, provision, reports
from tenants.transactions import tenant_atomic
from tests.plugins.databases import drop
from tests.plugins.services import Services

pytestmark = pytest.mark.django_db(transaction=True)
OWN = pytest.mark.parametrize("plan", [Plan.BUSINESS, Plan.ENTERPRISE])


@pytest.fixture(autouse=True)
def _databases_of_their_own(cloned_database: str, services: Services) -> Iterator[None]:
    """What a test made beside the clone goes with it."""
    yield
    aliases.forget_all()
    with owner_connection() as admin:
        rows = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'humana_own_%'").fetchall()
    for (name,) in rows:
        drop(name, services)  # not as the owner, who may not end an autovacuum


def found(plan: Plan = Plan.BUSINESS, **options: Any) -> Organization:
    slug = f"own-{uuid.uuid4().hex[:8]}"
    owner = User.objects.create_user(f"dora@{slug}.example", "quiet-harbour-71", name="Dora")
    return found_organization(name="Own", slug=slug, owner=owner, plan=plan, **{"now": True, **options})


def job_of(organization: Organization) -> PlacementJob:
    return PlacementJob.objects.get(organization=organization)


def resume(organization: Organization) -> PlacementJob:
    """What the sweep and a worker do."""
    PlacementJob.objects.filter(organization=organization).update(retry_at=None)
    jobs.work_on(job_of(organization).id)
    organization.refresh_from_db()
    return job_of(organization)


@pytest.mark.parametrize(
    ("plan", "isolation"),
    [
        pytest.param(Plan.FREE, Isolation.ROW, marks=pytest.mark.pool_only("the pool is what it is about")),
        pytest.param(Plan.PRO, Isolation.ROW, marks=pytest.mark.pool_only("the pool is what it is about")),
        (Plan.BUSINESS, Isolation.SCHEMA),
        (Plan.ENTERPRISE, Isolation.DATABASE),
    ],
)
def test_the_plan_decides_where_rows_live(plan: Plan, isolation: str) -> None:
    organization = found(plan)
    assert organization.placement.isolation == isolation
    assert organization.state == Organization.State.ACTIVE
    with use_tenant(organization.context):
        assert Companion.objects.exists()
        assert AuditEntry.objects.exists()


@OWN
def test_its_rows_are_there_and_nowhere_else(plan: Plan) -> None:
    organization = found(plan)
    placement = organization.placement
    with use_tenant(organization.context):
        with tenant_atomic():
            value = Value.objects.create(title="Alone", description="Here")
        assert value._state.db == placement.database
    query = f'SELECT count(*) FROM "{placement.schema_name}".companions_value WHERE id = %s'.encode()
    context, here = organization.context, [organization.id.hex]
    with use_tenant(context), owner_connection(placement.database) as connection:
        connection.execute("SELECT set_config('humana.organization', %s, false)", here)
        assert connection.execute(query, [value.id]).fetchone() == (1,)
    with owner_connection() as connection:
        connection.execute("SELECT set_config('humana.organization', %s, false)", here)
        pool = connection.execute("SELECT count(*) FROM pool_main.companions_value WHERE id = %s", [value.id])
        assert pool.fetchone() == (0,)


@OWN
def test_a_worker_that_never_planned_does_it_inside_the_job(plan: Plan) -> None:
    scripts._script.cache_clear()
    assert found(plan).state == Organization.State.ACTIVE


@OWN
def test_the_rows_of_the_control_plane_are_still_its_own(plan: Plan) -> None:
    organization = found(plan)
    with use_tenant(organization.context):
        Team.objects.create(organization=organization, name="Night")
        assert [team.name for team in Team.objects.all()] == ["Night"]
    assert not Team.objects.exists()


def test_a_database_is_closed_to_its_organization_s_neighbours() -> None:
    """The address is read inside the organization only, and another one's context does not open it."""
    one, other = found(Plan.ENTERPRISE), found(Plan.FREE)
    aliases.forget_all()
    with use_tenant(other.context), pytest.raises(HumanaError):
        connections[one.placement.database].cursor()


@OWN
def test_cut_off_at_any_step_it_is_resumed(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    organization = found(plan, now=False)
    steps = list(provision.STEPS)
    for broken in steps:
        with monkeypatch.context() as patch:
            patch.setitem(jobs.PLANS, "provision", lambda name=broken.name: _failing_after(steps, name))
            job = resume(organization)
            assert job.state == PlacementJob.State.RUNNING
            assert job.error
    job = resume(organization)
    assert job.state == PlacementJob.State.DONE
    assert organization.state == Organization.State.ACTIVE
    with use_tenant(organization.context):
        names = list(Companion.objects.values_list("name", flat=True))
    assert len(names) == len(set(names)) == 2, "furnished once, however often it was tried"


def _failing_after(steps: list[jobs.Step], name: str) -> list[jobs.Step]:
    """The step does its work, and the worker dies before it can say so."""

    def act(job: PlacementJob) -> None:
        next(step for step in steps if step.name == name).act(job)
        raise ZeroDivisionError

    return [jobs.Step(name, act) if step.name == name else step for step in steps]


@OWN
def test_commands_find_every_placement(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    """As at a deploy: nobody is in an organization then."""
    placement = found(plan).placement
    aliases.forget_all()
    call_command("migrate_placements", placement=placement.name)
    assert f"{placement.name}: already" in capsys.readouterr().out
    with suppress(CommandError):  # databases of other tests are gone by now
        call_command("audit_placements")
    assert f"{placement.name}: holds" in capsys.readouterr().out


def test_only_one_worker_at_a_time() -> None:
    organization = found(now=False)
    job = job_of(organization)
    with jobs.alone(job.id) as mine:
        assert mine
        assert jobs.work_on(job.id) is None
    done = jobs.work_on(job.id)
    assert done is not None
    assert done.state == PlacementJob.State.DONE


def test_nobody_enters_before_it_is_ready() -> None:
    organization = found(now=False)
    owner = organization.memberships.get().user
    with pytest.raises(HumanaError):
        membership_at(user=owner, slug=organization.slug)
    resume(organization)
    assert membership_at(user=owner, slug=organization.slug)


def test_a_placement_that_does_not_isolate_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody lifts FORCE between the making and the audit."""
    organization = found(now=False)
    make = preparing.make_schema

    def careless(placement: Placement, organization: Organization) -> None:
        make(placement, organization)
        with owner_connection() as connection:
            table = f'"{placement.schema_name}".chats_chat'
            connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY".encode())

    with monkeypatch.context() as patch:
        patch.setattr(preparing, "make_schema", careless)
        job = resume(organization)
    assert job.state == PlacementJob.State.FAILED
    assert "chats_chat" in job.error
    assert organization.state == Organization.State.PROVISIONING
    with owner_connection() as connection:
        table = f'"{organization.placement.schema_name}".chats_chat'
        connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY".encode())
    jobs.try_again(job=job)
    assert resume(organization).state == PlacementJob.State.DONE


def test_the_report_is_signed_and_says_what_holds() -> None:
    job = job_of(found(Plan.ENTERPRISE))
    assert job.report["audit"]["row_level_security"] is True
    assert job.report["engine"].startswith("PostgreSQL")
    assert set(job.report["seconds"]) == {step.name for step in jobs.steps_of(PlacementJob.Kind.PROVISION)}
    assert reports.is_genuine(job)
    job.report["audit"]["row_level_security"] = False
    assert not reports.is_genuine(job)


def test_schemas_are_capped(settings: Any) -> None:
    settings.HUMANA_MOST_SCHEMAS = Placement.objects.filter(isolation=Isolation.SCHEMA).count()
    with pytest.raises(Conflict):
        found()


def test_a_placement_behind_the_code_answers_for_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    organization, other = found(), found(Plan.FREE)
    monkeypatch.setitem(levels.NEEDED, "chats", 9999)
    up_to_date = " ".join(f"{app}:{number}" for app, number in levels.NEEDED.items())
    Placement.objects.filter(id=other.placement_id).update(migrated=up_to_date)
    organization, other = (Organization.objects.get(id=one.id) for one in (organization, other))
    with pytest.raises(HumanaError) as refusal, use_tenant(organization.context):
        pass
    assert (refusal.value.status, refusal.value.code) == (503, "behind")
    with use_tenant(other.context):
        assert Companion.objects.exists()


@pytest.mark.parametrize("slug", ["pg-catalog", "select", "1-2-3", "a" * 50, "user"])
def test_names_that_sql_could_take_amiss(slug: str) -> None:
    owner = User.objects.create_user(f"dora@{slug}.example", "quiet-harbour-71", name="Dora")
    organization = found_organization(
        name="'; DROP SCHEMA public; --", slug=slug, owner=owner, plan=Plan.BUSINESS, now=True
    )
    assert organization.state == Organization.State.ACTIVE
    assert len(organization.placement.schema_name) <= 63


def test_a_database_of_ones_own_holds_the_roles(django_db_blocker: Any) -> None:
    organization = found(Plan.ENTERPRISE)
    with use_tenant(organization.context), connections[organization.placement.database].cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        role, name = cursor.fetchone()
        database = owner_settings(organization.placement.database)["NAME"]
    assert (role, name) == ("humana_app", database)
    with owner_connection(name=database) as owner:
        expected = catalogue.Expected(organization.placement.schema_name, "humana_owner", "humana_app")
        assert catalogue.problems(owner, expected) == []
        owner.execute(f'GRANT SELECT ON "{organization.placement.schema_name}".chats_chat TO PUBLIC'.encode())
        with pytest.raises(Misconfigured):
            catalogue.audit(owner, expected)


def test_threads_leave_no_connection_behind() -> None:
    organization = found(Plan.ENTERPRISE)
    alias = organization.placement.database
    with use_tenant(organization.context):
        assert Companion.objects.exists()
        assert connections[alias].connection is not None
    threads_own: Any = connections
    assert not hasattr(threads_own._connections, alias)
    assert alias in aliases.known()


def test_an_operator_reads_why_it_stopped_and_tries_again(client: Client, monkeypatch: Any) -> None:
    """The schema cannot be made at first; the console says so, and one action goes on."""
    organization = found(now=False)

    def refuse(placement: Placement, organization: Organization) -> None:
        raise Conflict("The disk of the server is full. Make room, then try again.")

    with monkeypatch.context() as patch:
        patch.setattr(preparing, "make_schema", refuse)
        job = resume(organization)
    assert job.state == PlacementJob.State.FAILED
    operator = User.objects.create_user(
        f"op-{uuid.uuid4().hex[:8]}@humana.example", "quiet-harbour-71", is_staff=True
    )
    assert client.login(email=operator.email, password="quiet-harbour-71")
    page = "/admin/tenants/placementjob/"
    assert "The disk of the server is full" in client.get(page).content.decode()
    client.post(page, {"action": "once_more", "_selected_action": [str(job.id)], "confirmed": "1"})
    assert resume(organization).state == PlacementJob.State.DONE


def signed_in(organization: Organization) -> Client:
    client = Client(raise_request_exception=False)
    owner = organization.memberships.get().user
    assert client.login(email=owner.email, password="quiet-harbour-71")
    return client


def test_a_database_that_is_down_is_said_plainly_and_to_its_people_only() -> None:
    cerrado, aurora = found(Plan.ENTERPRISE), found(Plan.FREE)
    with use_tenant(cerrado.context):
        database = owner_settings(cerrado.placement.database)["NAME"]
    aliases.forget_all()
    with owner_connection() as owner:
        owner.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false'.encode())
    page = signed_in(cerrado).get(f"/o/{cerrado.slug}/", headers={"accept-language": "en"})
    assert page.status_code == 503
    assert page["Retry-After"] == "15"
    assert "database does not answer just now" in html.unescape(page.content.decode())
    assert signed_in(aurora).get(f"/o/{aurora.slug}/").status_code == 200
    with owner_connection() as owner:
        owner.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true'.encode())
    aliases.forget_all()  # or wait for the pause to pass
    assert signed_in(cerrado).get(f"/o/{cerrado.slug}/").status_code == 200


def test_so_is_a_name_that_leads_nowhere() -> None:
    cerrado = found(Plan.ENTERPRISE)
    key, _version = cerrado.placement.database.removeprefix("at_o").split("_")
    aliases.forget_all()
    with use_tenant(cerrado.context):
        Endpoint.objects.filter(id=key).update(origin="postgresql://nowhere.invalid:5432")
    page = signed_in(cerrado).get(f"/o/{cerrado.slug}/", headers={"accept-language": "en"})
    assert (page.status_code, page["Retry-After"]) == (503, "15")
    assert "nowhere.invalid" not in page.content.decode(), "whose servers these are is nobody's business"
    with use_tenant(cerrado.context):
        Endpoint.objects.filter(id=key).update(origin="")
    aliases.forget_all()
    assert signed_in(cerrado).get(f"/o/{cerrado.slug}/").status_code == 200
