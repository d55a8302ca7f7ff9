"""The main place of a mixed organization moves, and in the end all of it goes."""

from __future__ import annotations

import pytest

from chats.models import Run
from companions.models import Companion
from companions.services.companions import edit_companion
from tenants.context import current_tenant, use_tenant
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.owner import owner_connection
from tenants.places import at_main, within
from tenants.services.placing import moving
from tenants.services.placing.removing import deprovision
from tenants.transactions import tenant_atomic
from tests.fixtures.mixed import EVERYBODY, IN_DATABASE, IN_SCHEMA, Mixed, found_mixed
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server
from tests.tenants.test_moving import worked_on
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]
ELSEWHERE = pytest.mark.parametrize("name", [IN_SCHEMA, IN_DATABASE])
TO = pytest.mark.parametrize("isolation", [Isolation.SCHEMA, Isolation.DATABASE])


@pytest.fixture
def leaving(cloned_database: str) -> Mixed:
    """One that moves, or goes."""
    return found_mixed()


def moved(mixed: Mixed, isolation: str) -> None:
    organization = Organization.objects.get(id=mixed.organization.id)
    job = worked_on(moving.move(organization=organization, isolation=isolation))
    assert (job.state, job.error) == (PlacementJob.State.DONE, "")


@TO
@ELSEWHERE
def test_an_edit_begun_before_main_moved_reaches_the_entry_where_it_is_now(
    leaving: Mixed, name: str, isolation: str
) -> None:
    """The block is in the companion's place, and remembers where main was."""
    companion = leaving.companions[name]
    with use_tenant(leaving.elsewhere(name)):
        moved(leaving, isolation)
        edit_companion(companion=companion, purpose="After the move")
    with use_tenant(leaving.context):
        assert Companion.objects.get(id=companion.id).purpose == "After the move"
        with within("companion_id", companion.id):
            assert Companion.objects.get(id=companion.id).purpose == "After the move"


def test_a_transaction_elsewhere_follows_main_for_what_it_writes_there(leaving: Mixed) -> None:
    """The schema and the pool are in one database: the inner block is in the same transaction."""
    with use_tenant(leaving.elsewhere(IN_SCHEMA)):
        moved(leaving, Isolation.SCHEMA)
        with tenant_atomic():
            place = current_tenant().placement
            with at_main(), tenant_atomic():
                assert current_tenant() == leaving.context
            assert current_tenant().placement == place


@TO
def test_after_main_has_moved_everything_is_found_and_goes_on(
    leaving: Mixed, isolation: str, server: Server, scripted_model: ScriptedModel
) -> None:
    chats = {name: leaving.start(name, f"before {name}") for name in EVERYBODY}
    moved(leaving, isolation)
    client = leaving.client
    page = client.get(leaving.address("companions/")).content.decode()
    assert all(f"<strong>{name}</strong>" in page for name in EVERYBODY)
    for name, chat in chats.items():
        assert client.get(leaving.address(f"chats/{chat.id}/")).status_code == 200, name
        client.post(leaving.address(f"chats/{chat.id}/messages/"), {"text": f"say:Still%20{name}"})
        with use_tenant(leaving.context), within("chat_id", chat.id):
            run_id = Run.objects.get(chat_id=chat.id).id
        assert leaving.until_done(run_id).message.text == f"Still {name}"


@TO
def test_after_main_has_moved_all_of_it_can_be_removed(leaving: Mixed, isolation: str) -> None:
    leaving.start(IN_DATABASE, "last words")
    moved(leaving, isolation)
    schemas = [one.schema_name for one in Placement.objects.filter(further_of=leaving.organization)]
    organization = Organization.objects.get(id=leaving.organization.id)
    schemas.append(organization.placement.schema_name)
    job = worked_on(deprovision(organization=organization))
    assert (job.state, job.error) == (PlacementJob.State.DONE, "")
    assert not Placement.objects.filter(schema_name__in=schemas).exists()
    with owner_connection() as owner:
        left = owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = ANY(%s)", [schemas]).fetchall()
    assert left == []
