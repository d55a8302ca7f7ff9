"""Scans and photos that people send: read, found, and shown as read from an image; or kept without text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from audit.models import Outbox
from documents.extraction import Limits, Seen, engine, extract, reading, seeing
from documents.models import Chunk, DocumentFile
from documents.problems import problem_words
from documents.services import files, indexing
from documents.store import Card
from tests.documents.filing import found, here, no_file_stays, read, send
from tests.documents.seen import RECEIPT, REPORT, paper, picture, saved
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in

__all__ = ["here", "no_file_stays"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_file_stays")]
NOTE, AGAIN = "Read from an image; check the original", "Try again"


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A machine that reads no pictures."""
    monkeypatch.setattr(engine, "_FOLDERS", ())
    engine.languages.cache_clear()
    yield monkeypatch
    engine.languages.cache_clear()


def shown(world: World, card: Card) -> str:
    page = signed_in(world.twin, "en").get(f"/o/{world.organization.slug}/documents/{card.id}/")
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.needs("tesseract")
def test_a_scan_is_found_and_says_that_it_was_read_from_an_image(here: World) -> None:
    card = send(here, paper("Capa do laudo", picture(REPORT)), "laudo.pdf")
    file = read(card)
    assert (file.state, file.problem, file.cut) == ("ready", "", False)
    places = Chunk.objects.filter(source_id=card.id).order_by("ordinal").values_list("place", flat=True)
    assert list(places) == ["page:1", "page:2:image"]
    assert found(here, "contraindicação") == [card.id]
    assert not Chunk.objects.filter(source_id=card.id, words__contains=" image "), "the mark is no word"
    page = shown(here, card)
    assert page.count(NOTE) == 1
    assert f"page 2 · {NOTE}" in page
    photo = send(here, saved(picture(REPORT), "JPEG"), "foto.jpg")
    assert read(photo).passages == 1
    assert NOTE in shown(here, photo)
    assert "page 1" not in shown(here, photo), "an image has no pages"


def test_a_machine_that_reads_no_pictures_says_so_and_may_try_again(
    here: World, blind: pytest.MonkeyPatch
) -> None:
    photo = send(here, saved(picture(REPORT), "PNG"), "foto.png")
    file = read(photo)
    assert (file.state, file.problem, file.passages) == ("ready", "unread::no_reader", 0)
    scan = send(here, paper("Capa", picture(REPORT)), "laudo.pdf")
    assert read(scan).problem == "unread:2:no_reader"
    with override("en"):
        told = problem_words("unread::no_reader")
    page = shown(here, photo)
    assert told in page
    assert AGAIN in page
    assert "There is no text in this document." in page
    listed = signed_in(here.twin, "en").get(f"/o/{here.organization.slug}/documents/").content.decode()
    assert "foto.png" in listed
    assert "state failed" not in listed
    again = files.retry(member=here.twin, document_id=photo.id)
    assert again is not None
    assert (again.state, again.problem) == ("received", "")


def test_what_was_not_read_of_pictures_is_said_in_words() -> None:
    with override("en"):
        codes = (
            "unread::no_reader",
            "unread::too_large",
            "unread::damaged",
            "unread:31:too_slow",
            "unread:=31:x",
        )
        said = [problem_words(one) for one in codes]
    assert len(set(said)) == len(codes)
    assert said[3].startswith("From page 31 on, ")


def test_a_scan_of_many_pages_is_not_begun_by_a_second_worker_while_one_reads_it(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "TOLD_EVERY", 0.0)
    card = send(here, paper("Capa", "Fim"), "a.pdf")
    item = Outbox.objects.get(task=indexing.INDEX, arguments__document_id=str(card.id))
    late = timezone.now() - timedelta(seconds=1)
    for attempts, error, kept in ((1, "", True), (1, "Lost", False), (0, "", False)):
        Outbox.objects.filter(id=item.id).update(due_at=late, attempts=attempts, error=error)
        DocumentFile.objects.filter(document_id=card.id).update(state="received")
        indexing.index(card.id)
        item.refresh_from_db()
        assert (item.due_at > timezone.now() + timedelta(seconds=100)) is kept


@pytest.mark.needs("tesseract")
def test_a_long_scan_is_read_in_portions_and_a_worker_that_dies_loses_one(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a task of its own: others get their turn, and no page is read twice."""
    monkeypatch.setattr(reading, "PORTION", 2)
    looked: list[list[int]] = []
    real = seeing.Looking.look

    def look(self: seeing.Looking, numbers: list[int]) -> None:
        looked.append(list(numbers))
        real(self, numbers)

    monkeypatch.setattr(seeing.Looking, "look", look)
    card = send(here, paper("Capa", *[picture(REPORT)] * 4, picture(RECEIPT)), "laudo.pdf")
    indexing.index(card.id)
    file = DocumentFile.objects.get(document_id=card.id)
    assert (file.state, file.attempts, looked) == ("extracting", 0, [[2, 3]])
    assert 15 < file.progress < 70
    assert Outbox.objects.filter(task=indexing.INDEX, arguments={"document_id": str(card.id)}).count() == 2
    assert str(file.progress) in shown(here, card)
    with monkeypatch.context() as dying:
        dying.setattr(indexing.keeping, "fetched", _dies)
        with pytest.raises(SystemExit):
            indexing.index(card.id)
    indexing.index(card.id)
    half = DocumentFile.objects.get(document_id=card.id)
    assert half.progress > file.progress
    file = read(card)
    assert looked == [[2, 3], [4, 5], [6]]
    assert (file.state, file.problem, file.cut, file.seen) == ("ready", "", False, None)
    places = Chunk.objects.filter(source_id=card.id).order_by("ordinal").values_list("place", flat=True)
    assert list(places) == ["page:1", *(f"page:{number}:image" for number in range(2, 7))]


def _dies(file: DocumentFile) -> None:
    raise SystemExit


@pytest.mark.needs("tesseract")
def test_what_could_not_be_read_is_tried_again_alone(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where its time was over: what was read before stays."""
    card = send(here, paper(picture(REPORT), picture(RECEIPT)), "laudo.pdf")
    few = Limits(pages=1)
    with monkeypatch.context() as short:
        short.setattr(indexing, "extract", lambda *given, **more: extract(*given, pictures=few, **more))
        file = read(card)
    assert (file.state, file.problem, len(file.seen["texts"])) == ("ready", "unread:2:too_slow", 1)
    files.retry(member=here.twin, document_id=card.id)
    file = read(card)
    assert (file.problem, file.seen) == ("", None)
    assert found(here, "contraindicação") == found(here, "received") == [card.id]


def test_a_worker_that_was_taken_for_lost_does_not_begin_a_second_row_of_tasks(here: World) -> None:
    card = send(here, paper("Capa", "Fim"), "a.pdf")
    DocumentFile.objects.filter(document_id=card.id).update(state="extracting", attempts=2)
    file = DocumentFile.objects.get(document_id=card.id)
    before = Outbox.objects.filter(task=indexing.INDEX).count()
    file.attempts = 1
    indexing._go_on_reading(file, Seen({2: ["x"]}))
    assert Outbox.objects.filter(task=indexing.INDEX).count() == before
    file.attempts = 2
    indexing._go_on_reading(file, Seen({2: ["x"]}))
    assert Outbox.objects.filter(task=indexing.INDEX).count() == before + 1
