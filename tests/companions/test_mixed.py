"""A mixed organization: most companions in the pool, one in a schema of its own, one in a database."""

from __future__ import annotations

import html
import time
import uuid
from collections.abc import Iterator

import openai
import pytest
from celery import current_app
from django.test import Client
from django.utils.translation import override

from audit.models import AuditEntry, Outbox
from audit.services.chain import verify
from chats.models import Chat, Run
from chats.queries import access_chat, recent_chats
from chats.services import conversations
from chats.services.replies import ask
from companions.models import Companion, PromptSnapshot
from companions.queries import inheritance, placement_of
from companions.services.companions import edit_companion
from companions.services.placing import place_companion
from companions.services.policies import publish_policy
from companions.services.previewing import preview_brand, preview_policy
from humana.kernel.errors import Conflict, Misconfigured, NotFound
from tenants.context import current_tenant, use_tenant
from tenants.db import aliases
from tenants.jobs import enqueue_on_commit
from tenants.models import Isolation, Membership, Organization, Placement, PlacementJob, User
from tenants.owner import owner_connection
from tenants.places import gather, within
from tenants.services.further import add_placement
from tenants.services.placing.jobs import work_on
from tenants.services.placing.removing import deprovision
from tenants.transactions import tenant_atomic
from tests.fixtures.mixed import AT_HOME, EVERYBODY, IN_DATABASE, IN_SCHEMA, PASSWORD, Mixed, found_mixed
from tests.fixtures.models import ScriptedModel
from tests.fixtures.server import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", [IN_SCHEMA, IN_DATABASE])
def test_a_companion_is_stored_whole_in_its_place_and_main_keeps_its_entry(mixed: Mixed, name: str) -> None:
    companion, placement = mixed.companions[name], mixed.placements[name]
    with use_tenant(mixed.context):
        entry = Companion.objects.get(id=companion.id)
        assert (entry.name, entry.purpose, entry.base_prompt) == (name, f"{name} answers", "")
        assert entry.placement_id == placement.id
        with within("companion_id", companion.id) as place:
            whole = Companion.objects.get(id=companion.id)
            assert place.placement.schema == placement.schema_name
            assert (whole.base_prompt, whole.placement_id) == (f"You are {name}.", None)
            assert [one.name for one in Companion.objects.all()] == [name], "and nobody else"


def test_what_is_inherited_is_read_in_the_main_placement(mixed: Mixed) -> None:
    with use_tenant(mixed.context), within("companion_id", mixed.companions[IN_DATABASE].id):
        told = inheritance(Companion.objects.get()).prompt()
    assert told.startswith("You are Dina.")
    assert "- Calm: We take our time." in told


def test_an_edit_reaches_the_companion_and_its_entry(mixed: Mixed) -> None:
    companion = mixed.companions[IN_DATABASE]
    with use_tenant(mixed.context):
        edit_companion(companion=companion, purpose="Counts", base_prompt="You are Dina, who counts.")
        entry = Companion.objects.get(id=companion.id)
        assert (entry.purpose, entry.base_prompt, entry.version) == ("Counts", "", 2)
        with within("companion_id", companion.id):
            whole = Companion.objects.get(id=companion.id)
        assert (whole.purpose, whole.base_prompt) == ("Counts", "You are Dina, who counts.")
        edit_companion(companion=companion, purpose="Dina answers", base_prompt="You are Dina.")


def test_lists_and_pickers_show_every_companion(mixed: Mixed) -> None:
    page = html.unescape(mixed.client.get(mixed.address("companions/")).content.decode())
    assert all(f"<strong>{name}</strong>" in page for name in EVERYBODY)
    for name in EVERYBODY:
        own = mixed.client.get(mixed.address(f"companions/{name.lower()}/"))
        assert own.status_code == 200
        assert "We take our time." in own.content.decode()


