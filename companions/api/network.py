"""What companions send each other, how each copy fares, and who reaches whom."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from companions.api import network_shapes as shapes
from companions.correspondence import (
    access_delivery,
    access_rule,
    access_sent,
    companions_by_name,
    deliveries_for,
    messages_for,
    rules,
)
from companions.models import CompanionAccess, CompanionMessage, Delivery
from companions.network import network
from companions.permissions import ACCESS, NETWORK, READ, SEND
from companions.queries import access_companion
from companions.services.quarantine import release_delivery
from companions.services.rules import drop_rule, set_rule
from companions.services.sending import send_message
from humana.api.filters import Choice, Id
from humana.api.lists import ListView
from humana.api.schema import operation
from humana.api.views import ApiView
from humana.kernel.errors import Conflict
from tenants.transactions import tenant_atomic


class SentListView(ListView):
    """Messages between companions that were sent for the caller; all of them with the permission for it."""

    permissions = {"GET": READ.name, "POST": SEND.name}
    listed = ("listCompanionMessages", "Messages between companions, the latest first")
    shape = shapes.SentShape
    columns = shapes.SENT_COLUMNS
    order = ("-created_at", "-id")
    filters = {
        "trace": Id("All that follow from one message."),
        "sender": Id("Only from this companion."),
        "kind": Choice("Only of this kind.", tuple(CompanionMessage.Kind.values)),
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[CompanionMessage]:
        columns = {"trace": "trace_id", "sender": "sender_id", "kind": "kind"}
        return messages_for(self.member).filter(**{columns[name]: one for name, one in self.asked.items()})

    @operation(
        "sendCompanionMessage",
        "Let a companion share what it knows, or ask another; delivered soon after",
        takes=shapes.Letter,
        gives=shapes.SentShape,
        status=202,
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(shapes.Letter)
        sender = access_companion(member=self.member, companion_id=given.pop("sender_id"))
        to_id, parent_id = given.pop("to_id", None), given.pop("parent_id", None)
        to = access_companion(member=self.member, companion_id=to_id) if to_id else None
        parent = access_sent(member=self.member, sent_id=parent_id) if parent_id else None
        with tenant_atomic():
            row = send_message(member=self.member, sender=sender, to=to, parent=parent, **given)
        return self.answer(shapes.sent(row), status=202, location=f"/api/v1/network/messages/{row.id}/")


class SentView(ApiView):
    """One message."""

    permission = READ.name

    @operation("readCompanionMessage", "One message between companions", gives=shapes.SentShape)
    def get(self, request: Request, sent_id: uuid.UUID) -> HttpResponse:
        return self.answer(shapes.sent(access_sent(member=self.member, sent_id=sent_id)), version=0)


class DeliveryListView(ListView):
    """The copies of those messages."""

    permissions = {"GET": READ.name}
    listed = ("listDeliveries", "Copies of messages, the latest first")
    shape = shapes.DeliveryShape
    columns = shapes.DeliveryShape.__struct_fields__
    order = ("-created_at", "-id")
    filters = {
        "sent": Id("Only copies of this message."),
        "recipient": Id("Only to this companion."),
        "state": Choice("Only in this state.", tuple(Delivery.State.values)),
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[Delivery]:
        columns = {"sent": "message_id", "recipient": "recipient_id", "state": "state"}
        return deliveries_for(self.member).filter(**{columns[name]: one for name, one in self.asked.items()})


class ReleaseView(ApiView):
    """A copy that was put aside."""

    permission = NETWORK.name

    @operation("releaseDelivery", "Try a copy that was put aside again", gives=shapes.DeliveryShape)
    def post(self, request: Request, delivery_id: uuid.UUID) -> HttpResponse:
        row = access_delivery(member=self.member, delivery_id=delivery_id)
        self.no_body()
        if not release_delivery(member=self.member, delivery_id=row.id):
            raise Conflict(_("This copy is not put aside."), code="not_put_aside")
        row.refresh_from_db()
        return self.answer(shapes.delivery(row))


class RuleListView(ListView):
    """What the organization itself says of who reaches whom."""

    permissions = {"GET": ACCESS.name, "POST": ACCESS.name}
    listed = ("listAccessRules", "Access rules, the latest first")
    shape = shapes.RuleShape
    columns = shapes.RuleShape.__struct_fields__
    order = ("-created_at", "-id")

    def rows(self, request: Request, **named: Any) -> QuerySet[CompanionAccess]:
        return rules()

    @operation(
        "setAccessRule",
        "Allow or deny one companion another, or a team",
        takes=shapes.RuleInput,
        gives=shapes.RuleShape,
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body(shapes.RuleInput)
        access_companion(member=self.member, companion_id=given["source_id"])
        return self.answer(shapes.rule(set_rule(member=self.member, **given)))


class RuleView(ApiView):
    """One rule."""

    permissions = {"GET": ACCESS.name, "DELETE": ACCESS.name}

    @operation("readAccessRule", "One access rule", gives=shapes.RuleShape)
    def get(self, request: Request, rule_id: uuid.UUID) -> HttpResponse:
        row = access_rule(member=self.member, rule_id=rule_id)
        return self.answer(shapes.rule(row), version=row.version)

    @operation("dropAccessRule", "Let what is computed hold again", status=204)
    def delete(self, request: Request, rule_id: uuid.UUID) -> HttpResponse:
        row = access_rule(member=self.member, rule_id=rule_id)
        self.no_body()
        drop_rule(member=self.member, rule=row)
        return self.nothing()


class ReachView(ApiView):
    """Whom one companion reaches."""

    permission = READ.name

    @operation("readReach", "What a companion may do towards each other one", gives=shapes.ReachesShape)
    def get(self, request: Request, companion_id: uuid.UUID) -> HttpResponse:
        sender = access_companion(member=self.member, companion_id=companion_id)
        between = network(senders=[sender.id])
        others = (one for one in companions_by_name() if one.id != sender.id)
        found = [shapes.reach(one, between.edge(sender.id, one.id)) for one in others]
        return self.answer(shapes.ReachesShape(found), version=0)
