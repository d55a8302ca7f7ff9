"""Files of the brand: sent, listed, given out as files to keep, renamed, removed and brought back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import AuditEntry
from byoc.config_keys import MAX_UPLOAD_BYTES
from byoc.storage import erase_platform, files_of
from companions.media import media_of
from companions.models import BrandAsset
from companions.services.assets import add_asset, change_asset, clean_name
from documents.extraction.media import PNG as PICTURE
from humana.kernel.errors import HumanaError, Invalid, NotAllowed, StaleVersion
from tenants.context import use_tenant
from tests.companions.conftest import Bakery
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in
from tests.tenants.test_config_effects import say

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
SVG = b'<?xml version="1.0"?>\n<!-- ours --><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def _no_file_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    named = [name for name in ("left", "bakery") if name in request.fixturenames]
    owners = [request.getfixturevalue(name).organization.id for name in named]
    yield
    for owner in owners:
        erase_platform(owner)


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (PNG, "logo.png", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.jpeg", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a", "image/webp"),
        (SVG, "logo.svg", "image/svg+xml"),
        (b"%PDF-1.7\n", "book.pdf", "application/pdf"),
        (b"wOF2\x00\x01", "font.woff2", "font/woff2"),
        (b"ASEF\x00\x01", "sea.ase", "application/x-adobe-ase"),
        ("GIMP Palette\nName: Maré\n".encode(), "sea.gpl", "text/plain"),
        (b"<html><script>alert(1)</script>", "page.html", "text/plain"),
        (archive("[Content_Types].xml"), "letter.docx", "application/vnd.openxmlformats-officedocument"),
        (archive("one.txt"), "letter.docx", "application/zip"),
        (b"MZ\x90\x00\x03", "logo.png", None),
        (b"\x7fELF\x02", "logo.png", None),
        (b"a\x00b", "a.txt", None),
        (b"caf\xe9 antigo", "a.txt", "text/plain"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "letter.doc", None),
        ("é".encode() * 40_000, "long.txt", "text/plain"),
    ],
)
def test_what_a_file_is_follows_from_its_content(content: bytes, name: str, told: str | None) -> None:
    found = media_of(content[: 64 * 1024], name)
    assert found is None or found.type.startswith(told or "-")
    assert (found is None) == (told is None)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("logo.png", "logo.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\ana\\Marca.PNG", "Marca.PNG"),
        ("evil.exe", "evil.exe.png"),
        ("a\u202egnp.exe", "agnp.exe.png"),
        ('<img src=x>"|?.png', "img src=x.png"),
        ("  Maré  alta .", "Maré alta.png"),
    ],
)
def test_names_are_cleaned_and_end_as_the_content_says(sent: str, kept: str) -> None:
    assert clean_name(sent, PICTURE) == kept


@pytest.mark.django_db
def test_a_file_is_kept_renamed_and_removed_by_who_may(bakery: Bakery) -> None:
    admin = bakery.person("admin")
    with pytest.raises(NotAllowed):
        add_asset(member=bakery.person("manager"), content=io.BytesIO(PNG), name="logo.png")
    for content in (b"", b"MZ\x90\x00"):
        with pytest.raises(Invalid):
            add_asset(member=admin, content=io.BytesIO(content), name="logo.png")
    for name in ("", ".png", "\u202e", "x" * 200):
        with pytest.raises(Invalid):
            add_asset(member=admin, content=io.BytesIO(PNG), name=name)
    assert list(files_of(bakery.organization.id).list()) == []
    row = add_asset(member=admin, content=io.BytesIO(PNG), name="logo.png", kind="logo")
    assert [one.name for one in files_of(bakery.organization.id).list()] == [f"brand/{row.id.hex}"]
    changed = change_asset(member=admin, asset=row, name="Our mark", version=1)
    assert (changed.name, changed.kind, changed.version) == ("Our mark.png", "logo", 2)
    with pytest.raises(StaleVersion):
        change_asset(member=admin, asset=row, kind="other", version=1)
    told = AuditEntry.objects.filter(action__startswith="companions.brand_asset.").order_by("sequence")
    assert [one.action.rpartition(".")[2] for one in told] == ["added", "changed"]


@pytest.mark.django_db
def test_a_file_above_the_limit_leaves_nothing(left: World) -> None:
    say(left, MAX_UPLOAD_BYTES, 2_048)
    headers = {"authorization": f"Bearer {left.key}"}
    for size, status in ((2_000, 201), (4_000, 413)):
        file = SimpleUploadedFile("logo.png", PNG + b"\x00" * (size - len(PNG)))
        answer = Client().post("/api/v1/brand/assets/", {"file": file}, headers=headers)
        assert answer.status_code == status
    assert answer.json()["error"]["code"] == "too_large"
    assert answer.json()["error"]["field"] == "file"


@pytest.mark.django_db
def test_the_brand_page_takes_files_and_gives_them_out_as_files_to_keep(left: World) -> None:
    client = signed_in(left.owner)
    page = f"/o/{left.slug}/settings/brand/"
    sent = [SimpleUploadedFile("mark.svg", SVG, "text/html"), SimpleUploadedFile("tool.exe", b"MZ\x90")]
    answer = client.post(f"{page}assets/", {"files": sent, "kind": "logo"})
    assert answer.status_code == 422
    assert "tool.exe" in answer.content.decode()
    assert "mark.svg" in answer.content.decode()
    with use_tenant(left.context):
        row = BrandAsset.objects.get(name="mark.svg")
    one = f"{page}assets/{row.id}/"
    given = client.get(client.get(one)["Location"])
    assert b"".join(given) == SVG
    assert given["Content-Disposition"] == 'attachment; filename="mark.svg"'
    assert (given["X-Content-Type-Options"], given["Content-Type"]) == ("nosniff", "application/octet-stream")
    refused = client.post(f"{one}edit/", {"name": "/", "kind": "logo", "seen": 1})
    assert (refused.status_code, "Give the file a name." in refused.content.decode()) == (422, True)
    assert client.post(f"{one}edit/", {"name": "sign", "kind": "other", "seen": 1}).status_code == 302
    assert client.post(f"{one}edit/", {"name": "late", "kind": "other", "seen": 1}).status_code == 422
    removed = client.post(f"{one}remove/", follow=True)
    assert "sign.svg" not in removed.content.decode()
    assert f"{one}restore/" in removed.content.decode(), "it can be undone"
    assert client.get(one).status_code == 404
    assert "sign.svg" in client.post(f"{one}restore/", follow=True).content.decode()


@pytest.mark.django_db
def test_programs_send_list_and_fetch_files(left: World) -> None:
    headers, root = {"authorization": f"Bearer {left.key}"}, "/api/v1/brand/assets/"

    def send(content: bytes, **told: str) -> object:
        file = SimpleUploadedFile("sea.gpl", content)
        return Client().post(root, {"file": file, **told}, headers=headers | {"Idempotency-Key": "one"})

    made = send(b"GIMP Palette\n", kind="palette")
    again = send(b"GIMP Palette\n", kind="palette")
    assert (made.status_code, again.json()["id"]) == (201, made.json()["id"])  # type: ignore[attr-defined]
    assert send(b"Another\n", kind="palette").status_code == 422, "another file under the same key"  # type: ignore[attr-defined]
    one = f"{root}{made.json()['id']}/"  # type: ignore[attr-defined]
    assert made.json()["name"] in [
        row["name"] for row in Client().get(root, headers=headers).json()["results"]
    ]  # type: ignore[attr-defined]
    assert (
        b"".join(Client().get(Client().get(f"{one}file/", headers=headers).json()["url"]))
        == b"GIMP Palette\n"
    )
    json = {"content_type": "application/json", "headers": headers}
    assert Client().patch(one, {"name": "Tide"}, **json).json()["name"] == "Tide.gpl"
    assert Client().post(root, {}, **json).json()["error"]["field"] == "file"
    assert Client().delete(one, headers=headers).status_code == 204
    assert Client().get(one, headers=headers).status_code == 404
    assert Client().post(f"{one}restore/", **json).status_code == 200


@pytest.mark.django_db
def test_nobody_sends_a_file_where_there_is_no_organization(db: None) -> None:
    """It is read past: nothing of it is written anywhere."""
    request = Client().post("/accounts/login/", {"file": SimpleUploadedFile("a.png", PNG)}).wsgi_request
    assert (len(request.FILES), request.let_go) == (0, 0)


@pytest.mark.django_db
def test_a_storage_that_is_full_is_told_and_leaves_no_row(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HumanaError), monkeypatch.context() as patched:
        patched.setattr("companions.services.assets.MOST_ASSETS", 0)
        add_asset(content=io.BytesIO(PNG), name="logo.png")
    assert not BrandAsset.objects.exists()
