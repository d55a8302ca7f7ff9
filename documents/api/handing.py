"""What people left behind, for programs."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from documents.permissions import HAND_OVER
from documents.services.handing import hand_over, left_behind
from humana.api.inputs import IdOf, Input
from humana.api.schema import operation
from humana.api.shapes import NameRef, Shape
from humana.api.views import ApiView
from tenants.queries import access_member


class LeftShape(Shape, frozen=True):
    """Somebody who is no member any more, and how many folders and documents of theirs are here."""

    person: NameRef
    folders: int
    documents: int


class LeftBehind(Shape, frozen=True):
    """All of them."""

    results: list[LeftShape]


class HandedShape(Shape, frozen=True):
    """How much has changed hands; `stayed` are documents that were attached in conversations only."""

    folders: int
    documents: int
    stayed: int


class HandOverInput(Input):
    """Whose things, by the id of the person, and the member who has them from now on."""

    person_id = IdOf()
    member_id = IdOf()


class LeftBehindView(ApiView):
    """What people left behind whose membership ended."""

    permission = HAND_OVER.name

    @operation("listLeftBehind", "Who left folders or documents behind, by name", gives=LeftBehind)
    def get(self, request: Request) -> HttpResponse:
        found = [
            LeftShape(NameRef(one.person.id, one.person.get_full_name()), one.folders, one.documents)
            for one in left_behind(member=self.member)
        ]
        return self.answer(LeftBehind(found))

    @operation(
        "handOver",
        "Give all that somebody left behind to a member; shares are kept, conversations stay private",
        takes=HandOverInput,
        gives=HandedShape,
    )
    def post(self, request: Request) -> HttpResponse:
        told = self.body(HandOverInput)
        heir = access_member(member=self.member, member_id=told["member_id"])
        done = hand_over(member=self.member, person_id=told["person_id"], heir=heir)
        return self.answer(HandedShape(done.folders, done.documents, done.stayed))
