"""A web process, a worker and beat work for a day under strace: no dial was seen that nobody let out."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from byoc import endpoints, storage
from byoc.models import Watch
from byoc.queries_health import health_report
from byoc.sealing import sealed_credentials
from humana.embedded.process import free_port
from tenants.context import use_tenant
from tenants.models import Membership
from tenants.queries import report_file
from tests.byoc.rows import connected
from tests.chats.conftest import desk_at
from tests.egress.kernel import Account, Connect, account, installations_own, under_strace, until_written
from tests.egress.test_mail import Kept, post  # noqa: F401
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import PASSWORD, REPORT, World, build_world
from tests.fixtures.server import Server, running_server
from tests.fixtures.worker import running_beat, running_worker
from tests.peers.answering import Answering
from tests.peers.moto import Moto
from tests.tenants.test_customers_servers import Address, moves_in, one_role  # noqa: F401
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [pytest.mark.adapters, pytest.mark.needs("strace"), pytest.mark.django_db(transaction=True)]

TRACED = {"DJANGO_SETTINGS_MODULE": "tests.egress.traced_settings"}
PLANTED = str(Path(__file__).parent / "planted")
WEBHOOK = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Watched:
    """A process under strace: where the kernel's word and its own are written."""

    trace: Path
    log: Path

    def account(self, pid: int) -> Account:
        until_written(self.trace, pid)
        return account(self.trace, self.log, installations_own())


def watched(folder: Path, name: str) -> Watched:
    return Watched(folder / f"{name}.trace", folder / f"{name}.log")


@pytest.fixture
def service() -> Iterator[Answering]:
    answering = Answering()
    answering.start()
    yield answering
    answering.stop()


def a_world(kind: str) -> World:
    return build_world(f"{kind}-{uuid.uuid4().hex[:8]}")


def until(told: Callable[[], Any], what: Callable[[], object] = lambda: None, seconds: float = 30) -> None:
    """Do `what` and look, again and again, until it is so."""
    deadline = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < deadline, "it did not become so"
        what()
        time.sleep(0.3)


@pytest.mark.needs("moto")
def test_every_dial_of_a_days_work_was_let_out(
    cloned_database: str, one_role: Address, moto: Moto, scripted_model: ScriptedModel,  # noqa: F811
    service: Answering, post: tuple[Kept, int], tmp_path: Path,  # noqa: F811
) -> None:  # fmt: skip
    web, work, clock = (watched(tmp_path, name) for name in ("web", "worker", "beat"))
    own = {**TRACED, "HUMANA_SMTP_URL": f"smtp+plain://127.0.0.1:{post[1]}"}
    with ExitStack() as stack:
        model = scripted_model.openai_url
        server = stack.enter_context(running_server(model, web.log, under=under_strace(web.trace), **own))
        worker = stack.enter_context(running_worker(work.log, under=under_strace(work.trace), **own))
        beat = stack.enter_context(running_beat(clock.log, under=under_strace(clock.trace), **own))
        people_talk_to_a_model_of_their_own(server, scripted_model)
        failing = another_model_answers_for_one_that_fails(server, service, scripted_model)
        a_file_is_read_from_a_storage_of_their_own(server, moto)
        a_page_is_read_from_a_database_of_their_own(server, one_role)
        the_customer_hears_of_what_fails(failing, service, post[0])
    of_web, of_worker = web.account(server.process.pid), work.account(worker.pid)
    of_beat = clock.account(beat.pid)
    print(f"\nweb: {of_web}\nworker: {of_worker}\nbeat: {of_beat}\nall: {of_web + of_worker + of_beat}")
    assert (of_web + of_worker + of_beat).unexplained == []
    everybody = {scripted_model.port, service.port, int(moto.port), int(one_role.port)}
    assert everybody <= ports(of_web.by_guard)
    assert {*everybody, post[1]} <= ports(of_worker.by_guard)
    assert of_web.own
    assert of_worker.own
    assert of_beat.own
    assert of_beat.by_guard == [], "it sends tasks, and speaks with nobody itself"


def ports(connects: list[Connect]) -> set[int]:
    return {connect.port for connect in connects}


def people_talk_to_a_model_of_their_own(server: Server, scripted: ScriptedModel) -> None:
    world = a_world("talks")
    connected(world, scripted.openai_url.replace("127.0.0.1", "localhost"), key="sk-of-their-own")
    person = signed_in(server, world.owner)
    text = asked(person, world, "say:Good%20morning")
    until(lambda: "Good morning" in person.get(text).text)
    assert scripted.last.headers["authorization"] == "Bearer sk-of-their-own"


