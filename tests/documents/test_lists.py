"""Lists of documents: in every order, of one kind or state, of all placements as one list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from documents.access import access_document
from documents.contract import sort_name
from documents.models import DocumentFile
from documents.services.handing import hand_over, left_behind
from documents.services.sharing import Party, share
from documents.shown import documents_of
from documents.store import Card, Draft, store_of
from tenants.context import current_tenant, use_tenant
from tenants.models import Membership, User
from tenants.places import everywhere
from tenants.services.members import remove_member
from tests.api.conftest import program_of, refused
from tests.companions.conftest import _no_placement_is_thought_silent, mixed  # noqa: F401
from tests.fixtures.mixed import Mixed
from tests.fixtures.organizations import PASSWORD, World, join
from tests.pages.conftest import signed_in
from tests.pages.reading import Page, shortcomings

pytestmark = pytest.mark.django_db


def written(owner: Membership, name: str, text: str, media_type: str = "text/plain", **file: Any) -> Card:
    draft = Draft(
        owner_id=owner.user_id, author_id=owner.user_id, name=name, text=text, media_type=media_type
    )
    card = store_of(current_tenant()).add(draft)
    if file:
        DocumentFile(
            document_id=card.id, uploaded_by=owner.user_id, key=str(card.id), name=name,
            media_type=media_type, digest="0" * 64, **file,
        ).save(force_insert=True)  # fmt: skip
    return card


def all_names(client: Client, query: str) -> list[str]:
    """Through every page, by its link."""
    found, address = [], f"/o/left/documents/?{query}"
    while address:
        answer = client.get(address)
        assert found or shortcomings(Page(answer)) == []
        listing = answer.context["documents"]
        found += [one.card.name for one in listing.rows]
        address = f"/o/left/documents/?{listing.next}" if listing.next else ""
    return found


def test_documents_in_every_order_and_of_one_kind(left: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.shown.PER_PAGE", 2)
    with use_tenant(left.context):
        written(left.member, "Ábaco.pdf", "x", "application/pdf", size=9_000, state="ready")
        written(left.member, "beta.csv", "x" * 50, "text/csv", size=50, state="failed")
        written(left.member, "Note", "x" * 100)
        written(left.member, "zeta.pdf", "x" * 900, "application/pdf", size=5_000, state="ready")
    client = signed_in(left.member)
    by_name = ["Ábaco.pdf", "beta.csv", "Note", "zeta.pdf"]
    by_size = ["Ábaco.pdf", "zeta.pdf", "Note", "beta.csv"]
    for sort, wanted in (
        ("", by_name[::-1]), ("-changed", by_name), ("name", by_name),
        ("-name", by_name[::-1]), ("size", by_size), ("-size", by_size[::-1]), ("owner_id", by_name[::-1]),
    ):  # fmt: skip
        assert all_names(client, f"sort={sort}") == wanted, sort
    assert all_names(client, "kind=pdf&sort=name") == ["Ábaco.pdf", "zeta.pdf"]
    assert all_names(client, "kind=note") == ["Note"]
    assert all_names(client, "state=failed") == ["beta.csv"]
    assert all_names(client, "state=ready&sort=size") == ["Ábaco.pdf", "zeta.pdf", "Note"]
    assert "None is like that." in Page(client.get("/o/left/documents/?kind=image")).words
    program = program_of(left.member)
    first = program.get("documents/?sort=-size&limit=3").json()
    assert [one["name"] for one in first["results"]] == by_size[::-1][:3]
    assert [one["name"] for one in program.get(first["next"]).json()["results"]] == by_size[:1]
    refused(program.get(first["next"].replace("sort=-size", "sort=name")), 422, "bad_cursor", "cursor")
    refused(program.get("documents/?sort=owner_id"), 422, "bad_parameter", "sort")
    refused(program.get("documents/?kind=x"), 422, "bad_parameter", "kind")
    assert [one["name"] for one in program.get("documents/?kind=table").json()["results"]] == ["beta.csv"]


@pytest.mark.adapters
def test_what_is_left_in_every_placement_is_handed_over(mixed: Mixed) -> None:  # noqa: F811
    """And in each a share is seen, and stays."""
    owner, slug = mixed.owner, mixed.organization.slug
    gone = join(mixed.organization, User.objects.create_user(f"gone@{slug}.example", PASSWORD), "member")
    stays = join(mixed.organization, User.objects.create_user(f"stays@{slug}.example", PASSWORD), "member")
    with use_tenant(mixed.context):
        cards = []
        for place in everywhere():
            with use_tenant(place):
                cards.append(written(gone, f"Estate {len(cards)}", "x"))
                share(member=gone, aim=cards[-1], party=Party(member=stays), right="read")
        listed = documents_of(gone, {"sort": "name"}).rows
        assert [(one.card.name, one.shared) for one in listed] == [(one.name, True) for one in cards]
        remove_member(member=owner, who=gone)
        done = hand_over(member=owner, person_id=gone.user_id, heir=owner)
        assert (done.folders, done.documents) == (0, len(cards))
        mine = {one.card.id for one in documents_of(owner, {"sort": "-changed"}).rows}
        assert {one.id for one in cards} <= mine
        for place, card in zip(everywhere(), cards, strict=True):
            with use_tenant(place):
                assert access_document(member=stays, document_id=card.id).owner_id == owner.user_id
        assert left_behind(member=owner) == []


@pytest.mark.adapters
def test_all_placements_are_one_list(mixed: Mixed, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Page by page each document once, in an order that all databases share."""
    monkeypatch.setattr("documents.shown.PER_PAGE", 5)
    names = iter(["a-1", "A 2", "a_3", "ab", "B", "b.c", "10", "9", "é"])
    owner = mixed.owner
    with use_tenant(mixed.context):
        for number in range(3):
            for place in everywhere()[:3]:
                with use_tenant(place):
                    written(owner, next(names), "x" * (number + 1))
    client = signed_in(owner)
    base = f"/o/{owner.organization.slug}/documents/"
    for sort in ("-name", "changed", "-size"):
        found, address = [], f"{base}?sort={sort}"
        while address:
            listing = client.get(address).context["documents"]
            found += [one.card for one in listing.rows]
            address = f"{base}?{listing.next}" if listing.next else ""
        assert len(found) == len({one.id for one in found}) >= 6, sort
        if sort.endswith("name"):
            spelled = [sort_name(one.name) for one in found]
            assert spelled == sorted(spelled, reverse=sort.startswith("-"))
