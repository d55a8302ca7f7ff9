"""Knowledge and capabilities through the API, as one story."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from companions.models import KnowledgeAsset
from tenants.services.keys import create_api_key
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def call(key: str, method: str, rest: str, body: Any = None, **headers: str) -> Any:
    named = {"authorization": f"Bearer {key}", **{one.replace("_", "-"): two for one, two in headers.items()}}
    ask = getattr(Client(), method)
    if body is None and method != "post":
        return ask(f"/api/v1/{rest}", headers=named)
    return ask(f"/api/v1/{rest}", body or "", content_type="application/json", headers=named)


def test_knowledge_is_written_ruled_shared_and_taken_back(left: World) -> None:
    owner = left.key
    made = call(
        owner, "post", "knowledge/", {"title": "Leave", "text": "Thirty days.", "level": "restricted"}
    )
    assert (made.status_code, made.json()["uses"]) == (201, 0)
    at = f"knowledge/{made.json()['id']}/"
    told = call(owner, "get", at + "beneficiaries/").json()["results"]
    assert {(one["told"], one["why"]) for one in told} == {(False, "not_named")}
    rule = {"asset_id": made.json()["id"], "companion_id": str(left.companion.pk), "allow": True}
    set_ = call(owner, "post", "sharing-rules/", rule)
    assert set_.status_code == 200
    assert "named" in {one["why"] for one in call(owner, "get", at + "beneficiaries/").json()["results"]}
    assert call(owner, "delete", f"sharing-rules/{set_.json()['id']}/").status_code == 204
    changed = call(owner, "patch", at, {"text": "Forty days."}, if_match=made.headers["ETag"])
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert call(owner, "patch", at, {"text": "x"}, if_match=made.headers["ETag"]).status_code == 412
    versions = call(owner, "get", at + "versions/").json()["results"]
    assert [one["text"] for one in versions] == ["Forty days.", "Thirty days."]
    assert call(owner, "post", f"{at}versions/{versions[1]['id']}/restore/").json()["text"] == "Thirty days."
    assert call(owner, "delete", at).status_code == 204
    assert call(owner, "get", at).status_code == 404
    assert call(owner, "post", at + "bring-back/").status_code == 200


def test_a_member_is_told_what_they_may_and_shares_no_wider_than_they_stand(left: World) -> None:
    with_key = create_api_key(member=left.member, name="Mine")[1]
    assert call(with_key, "get", f"knowledge/{left.row(KnowledgeAsset).pk}/").status_code == 404
    assert call(with_key, "post", "knowledge/", {"title": "x", "text": "x"}).status_code == 403
    shared = call(with_key, "post", "knowledge/share/", {"title": "Tides", "text": "High at six."})
    assert (shared.status_code, shared.json()["source"]) == (201, "person")
    listed = call(with_key, "get", "knowledge/").json()["results"]
    assert [one["title"] for one in listed] == ["Tides"]
    for body, status in (
        ({"title": "x", "text": "a\u0000"}, 422),
        ({"title": "x", "text": "x", "level": "secret"}, 422),
        ({"title": "x", "text": "x", "author_id": "x"}, 422),
        ({"title": "x", "text": "x" * 200_001}, 422),
    ):
        assert call(with_key, "post", "knowledge/share/", body).status_code == status, body.keys()
    assert call(with_key, "post", "capabilities/", {"kind": "skill", "name": "x"}).status_code == 403
    given = call(with_key, "get", f"companions/{left.companion.pk}/capabilities/").json()
    assert given == {"results": []}
    skill = {"kind": "skill", "name": "Brief", "instructions": "One line."}
    assert call(left.key, "post", "capabilities/", skill).status_code == 201
    given = call(with_key, "get", f"companions/{left.companion.pk}/capabilities/").json()
    assert [one["name"] for one in given["results"]] == ["Brief"]
