"""API keys of one's own, for programs."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from humana.api.schema import operation
from humana.api.views import ApiView
from humana.kernel.errors import NotFound
from tenants.api import serializers
from tenants.api.views import KeyListView
from tenants.models import ApiKey
from tenants.permissions import OWN_KEYS
from tenants.queries import keys_of_member
from tenants.services.keys import create_api_key, revoke_api_key


class OwnKeyListView(KeyListView):
    """One's own keys here, revoked ones too."""

    permission = OWN_KEYS.name
    listed = ("listMyApiKeys", "My keys in this organization")

    def rows(self, request: Request, **named: Any) -> QuerySet[ApiKey]:
        return keys_of_member(self.member)

    @operation(
        "createMyApiKey",
        "Make a key of my own; its secret is told once",
        takes=serializers.ApiKeyInput,
        gives=serializers.NewApiKey,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        told = self.body(serializers.ApiKeyInput)
        key, secret = create_api_key(member=self.member, made_with=self.visitor.key, **told)
        return self.answer(serializers.NewApiKey(serializers.api_key(key), secret), status=201)


class OwnKeyView(ApiView):
    """One of one's own keys."""

    permission = OWN_KEYS.name

    @operation("revokeMyApiKey", "Revoke a key of my own: from now on it opens nothing", status=204)
    def delete(self, request: Request, key_id: uuid.UUID) -> HttpResponse:
        key = keys_of_member(self.member).filter(id=key_id).first()
        if key is None:
            raise NotFound(_("There is nothing here."))
        self.no_body()
        revoke_api_key(key=key)
        return self.nothing()