def test_chats_of_every_place_are_one_list_in_order(mixed: Mixed) -> None:
    ages = [(IN_DATABASE, 10), (AT_HOME, 20), (IN_SCHEMA, 30), ("Bento", 40), (IN_DATABASE, 50)]
    started = [mixed.start(name, f"order {ago}", minutes_ago=ago).id for name, ago in ages]
    page = mixed.client.get(mixed.address("chats/")).content.decode()
    places_in_page = [page.rindex(str(one)) for one in started]  # the list follows the sidebar
    assert places_in_page == sorted(places_in_page)
    with use_tenant(mixed.context):
        merged = [one.id for one in recent_chats(mixed.owner, stop=300).found if one.id in started]
        assert merged == started
        second = recent_chats(mixed.owner, start=1, stop=3).found
        assert [one.id for one in second] == [one.id for one in recent_chats(mixed.owner, stop=300).found][
            1:3
        ]


@pytest.mark.in_turn(3)
@pytest.mark.parametrize("name", [AT_HOME, IN_SCHEMA, IN_DATABASE])
def test_talking_through_pages(
    mixed: Mixed, name: str, server: Server, scripted_model: ScriptedModel
) -> None:
    """Start, ask, be answered by a real web process, find it, rename it, delete it, take it back."""
    client = mixed.client
    begun = client.post(
        mixed.address(f"companions/{name.lower()}/start/"), {"text": f"say:Bom%20dia%20{name}"}
    )
    address = begun.headers["Location"]
    chat_id = uuid.UUID(address.rstrip("/").rsplit("/", 1)[1])
    home = mixed.placements[name].id if name in mixed.placements else mixed.organization.placement_id
    assert mixed.where(chat_id) == home
    with use_tenant(mixed.context), within("chat_id", chat_id):
        run_id = Run.objects.get(chat_id=chat_id).id
    run = mixed.until_done(run_id)
    assert (run.state, run.message.text) == (Run.State.DONE, f"Bom dia {name}")
    told = scripted_model.last.body["messages"][0]["content"]
    assert told.startswith(f"You are {name}.")
    assert "We take our time." in told
    assert f"Bom dia {name}" in client.get(address).content.decode()
    why = client.get(mixed.address(f"messages/{run.message_id}/why/"))
    assert "We take our time." in why.content.decode()
    client.post(f"{address}rename/", {"title": f"Harvest with {name}"})
    found = client.get(mixed.address("search/?q=harvest")).content.decode()
    assert str(chat_id) in found
    client.post(f"{address}remove/")
    assert client.get(address).status_code == 404
    assert f'href="{address}"' not in client.get(mixed.address("chats/")).content.decode()
    client.post(f"{address}restore/")
    assert client.get(address).status_code == 200
    client.post(f"{address}remove/")


def test_a_policy_published_in_main_is_looked_ahead_at_and_in_the_very_next_prompt_of_each_place(
    mixed: Mixed, server: Server, scripted_model: ScriptedModel
) -> None:
    words = {"name": "Privacy", "regulation": "LGPD"}
    chats = {name: mixed.start(name, "rules") for name in (AT_HOME, IN_DATABASE)}
    there = {"companions": [str(mixed.companions[IN_DATABASE].id)]}

    def prompt(name: str) -> str:
        with use_tenant(mixed.context), within("chat_id", chats[name].id):
            chat = access_chat(member=mixed.owner, chat_id=chats[name].id)
            run = ask(member=mixed.owner, chat=chat, text="say:ok")
        assert mixed.until_done(run.id).state == Run.State.DONE
        told: str = scripted_model.last.body["messages"][0]["content"]
        return told

    with use_tenant(mixed.context):
        told = preview_policy(**words, requirement="Say round 0.", audience=there)
        (change,) = told.changes
        assert (change.companion.name, change.coverage, told.of) == (IN_DATABASE, "new", len(EVERYBODY))
        diffs = {one.companion.name: one.diff for one in preview_brand(style="short").changes}
        assert "+- Communication Style: short" in diffs[IN_DATABASE]
        policy = publish_policy(**words, requirement="Say round 0.", audience=there)
    for number in range(2):
        with use_tenant(mixed.context):
            publish_policy(policy=policy, **words, requirement=f"Say round {number}.")
        assert f"- LGPD: Say round {number}." in prompt(IN_DATABASE)
        assert "round" not in prompt(AT_HOME)
    with use_tenant(mixed.context):
        publish_policy(policy=policy, **words, requirement="Say round 1.", audience={})
        assert "Say round 1." in prompt(AT_HOME)
        publish_policy(policy=policy, **words, requirement="Say round 1.", active=False)
    assert "round" not in prompt(IN_DATABASE)


