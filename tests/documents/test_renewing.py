"""The model of embeddings is changed while people ask: nothing is lost from sight meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import timezone

from audit import budgeting
from audit.models import BudgetCounter, BudgetReservation, UsageEvent
from audit.services.budget_changes import Wish, change_budget, make_budget
from byoc import endpoints
from byoc.models import EgressGrant, Endpoint
from byoc.services import endpoints as services
from companions.services.knowledge import write_asset
from documents.comparing import question_as_vector
from documents.finding import find
from documents.models import Chunk, ChunkVector, DocumentFile, Meaning
from documents.passages import Passage
from documents.services import indexing, renewing, vectors
from documents.services.files import receive, write
from documents.services.metered import metered_vectors
from documents.services.passages import embed_passages, write_passages
from documents.standing import Progress, progress, standing
from documents.store import store_of
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tenants.models import PendingWork
from tests.api.test_knowledge import call
from tests.byoc.test_endpoints import created, granted
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db
MANY = 20
SOURCE = new_id()


@pytest.fixture
def told(left: World, scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Twenty passages that the model `one` has read; a part is eight of them."""
    monkeypatch.setattr(renewing, "PART", 8)
    granted(left, scripted_model.openai_url)
    with use_tenant(left.context):
        Chunk.objects.all().delete()
        Meaning.objects.all().delete()
    serve(left, scripted_model, "one", rank=5)
    with use_tenant(left.context):
        write_passages("document", SOURCE, 1, [Passage("", f"Passage {n}.") for n in range(MANY)])
        assert embed_passages("document", SOURCE) == MANY
        assert embed_passages("document", SOURCE) == 0, "it may be run again"
        yield left


def serve(world: World, model: ScriptedModel, name: str, rank: int) -> Endpoint:
    endpoint = created(
        world, model.openai_url, name=name, role="embedding", rank=rank, values={"model": name}
    )
    whose = {"organization": world.organization, "endpoint_id": endpoint.id, "member": world.owner}
    assert services.validate_endpoint(**whose).ok
    services.activate_endpoint(**whose)
    endpoints.forget()
    return endpoint


def nearest(number: int) -> tuple[str, list[int]]:
    """By what a question in a passage's own words was compared, and which passages were found by it."""
    from documents.indexes import index_of_placement

    rows = Chunk.objects.filter(source_id=SOURCE)
    compared = question_as_vector(f"Passage {number}.")
    assert compared is not None
    found = index_of_placement().near(rows, compared.vector, compared.model)
    ordinals = dict(rows.values_list("id", "ordinal"))
    return compared.model, [ordinals[one] for one in found[:1]]


def test_questions_go_on_by_the_old_model_until_the_new_one_knows_all(
    told: World, scripted_model: ScriptedModel
) -> None:
    """And by the new one afterwards; a part at a time, each by one worker, whoever dies is followed."""
    assert nearest(7) == ("one/8", [7])
    marker = PendingWork.objects.filter(organization_id=told.organization.pk, kind=vectors.PENDING)
    marker.delete()
    serve(told, scripted_model, "two", rank=0)
    assert marker.exists(), "whoever changes the endpoint says so"
    marker.delete()
    assert find(Chunk.objects.all(), "Passage 7.", passages=1, characters=99)
    assert marker.exists(), "whoever asks notices"
    Meaning.objects.update(busy_until=timezone.now() + timedelta(minutes=1))
    renewing.renew()
    assert standing().wanted == "one/8", "a worker is at it"
    Meaning.objects.update(busy_until=None)
    for done in (8, 16):
        renewing.renew()
        here = standing()
        assert (here.serving, here.wanted, here.state) == ("one/8", "two/8", Meaning.State.RENEWING)
        assert (here.done, here.total) == (done, MANY)
        assert renewing.unfinished()
        assert progress() == Progress("renewing", "one", "two", done, MANY)
        assert nearest(19) == ("one/8", [19]), "one that the new model has not read yet"
    renewing.renew()
    assert (standing().serving, standing().state) == ("two/8", Meaning.State.STEADY)
    assert set(ChunkVector.objects.values_list("model", flat=True)) == {"two/8"}
    assert nearest(19) == ("two/8", [19])
    assert not renewing.unfinished()


def test_where_the_old_model_is_gone_words_find_what_the_new_one_has_not_read(
    told: World, scripted_model: ScriptedModel
) -> None:
    one = Endpoint.objects.get(name="one")
    services.withdraw_endpoint(organization=told.organization, endpoint_id=one.id, member=told.owner)
    serve(told, scripted_model, "two", rank=0)
    assert nearest(3) == ("two/8", [])
    assert find(Chunk.objects.all(), "Passage 3.", passages=1, characters=99)
    renewing.renew()
    model, found = nearest(3)
    assert (model, len(found)) == ("two/8", 1)


def test_a_model_that_does_not_answer_is_said_and_asked_again(
    told: World, scripted_model: ScriptedModel
) -> None:
    serve(told, scripted_model, "two", rank=0)
    to_models = EgressGrant.objects.filter(scheme="http")  # not the one to the database of its rows
    grants = list(to_models)
    to_models.delete()
    endpoints.forget()
    renewing.renew()
    here = standing()
    assert (here.state, bool(here.problem)) == (Meaning.State.WAITING, True)
    assert here.busy_until
    assert here.busy_until > timezone.now(), "it is left alone for a while"
    page = signed_in(told.owner, "en").get("/o/left/settings/knowledge/").content.decode()
    assert "The model of embeddings does not answer" in page
    said = call(told.key, "get", "knowledge/meaning/").json()
    assert (said["state"], said["model"], said["problem"]) == ("waiting", "one", here.problem)
    assert question_as_vector("Passage 5.") is None
    assert find(Chunk.objects.all(), "Passage 5.", passages=1, characters=99), "by its words"
    EgressGrant.objects.bulk_create(grants)
    renewing.look_again()
    assert standing().busy_until is None, "whoever mends the endpoint waits for no pause"
    for _part in range(3):
        renewing.renew()
    assert (standing().serving, standing().problem) == ("two/8", "")


