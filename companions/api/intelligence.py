"""Figures of a period, feedback on companions, and what they did with whom."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from companions.api import intelligence_shapes as shapes
from companions.intelligence.periods import LENGTHS, Period, asked_for
from companions.intelligence.reading import report, today
from companions.models import Feedback, Interaction
from companions.opinions import feedback_of, feedback_on, interactions_for
from companions.permissions import FIGURES, READ
from companions.queries import access_companion
from companions.services.feedback import give_feedback, withdraw_feedback
from companions.views.intelligence import file_of
from humana.api.filters import Choice, Day, Id
from humana.api.lists import ListView, MergedListView
from humana.api.schema import operation
from humana.api.views import ApiView
from humana.kernel.errors import NotFound
from tenants.places import at_main


class FiguresView(ApiView):
    """Figures of a period, as they were last counted."""

    permission = FIGURES.name
    filters = {
        "days": Choice(
            "The last so many days, today included; 30 where nothing is said.", tuple(map(str, LENGTHS))
        ),
        "from": Day("The first day, instead of a number of them."),
        "to": Day("The last day; today where only the first is said."),
    }

    @operation("readFigures", "Figures of a period and of the one before", gives=shapes.ReportShape)
    def get(self, request: Request) -> HttpResponse:
        return self.answer(shapes.report(report(member=self.member, period=self.period())))

    def period(self) -> Period:
        first, last = (str(self.asked.get(name, "")) for name in ("from", "to"))
        return asked_for(self.asked.get("days", ""), first, last, today=today())


class FiguresFileView(FiguresView):
    """The same as a file: a line for each day, and for each companion on it. Taking it is noted."""

    @operation("exportFigures", "Figures by day and companion as a file", media="text/csv")
    def get(self, request: Request) -> HttpResponse:
        return file_of(self.member, self.period())


class FeedbackListView(ListView):
    """Opinions of a companion: everybody's for who edits companions or sees the figures, else one's own."""

    permissions = {"GET": READ.name}
    shape = shapes.FeedbackShape
    columns = shapes.FeedbackShape.__struct_fields__
    order = ("-updated_at", "-id")

    @operation("listFeedback", "Opinions of a companion, the latest first", gives=shapes.FeedbackShape)
    def get(self, request: Request, **named: Any) -> HttpResponse:
        found = access_companion(member=self.member, companion_id=named["companion_id"])
        with at_main():
            return super().get(request, companion_id=found.id)

    def rows(self, request: Request, **named: Any) -> QuerySet[Feedback]:
        return feedback_on(member=self.member, companion_id=named["companion_id"])


class MyFeedbackView(ApiView):
    """One's own opinion of a companion."""

    permissions = {"GET": READ.name, "PUT": READ.name, "DELETE": READ.name}

    @operation("readMyFeedback", "One's own opinion of a companion", gives=shapes.FeedbackShape)
    def get(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        found = access_companion(member=self.member, companion_id=companion_id)
        row = feedback_of(member=self.member, companion_id=found.id)
        if row is None:
            raise NotFound(_("There is nothing here."))
        return self.answer(shapes.feedback(row))

    @operation(
        "giveFeedback",
        "Say what one thinks of a companion; what was said before is replaced",
        takes=shapes.FeedbackInput,
        gives=shapes.FeedbackShape,
    )
    def put(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        found = access_companion(member=self.member, companion_id=companion_id)
        given = self.body(shapes.FeedbackInput)
        return self.answer(shapes.feedback(give_feedback(member=self.member, companion=found, **given)))

    @operation("withdrawFeedback", "Take one's opinion back", status=204)
    def delete(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        found = access_companion(member=self.member, companion_id=companion_id)
        self.no_body()
        withdraw_feedback(member=self.member, companion=found)
        return self.nothing()


class InteractionListView(MergedListView):
    """What companions did: with the caller, or for who sees the figures with everybody."""

    permissions = {"GET": READ.name}
    shape = shapes.InteractionShape
    columns = shapes.InteractionShape.__struct_fields__
    order = ("-created_at", "-id")
    filters = {
        "companion": Id("Only of this companion."),
        "session": Id("Only what belongs to one conversation or trace."),
        "kind": Choice("Only of this kind.", tuple(Interaction.Kind.values)),
    }

    @operation(
        "listInteractions", "What companions did with people and each other", gives=shapes.InteractionShape
    )
    def get(self, request: Request, **named: Any) -> HttpResponse:
        return super().get(request, **named)

    def rows(self, request: Request, **named: Any) -> QuerySet[Interaction]:
        columns = {"companion": "companion_id", "session": "session_id", "kind": "kind"}
        return interactions_for(self.member).filter(
            **{columns[name]: value for name, value in self.asked.items()}
        )