def test_events_of_a_run_elsewhere_are_read_and_it_can_be_stopped(
    mixed: Mixed, server: Server, scripted_model: ScriptedModel
) -> None:
    chat = mixed.start(IN_DATABASE, "stop me")
    client = mixed.client
    client.post(mixed.address(f"chats/{chat.id}/messages/"), {"text": "paced:1000:20"})
    with use_tenant(mixed.context), within("chat_id", chat.id):
        run_id = Run.objects.get(chat_id=chat.id).id
    deadline = time.monotonic() + 10
    while mixed.run(run_id).state != Run.State.STREAMING and time.monotonic() < deadline:
        time.sleep(0.03)
    assert connections_to(mixed) == 0, "no connection is held while the model speaks"
    client.post(mixed.address(f"runs/{run_id}/stop/"))
    assert mixed.until_done(run_id).state == Run.State.STOPPED


def connections_to(mixed: Mixed) -> int:
    """Sessions at the database of its own that are inside a transaction."""
    aliases.close_mine()
    name = mixed.database
    with owner_connection() as owner:
        found = owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state <> 'idle'", [name]
        ).fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize("name", [AT_HOME, IN_SCHEMA, IN_DATABASE])
def test_the_openai_door_finds_each_companion(
    mixed: Mixed, name: str, server: Server, scripted_model: ScriptedModel
) -> None:
    import httpx2

    headers = {"Authorization": f"Bearer {mixed.key}"}
    body = {"model": name.lower(), "messages": [{"role": "user", "content": "say:Hello"}]}
    answer = httpx2.post(f"{server.url}/v1/chat/completions", headers=headers, json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "Hello"
    home = mixed.placements[name].id if name in mixed.placements else mixed.organization.placement_id
    with use_tenant(mixed.context), within("companion_id", mixed.companions[name].id) as place:
        assert place.placement.id == home
        assert Chat.objects.filter(origin=Chat.Origin.OPENAI, companion__name=name).exists()
        assert PromptSnapshot.objects.exists()


@pytest.mark.parametrize("name", [IN_SCHEMA, IN_DATABASE])
def test_a_response_is_gone_on_from_where_its_companion_lives(
    mixed: Mixed, name: str, server: Server, scripted_model: ScriptedModel
) -> None:
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=mixed.key, max_retries=0)
    first = client.responses.create(model=name.lower(), input="say:One")
    second = client.responses.create(model=name.lower(), input="say:Two", previous_response_id=first.id)
    told = [one["content"] for one in scripted_model.last.body["messages"][1:]]
    assert told == ["say:One", "One", "say:Two"]
    assert client.responses.retrieve(first.id) == first
    assert "say:Two" in client.responses.input_items.list(second.id).to_json()
    with pytest.raises(openai.BadRequestError) as refusal:
        client.responses.create(model=AT_HOME.lower(), input="And?", previous_response_id=first.id)
    assert refusal.value.code == "model_mismatch"
    for one in (first, second):
        client.responses.delete(one.id)
        with pytest.raises(openai.NotFoundError):
            client.responses.create(model=name.lower(), input="And?", previous_response_id=one.id)
    run_id = uuid.UUID(first.id.removeprefix("resp_"))
    with use_tenant(mixed.context), within("companion_id", mixed.companions[name].id):
        chat_id = Run.objects.get(id=run_id).chat_id
        assert Chat.everything.get(id=chat_id).removed_at, "all that was in it was let go"
    with use_tenant(mixed.context):
        assert not Chat.everything.filter(id=chat_id).exists(), "nothing of it was ever in the main placement"


