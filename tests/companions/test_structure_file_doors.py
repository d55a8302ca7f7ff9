"""The file of the structure through each door: the page, programs, an operator's command."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from companions.models import (
    Value,
)
from companions.services.policies import keep_value
from tenants.context import use_tenant
from tenants.models import ApiKey
from tests.companions.conftest import Bakery
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def test_the_page_shows_what_a_file_changes_and_imports_that(left: World) -> None:
    client, page = Client(headers={"accept-language": "en"}), f"/o/{left.slug}/settings/structure/"
    client.force_login(left.owner.user)
    assert client.get(page).status_code == 200
    given = client.get(f"{page}file/")
    assert given["Content-Disposition"] == f'attachment; filename="{left.slug}.yaml"'
    text = given.content.decode().replace("We take our time.", "<b>Always</b> in time.").replace("\n", "\r\n")

    def send(**more: Any) -> Any:
        return client.post(page, {"do": "preview", **more})

    looked = send(file=SimpleUploadedFile("a.yaml", text.encode()))
    assert (looked.status_code, looked.context["plan"].changed) == (200, 1)
    assert "&lt;b&gt;Always&lt;/b&gt; in time." in looked.content.decode()
    kept = {"data": looked.context["data"], "digest": looked.context["plan"].digest, "do": "import"}
    with use_tenant(left.context):
        keep_value(title="Late", description="somebody was quicker")
    stale = client.post(page, kept)
    assert (stale.status_code, "would change now" in stale.content.decode()) == (412, True)
    done = client.post(page, kept | {"digest": stale.context["plan"].digest}, follow=True)
    assert "Imported: 0 new, 1 changed, 0 removed." in done.content.decode()
    bad = send(file=SimpleUploadedFile("a.yaml", b"humana: 1\nvalues: &a []\n"))
    assert (bad.status_code, "Line 2: Anchors" in bad.content.decode()) == (422, True)
    assert send().status_code == 422
    assert client.post(page, {"do": "import", "data": "humana: 1\nvalues: []\n"}).status_code == 412
    client.force_login(left.member.user)
    assert [client.get(one).status_code for one in (page, f"{page}file/")] == [403, 403]


def test_programs_export_compare_and_import(left: World) -> None:
    headers, root = {"authorization": f"Bearer {left.key}"}, "/api/v1/structure/"
    given = Client().get(root, headers=headers)
    assert given["Content-Type"].startswith("application/yaml")
    text = given.content.decode().replace("Warm and plain", "Plain and warm")

    def send(path: str, query: str = "", body: str = text, **more: str) -> Any:
        address = f"{root}{path}/{query}"
        return Client().post(address, body.encode(), content_type="application/yaml", headers=headers | more)

    looked = send("preview")
    assert {name: looked.json()[name] for name in ("new", "changed", "removed")} == {
        "new": 0,
        "changed": 1,
        "removed": 0,
    }
    assert looked.json()["items"][0]["diff"][:2] == [
        "-voice_and_tone: Warm and plain",
        "+voice_and_tone: Plain and warm",
    ]
    assert send("import", **{"If-Match": '"else"'}).status_code == 412
    assert send("import", "?remove=true", **{"If-Match": looked["ETag"]}).status_code == 412
    assert send("import", **{"If-Match": looked["ETag"]}).json()["changed"] == 1
    as_json = Client().post(
        f"{root}preview/", {"yaml": text}, content_type="application/json", headers=headers
    )
    assert as_json.json()["changed"] == 0
    bad = send("import", body="humana: 1\nvalues: {a: b}\n").json()["error"]
    assert (bad["code"], bad["field"]) == ("bad_structure", "values")
    ApiKey.objects.filter(membership=left.twin).update(scopes=["companions.policies"])
    assert "companions:" not in Client().get(root, headers=headers).content.decode()
    assert send("import").json()["error"]["code"] == "missing_scope"


def test_an_operator_takes_a_file_from_one_place_to_another(bakery: Bakery, tmp_path: Path) -> None:
    keep_value(title="Care", description="warm bread")
    file, said = tmp_path / "bakery.yaml", StringIO()
    call_command("structure", "export", "bakery", str(file))
    file.write_text(file.read_text().replace("warm", "fresh"))
    call_command("structure", "import", "bakery", str(file), "--dry-run", stdout=said)
    assert Value.objects.get().description == "warm bread"
    call_command("structure", "import", "bakery", str(file), stdout=said)
    assert Value.objects.get().description == "fresh bread"
    assert said.getvalue().count("0 new, 1 changed") == 2
    for path in (str(tmp_path / "none.yaml"), str(tmp_path)):
        with pytest.raises(CommandError):
            call_command("structure", "import", "bakery", path)
    with pytest.raises(CommandError):
        call_command("structure", "export", "nowhere", "-")