def signed_in(server: Server, who: Membership) -> httpx2.Client:
    """By the form, as people do. The client follows, and keeps cookies."""
    person = httpx2.Client(base_url=server.url, follow_redirects=True, timeout=30)
    person.get("/accounts/login/")
    answer = sent(person, "/accounts/login/", {"login": who.user.email, "password": PASSWORD})
    assert "/accounts/" not in str(answer.url), answer.text[:300]
    return person


def sent(person: httpx2.Client, path: str, form: dict[str, str]) -> httpx2.Response:
    """As its own pages send it."""
    return person.post(path, data={**form, "csrfmiddlewaretoken": person.cookies["csrftoken"]})


def asked(person: httpx2.Client, world: World, text: str) -> str:
    """The address of the chat that it opens."""
    answer = sent(person, f"/o/{world.slug}/companions/{world.companion.slug}/start/", {"text": text})
    assert answer.status_code == 200, answer.text[:300]
    return str(answer.url)


def another_model_answers_for_one_that_fails(
    server: Server, service: Answering, scripted: ScriptedModel
) -> World:
    world = a_world("fails")
    connected(world, f"{service.url}/503/v1", name="Main", options={"model": "large", "attempts": 1})
    connected(world, scripted.openai_url, name="Spare", role="fallback", options={"model": "small"})
    desk = desk_at(server)
    desk.world = world
    assert desk.message(desk.until(desk.ask("say:I%20am%20the%20spare"), "done")).text == "I am the spare"
    return world


def a_file_is_read_from_a_storage_of_their_own(server: Server, moto: Moto) -> None:
    world, spec = a_world("files"), moto.spec()
    endpoint = connected(
        world,
        moto.url,
        name="Bucket",
        kind="storage",
        type="s3",
        role="documents",
        options=dict(spec.options),
    )
    with use_tenant(world.context):
        endpoint.credentials = sealed_credentials(endpoint, dict(spec.credentials))
        endpoint.save()
    endpoints.forget()
    storage.forget()
    with use_tenant(world.context):
        name = default_storage.save(report_file(uuid.uuid4()), ContentFile(REPORT))
    report = uuid.UUID(Path(name).stem)
    read = signed_in(server, world.owner).get(f"/o/{world.slug}/places/reports/{report}/")
    assert read.content == REPORT, (read.status_code, read.text[:300])


def a_page_is_read_from_a_database_of_their_own(server: Server, address: Address) -> None:
    world = a_world("books")
    moves_in(world, address)
    read = signed_in(server, world.twin).get(f"/o/{world.slug}/chats/{world.chat.id}/")
    assert world.question.text in read.text, (read.status_code, read.text[:300])


def the_customer_hears_of_what_fails(world: World, service: Answering, kept: Kept) -> None:
    connected(
        world, f"http://localhost:{service.port}/200/hook", name="Pager", kind="monitoring", type="webhook",
        role="alerts", key=WEBHOOK, options={},
    )  # fmt: skip
    until(lambda: states(world).get("Main") == "bad", everybody_is_due)
    until(lambda: hooked(service) and kept.came)


def everybody_is_due() -> None:
    """Beat has the probe job run; who is looked at is asked of the rows."""
    Watch.objects.update(due_at=timezone.now())
    time.sleep(0.5)


def states(world: World) -> dict[str, str]:
    return {one.name: one.state for one in health_report(world.organization).endpoints}


def hooked(service: Answering) -> bool:
    return any(one.path == "/200/hook" for one in service.asked)


def test_a_dial_that_nobody_let_out_is_found(
    cloned_database: str, scripted_model: ScriptedModel, tmp_path: Path
) -> None:
    """By Python's socket, by uvloop and by libpq; of these the audit hook would hear the first alone."""
    web, ports = watched(tmp_path, "web"), three_ports()
    planted = {"PYTHONPATH": PLANTED, "PLANTED_DIALS": " ".join(map(str, ports))}
    with running_server(
        scripted_model.openai_url, web.log, under=under_strace(web.trace), **TRACED, **planted
    ) as server:
        pass
    found = web.account(server.process.pid)
    assert [connect.place for connect in found.unexplained] == [("127.0.0.1", port) for port in ports]


def three_ports() -> list[int]:
    """Nothing listens there."""
    first = free_port()
    return [first, first + 1, first + 2]