def test_no_chat_can_point_at_an_entry(mixed: Mixed) -> None:
    with use_tenant(mixed.context):
        entry = Companion.objects.get(id=mixed.companions[IN_SCHEMA].id)
        with pytest.raises(Misconfigured):
            conversations.start_chat(member=mixed.owner, companion=entry)


def test_only_a_companion_without_chats_is_given_a_place(mixed: Mixed) -> None:
    mixed.start("Caio", "already here")
    with use_tenant(mixed.context):
        with pytest.raises(Conflict) as refusal:
            place_companion(
                companion_id=mixed.companions["Caio"].id, placement_id=mixed.placements[IN_SCHEMA].id
            )
        assert refusal.value.code == "has_chats"
        with pytest.raises(NotFound):
            place_companion(companion_id=mixed.companions["Bento"].id, placement_id=uuid.uuid4())


def test_a_shared_pool_is_no_further_place(mixed: Mixed) -> None:
    with pytest.raises(Conflict):
        add_placement(organization=mixed.organization, isolation=Isolation.ROW)


def test_another_organization_finds_nothing_of_it(mixed: Mixed) -> None:
    """The other one is mixed as well, in the same pool and beside the same schemas."""
    other = found_mixed()
    chats = [mixed.start(name, "private") for name in (AT_HOME, IN_SCHEMA, IN_DATABASE)]
    theirs = other.client
    for chat in chats:
        assert theirs.get(other.address(f"chats/{chat.id}/")).status_code == 404
        assert str(chat.id) not in theirs.get(other.address("chats/")).content.decode()
        with use_tenant(other.context), pytest.raises(NotFound):
            access_chat(member=other.owner, chat_id=chat.id)
    assert "Nothing found" in theirs.get(other.address("search/?q=private")).content.decode()
    foreign = other.context.further(mixed.placements[IN_SCHEMA].ref)
    with use_tenant(foreign):
        assert not Chat.objects.exists()
        assert not Companion.objects.exists()


def test_what_is_written_in_a_placement_of_somebody_else_goes_home(mixed: Mixed) -> None:
    other = found_mixed()
    with use_tenant(other.context.further(mixed.placements[IN_DATABASE].ref)), tenant_atomic():
        assert current_tenant() == other.context


@pytest.mark.parametrize("name", [IN_SCHEMA, IN_DATABASE])
def test_each_place_has_a_trail_of_its_own_that_holds(mixed: Mixed, name: str) -> None:
    chat = mixed.start(name, "traced")
    with use_tenant(mixed.context):
        assert not AuditEntry.objects.filter(resource_id=str(chat.id)).exists()
        assert verify().holds
        with within("chat_id", chat.id):
            assert AuditEntry.objects.filter(action="chats.chat.started", resource_id=str(chat.id)).exists()
            assert verify().holds


