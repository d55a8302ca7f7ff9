"""Files that people send: kept, read, found, given out, deleted and brought back."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import AuditEntry, Outbox
from audit.services.outbox import MOST_ATTEMPTS
from byoc.storage import files_of
from documents.config_keys import MOST_DOCUMENTS
from documents.extraction import LOOKED_AT
from documents.models import Chunk, Document, DocumentFile, DocumentVersion, Folder
from documents.problems import problem_words
from documents.services import files, indexing, purging
from documents.services.copying import copy_document
from documents.store import Draft, store_of
from humana.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from tenants.context import current_tenant, use_tenant
from tenants.models import Membership
from tests.documents.filing import PLAN, dead, found, here, kept, no_file_stays, read, send
from tests.fixtures.organizations import World
from tests.tenants.test_config_effects import say

__all__ = ["dead", "here", "no_file_stays"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_file_stays")]


def test_a_file_is_kept_read_found_and_given_out_as_one_to_keep(here: World) -> None:
    card = send(here, name="../../etc/Plano\u202e:final.md")
    file = DocumentFile.objects.get(document_id=card.id)
    assert (file.state, card.name, card.media_type) == ("received", "Planofinal.md", "text/markdown")
    assert kept(here) == {f"documents/{file.id.hex}"}, "a name of our own making"
    assert Outbox.objects.filter(task=indexing.INDEX, arguments={"document_id": str(card.id)}).exists()
    file = read(card)
    assert (file.state, file.progress, file.problem, file.cut) == ("ready", 100, "", False)
    passages = Chunk.objects.filter(source_kind="document", source_id=card.id, source_version=2)
    assert file.passages == passages.count() > 0
    assert found(here, "lavanda") == [card.id]
    given = Client().get(files.link_to(member=here.twin, document_id=card.id))
    assert b"".join(given) == PLAN
    assert given["Content-Disposition"] == 'attachment; filename="Planofinal.md"'
    assert (given["Content-Type"], given["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert "sandbox" in given["Content-Security-Policy"]
    for stranger in (here.member, here.owner):
        with pytest.raises(NotFound):
            files.link_to(member=stranger, document_id=card.id)
    versions = DocumentVersion.objects.filter(document_id=card.id).count()
    indexing.index(card.id)
    assert DocumentVersion.objects.filter(document_id=card.id).count() == versions == 2, "once is enough"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "empty.txt", "empty"),
        (b"MZ\x90\x00\x03\x00", "plan.pdf", "bad_type"),
        (b"\x7fELF\x02\x01", "plan.docx", "bad_type"),
        (b"PK\x03\x04" + b"\x00" * 26 + b"evil/../../x.txt", "many.zip", "bad_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old.doc", "bad_type"),
        (b"\x00\x01\x00\x00font", "font.ttf", "bad_type"),
        (b"a\x00b", "a.txt", "bad_type"),
        (PLAN, "\u202e. ", "empty"),
        (PLAN, "x" * 300, "too_long"),
    ],
)
def test_what_is_no_document_is_refused_with_a_reason_and_nothing_is_kept(
    here: World, content: bytes, name: str, code: str
) -> None:
    before = Document.everything.count()
    with pytest.raises(Invalid) as refusal:
        send(here, content, name)
    assert refusal.value.code == code
    assert str(refusal.value)
    assert kept(here) == set()
    assert Document.everything.count() == before


def test_a_file_that_cannot_be_read_says_why_and_can_still_be_fetched(here: World) -> None:
    card = send(here, b"%PDF-1.7\nnothing of a PDF follows\n", "broken.pdf")
    file = read(card)
    assert (file.state, file.problem) == ("failed", "damaged")
    assert problem_words(file.problem) != problem_words("")
    assert b"".join(Client().get(files.link_to(member=here.twin, document_id=card.id))).startswith(b"%PDF")
    with pytest.raises(NotFound):
        files.retry(member=here.member, document_id=card.id)
    again = files.retry(member=here.twin, document_id=card.id)
    assert again is not None
    assert (again.state, again.problem, again.attempts) == ("received", "", 0)
    picture = read(send(here, b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "roof.png"))
    assert (picture.state, picture.passages) == ("ready", 0), "an image is kept, and says nothing"
    assert picture.problem.startswith("unread::")


def test_nobody_keeps_more_than_may_be(here: World) -> None:
    class Slow(io.BytesIO):
        """While its content is kept somebody is quicker."""

        def read(self, size: int | None = -1, /) -> bytes:
            if size != LOOKED_AT and not self.tell():
                files.write(member=here.twin, name="Quick", text="First.")
            return super().read(size)

    owned = store_of(current_tenant()).count_owned(here.twin.user_id)
    say(here, MOST_DOCUMENTS, owned + 1)
    with pytest.raises(Conflict):
        send(here, Slow(PLAN))
    assert kept(here) == set(), "its content went with the rows that were not written"
    say(here, MOST_DOCUMENTS, owned + 2)
    send(here)
    for attempt in (lambda: send(here), lambda: files.write(member=here.twin, name="Note", text="More.")):
        with pytest.raises(Conflict) as refusal:
            attempt()
        assert refusal.value.code == "too_many"
    assert len(kept(here)) == 1
    Membership.objects.filter(pk=here.member.pk).update(role="guest")
    here.member.role = "guest"
    with pytest.raises(NotAllowed):
        send(here, member=here.member)


# --- a storage that is away -------------------------------------------------------------------


def test_a_storage_that_is_away_refuses_the_file_and_leaves_nothing_half_made(left: World, dead: Any) -> None:
    with use_tenant(left.context):
        before = Document.everything.count(), DocumentFile.objects.count(), Outbox.objects.count()
    dead()
    headers = {"authorization": f"Bearer {left.key}"}
    answer = Client().post(
        "/api/v1/documents/", {"file": SimpleUploadedFile("plan.md", PLAN)}, headers=headers
    )
    assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    assert answer.json()["error"]["code"] == "storage_unreachable"
    with use_tenant(left.context):
        assert before == (Document.everything.count(), DocumentFile.objects.count(), Outbox.objects.count())
    dead(False)
    again = Client().post(
        "/api/v1/documents/", {"file": SimpleUploadedFile("plan.md", PLAN)}, headers=headers
    )
    assert again.status_code == 201


def test_a_file_whose_storage_goes_away_waits_fails_and_is_read_when_it_is_back(
    here: World, dead: Any
) -> None:
    card = send(here)
    dead()
    for attempt in range(1, MOST_ATTEMPTS):
        with pytest.raises(Exception, match="cannot be reached"):
            indexing.index(card.id)
        file = DocumentFile.objects.get(document_id=card.id)
        assert (file.state, file.problem, file.attempts) == ("received", "storage_unreachable", attempt)
    indexing.index(card.id)
    file = DocumentFile.objects.get(document_id=card.id)
    assert (file.state, file.problem) == ("failed", "storage_unreachable")
    assert problem_words(file.problem)
    dead(False)
    files.retry(member=here.twin, document_id=card.id)
    assert read(card).state == "ready"
    assert found(here, "lavanda") == [card.id]


def test_a_worker_that_died_in_the_middle_is_followed_by_one_that_goes_on(here: World) -> None:
    card = send(here)
    DocumentFile.objects.filter(document_id=card.id).update(state="extracting", attempts=1, progress=40)
    assert read(card).state == "ready"
    long = "\n\n".join(f"# Bed {number}\n\nRoses." for number in range(indexing.PART + 2))
    card = send(here, long.encode(), "long.md")
    indexing.index(card.id)
    indexing.embed(card.id)
    file = DocumentFile.objects.get(document_id=card.id)
    assert (file.state, 70 < file.progress < 100) == ("indexing", True), "a part of it, others get a turn"
    assert Outbox.objects.filter(task=indexing.EMBED, arguments={"document_id": str(card.id)}).count() == 2
    assert found(here, "roses") == [card.id], "found by its words meanwhile"
    indexing.embed(card.id)
    assert DocumentFile.objects.get(document_id=card.id).state == "ready"


def test_content_that_is_not_what_was_sent_is_not_read(here: World) -> None:
    card = send(here)
    file = DocumentFile.objects.get(document_id=card.id)
    for content, problem in ((b"another", "changed"), (PLAN * 9, "changed"), (None, "missing")):
        files_of(here.organization.id).delete(file.key)
        if content is not None:
            files_of(here.organization.id).upload(file.key, content)
        files.retry(member=here.twin, document_id=card.id)
        assert (read(card).state, DocumentFile.objects.get(id=file.id).problem) == ("failed", problem)


# --- folders, trash, copies -------------------------------------------------------------------


def test_the_trash_gives_back_for_a_while_and_then_nothing_is_left(here: World) -> None:
    card, other = send(here), send(here, name="other.md")
    read(card)
    files.trash(member=here.twin, document_id=card.id)
    files.trash(member=here.twin, document_id=other.id)
    indexing.index(other.id)
    assert found(here, "lavanda") == []
    with pytest.raises(NotFound):
        files.link_to(member=here.twin, document_id=card.id)
    with pytest.raises(NotFound):
        files.restore(member=here.member, document_id=card.id)
    files.restore(member=here.twin, document_id=card.id)
    files.restore(member=here.twin, document_id=card.id)
    assert found(here, "lavanda") == [card.id]
    files.restore(member=here.twin, document_id=other.id)
    assert read(other).state == "ready", "what was not read yet is read now"

    files.trash(member=here.twin, document_id=card.id)
    assert purging.purge_due() == 0, "it can still be brought back"
    with pytest.raises(Conflict):
        purging.purge(other.id)
    Document.everything.filter(id=card.id).update(
        removed_at=Document.everything.get(id=card.id).removed_at - timedelta(days=31)
    )
    gone = DocumentFile.objects.get(document_id=card.id)
    assert purging.purge_due() == 1
    assert not Document.everything.filter(id=card.id).exists()
    assert not Chunk.objects.filter(source_id=card.id).exists()
    item = Outbox.objects.get(task=purging.ERASE)
    purging.erase_file(uuid.UUID(item.arguments["file_id"]))
    assert gone.key not in kept(here)
    assert len(kept(here)) == 1
    purging.erase_file(DocumentFile.objects.get(document_id=other.id).id)
    assert len(kept(here)) == 1, "a file that is still somebody's is not erased"
    told = AuditEntry.objects.filter(action__startswith="documents.document.", resource_id=str(card.id))
    assert [one.action.rpartition(".")[2] for one in told.order_by("sequence")] == [
        "received", "trashed", "restored", "trashed", "purged",
    ]  # fmt: skip


def test_a_document_of_a_folder_is_its_owners_and_stays_so(here: World) -> None:
    mine = Folder.objects.create(owner_id=here.twin.user_id, name="Mine")
    theirs = Folder.objects.create(owner_id=here.member.user_id, name="Theirs")
    card = send(here, folder=theirs)
    assert (card.owner_id, card.folder_id) == (here.member.user_id, theirs.id)
    with pytest.raises(NotFound):
        files.move(member=here.twin, document_id=card.id, folder=mine)
    with pytest.raises(Conflict) as refusal:
        files.move(member=here.member, document_id=card.id, folder=mine)
    assert refusal.value.code == "other_owner"
    renamed = files.rename(member=here.member, document_id=card.id, name="Segredo.exe")
    assert renamed.name == "Segredo.exe.md", "it ends as what it is"


def test_a_copy_has_a_file_of_its_own(here: World) -> None:
    """As a conversation that is handed over takes its documents along."""
    card = send(here)
    file, ana = read(card), here.owner.user_id
    draft = Draft(owner_id=ana, author_id=here.twin.user_id, name=card.name, text="# Plano", media_type="x/y")
    copy = copy_document(draft, file)
    assert b"".join(Client().get(files.link_to(member=here.owner, document_id=copy.id))) == PLAN
    made = read(copy)
    assert (made.state, made.copied_from, made.digest) == ("ready", "", file.digest)
    assert kept(here) == {file.key, made.key}
    files_of(here.organization.id).delete(file.key)
    assert b"".join(Client().get(files.link_to(member=here.owner, document_id=copy.id))) == PLAN
    assert Chunk.objects.filter(source_id=copy.id).count() == file.passages


def test_once_an_hour_the_trash_is_emptied_and_what_nobody_reads_any_more_is_said(left: World) -> None:
    with use_tenant(left.context):
        card = files.write(member=left.twin, name="Old", text="Old rooms.")
        files.trash(member=left.twin, document_id=card.id)
        Document.everything.filter(id=card.id).update(removed_at=card.created_at - timedelta(days=40))
        lost = send(left)
        long_ago = {"updated_at": card.created_at - timedelta(hours=4)}
        DocumentFile.objects.filter(document_id=lost.id).update(state="extracting", attempts=6, **long_ago)
    purging.tidy_everywhere()
    with use_tenant(left.context):
        assert not Document.everything.filter(id=card.id).exists()
        file = DocumentFile.objects.get(document_id=lost.id)
        assert (file.state, file.problem) == ("failed", "failed"), "it killed every worker: somebody may try"


def test_what_is_away_is_told_in_words(here: World, dead: Any) -> None:
    dead()
    with pytest.raises(Unavailable) as told:
        send(here)
    assert told.value.retry_after == 15