def test_where_a_budget_is_spent_before_any_passage_was_read_it_is_said(told: World) -> None:
    ChunkVector.objects.all().delete()
    Meaning.objects.all().delete()
    each = make_budget(
        member=told.owner,
        wish=Wish(scope="organization", unit="tokens", period="day", amount=Decimal(10**6), each=True),
    )
    wish = Wish(scope="organization", unit="tokens", period="month", amount=Decimal(1))
    whole = make_budget(member=told.owner, wish=wish)
    budgeting.forget()
    renewing.renew()
    assert (standing().state, standing().problem) == (Meaning.State.WAITING, "over_budget")
    change_budget(member=told.owner, budget=whole, wanted={"amount": 100_000})
    for _part in range(3):
        Meaning.objects.update(busy_until=None)
        renewing.renew()
    assert (standing().state, standing().problem) == (Meaning.State.STEADY, "")
    assert not BudgetCounter.objects.filter(budget=each, used__gt=0).exists(), "no member asked for it"


def test_a_spent_budget_lets_passages_wait_and_they_go_on_when_it_is_raised(
    told: World, scripted_model: ScriptedModel
) -> None:
    """What is paid for is held before and counted after, like answers; the model of ours is never refused."""
    wish = Wish(scope="organization", unit="tokens", period="month", amount=Decimal(10))
    budget = make_budget(member=told.owner, wish=wish)
    budgeting.forget()
    counted = BudgetCounter.objects.filter(budget=budget)
    begun = counted.get().used if counted.exists() else 0
    card = receive(member=told.twin, content=BytesIO(b"Eight rooms face the harbour."), name="rooms.txt")
    indexing.index(card.id)
    indexing.embed(card.id)
    file = DocumentFile.objects.get(document_id=card.id)
    assert file.state == "ready"
    assert (standing().state, standing().problem) == (Meaning.State.WAITING, "over_budget")
    waits = standing().busy_until
    assert waits is not None
    assert waits > timezone.now() + timedelta(minutes=10), "it is left alone for a while"
    assert find(Chunk.objects.filter(source_id=card.id), "harbour", passages=1, characters=99), "by its words"
    page = signed_in(told.owner, "en")
    assert "A budget has no room" in page.get("/o/left/settings/knowledge/").content.decode()
    Meaning.objects.update(busy_until=None)
    renewing.renew()
    assert standing().problem == "over_budget", "still none"
    assert not BudgetReservation.objects.filter(state="held").exists()
    change_budget(member=told.owner, budget=budget, wanted={"amount": 100_000})
    Meaning.objects.update(busy_until=None)
    renewing.renew()
    assert ChunkVector.objects.filter(chunk__source_id=card.id).exists()
    assert (standing().state, renewing.unfinished()) == (Meaning.State.STEADY, False)
    lines = UsageEvent.objects.filter(outcome="embedded", endpoint="one")
    spent = sum((one.input_tokens or 0) + (one.estimated_tokens or 0) for one in lines)
    assert (counted.get().used, counted.get().reserved) == (spent, 0)
    assert spent > begun
    change_budget(member=told.owner, budget=budget, wanted={"amount": 1})
    endpoint = Endpoint.objects.get(name="one")
    services.withdraw_endpoint(organization=told.organization, endpoint_id=endpoint.id, member=told.owner)
    endpoints.forget()
    assert metered_vectors(["Ours is free."]).input_tokens != 0, "whatever the budget says"
    assert counted.get().used == spent


def test_what_an_older_version_wrote_is_prepared_anew_in_the_background(told: World) -> None:
    """Title, language and words, of knowledge and of documents; what has no source is no hindrance."""
    asset = write_asset(title="Férias coletivas", text="Começam em dezembro para todos.")
    note = write(member=told.twin, name="Ovens.txt", text="They are cleaned every Friday with vinegar.")
    embed_passages("knowledge", asset.id)
    embed_passages("document", note.id)
    written = {row["id"]: row for row in Chunk.objects.values("id", "title", "language", "words")}
    vectors_then = set(ChunkVector.objects.values_list("id", flat=True))
    assert not renewing.unfinished()
    Chunk.objects.update(form=0, title="", language="", words=" ")
    store_of(told.context).trash(note.id, by=told.twin.user_id)
    assert renewing.unfinished()
    renewing.renew()
    assert progress() == Progress("renewing", "one", "one", 8, MANY + 2)
    page = signed_in(told.owner, "en").get("/o/left/settings/knowledge/").content.decode()
    assert "prepared for search anew: 8 of 22" in page
    for _part in range(3):
        renewing.renew()
    assert (standing().state, renewing.unfinished()) == (Meaning.State.STEADY, False)
    assert {row["id"]: row for row in Chunk.objects.values("id", "title", "language", "words")} == written
    assert set(ChunkVector.objects.values_list("id", flat=True)) == vectors_then