@pytest.mark.pool_only("its main place is the pool, which the page names")
def test_people_who_manage_see_where_everything_lives(mixed: Mixed) -> None:
    page = html.unescape(mixed.client.get(mixed.address("places/")).content.decode())
    for name, placement in mixed.placements.items():
        assert name in page
        assert placement.name in page
    with override("en"):
        assert all(str(one.label) in page for one in Isolation)
    visitor = User.objects.create_user(f"{uuid.uuid4().hex}@mixed.example", PASSWORD, name="Vera")
    Membership.objects.create(organization=mixed.organization, user=visitor, role="member")
    theirs = Client()
    theirs.force_login(visitor, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert theirs.get(mixed.address("places/")).status_code == 403
    assert mixed.address("places/") not in theirs.get(mixed.address()).content.decode()


def test_the_trail_page_merges_the_trails_and_verifies_each_chain(mixed: Mixed) -> None:
    chats = [mixed.start(name, "told") for name in (AT_HOME, IN_SCHEMA, IN_DATABASE)]
    client = mixed.client
    page = client.get(mixed.address("trail/?action=chats.chat.started&verify=1"))
    text = page.content.decode()
    at = [text.index(str(one.id)) for one in reversed(chats)]
    assert at == sorted(at), "the latest first, over every place"
    assert text.count("holds: ") == 3
    seen, query = [], ""
    while query is not None:
        told = client.get(mixed.address(f"trail/?{query}")).context
        seen += [entry.id for entry in told["entries"]]
        query = told["older"]
    with use_tenant(mixed.context):
        whole = gather(lambda: list(AuditEntry.objects.values_list("id", flat=True))).found
    assert sorted(seen) == sorted(whole), "every entry once, on as many pages as it takes"


def test_operators_see_each_companion_s_place(mixed: Mixed) -> None:
    with use_tenant(mixed.context):
        rows = {one.name: placement_of(one) for one in Companion.objects.all()}
    assert rows[AT_HOME] == mixed.organization.placement
    assert {name: rows[name] for name in mixed.placements} == mixed.placements


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are published."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def test_a_title_task_is_done_where_its_chat_is(mixed: Mixed, eager: None) -> None:
    """Its outbox item is in the further placement; a worker that entered the main one would miss it."""
    chat = mixed.start(IN_DATABASE, "untold")
    with use_tenant(mixed.context), within("chat_id", chat.id), tenant_atomic():
        enqueue_on_commit("chats.title", chat_id=chat.id)
    with use_tenant(mixed.context), within("chat_id", chat.id):
        assert Outbox.objects.get(arguments={"chat_id": str(chat.id)}).state == Outbox.State.DONE


def test_without_the_look_around_nothing_elsewhere_is_found(
    mixed: Mixed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard off: a view that stays in the main placement has no such chat."""
    chat = mixed.start(IN_SCHEMA, "elsewhere")
    address = mixed.address(f"chats/{chat.id}/")
    assert mixed.client.get(address).status_code == 200
    monkeypatch.setattr("tenants.middleware.go_where", lambda named: None)
    assert mixed.client.get(address).status_code == 404


def test_without_its_row_a_placement_takes_no_writes(mixed: Mixed) -> None:
    """A further placement is one only while the control plane says so."""
    placement = mixed.placements[IN_DATABASE]
    context = mixed.context.further(placement.ref)
    with use_tenant(context), tenant_atomic():
        assert current_tenant() == context
    Placement.objects.filter(id=placement.id).update(further_of=None)
    try:
        with use_tenant(context), tenant_atomic():
            assert current_tenant() == mixed.context
    finally:
        Placement.objects.filter(id=placement.id).update(further_of=mixed.organization)


def test_removing_the_organization_removes_every_place(mixed: Mixed) -> None:
    """Its neighbour, mixed in the same way, keeps everything."""
    gone = found_mixed()
    gone.start(IN_DATABASE, "last words")
    database = gone.database
    job = deprovision(organization=Organization.objects.get(id=gone.organization.id), later=False)
    work_on(job.id)
    job.refresh_from_db()
    assert (job.state, job.error) == (PlacementJob.State.DONE, "")
    ids = [one.id for one in gone.placements.values()]
    assert not Placement.objects.filter(id__in=ids).exists()
    schemas = [one.schema_name for one in gone.placements.values()]
    with owner_connection() as owner:
        left = owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = ANY(%s)", [schemas]).fetchall()
        left += owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchall()
    assert left == []
    with use_tenant(mixed.context), within("companion_id", mixed.companions[IN_DATABASE].id):
        assert Companion.objects.get().name == IN_DATABASE
