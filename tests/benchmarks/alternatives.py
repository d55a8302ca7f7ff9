"""Humana with three more routes, written as most code writes them: what ours is compared with.

/api/v1/nested/    my chats by DRF's nested ModelSerializer and its cursor pagination
/api/v1/plain/     a view that does nothing, behind the same middleware
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from humana.asgi import application

__all__ = ["application"]

from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination

from chats.models import Chat
from chats.permissions import READ
from chats.queries import chats_of
from companions.models import Companion
from documents.models import Folder
from humana import urls
from humana.api import urls as api


class CompanionSerializer(serializers.ModelSerializer[Companion]):
    class Meta:
        model = Companion
        fields = ("id", "slug", "name")


class FolderSerializer(serializers.ModelSerializer[Folder]):
    class Meta:
        model = Folder
        fields = ("id", "name")


class ChatSerializer(serializers.ModelSerializer[Chat]):
    companion = CompanionSerializer()
    folder = FolderSerializer()

    class Meta:
        model = Chat
        fields = (
            *("id", "title", "companion", "folder", "origin", "is_example", "pinned", "archived"),
            *("leaf_id", "last_message_at", "created_at", "updated_at", "version"),
        )


class Pages(CursorPagination):
    ordering = ("-last_message_at", "-id")
    page_size = 20


class NestedView(ListAPIView[Chat]):
    """The same rows as /api/v1/chats/, through the same authentication and permission."""

    permission = None
    permissions = {"GET": READ.name}
    serializer_class = ChatSerializer
    pagination_class = Pages

    def get_queryset(self) -> Any:
        visitor: Any = self.request.auth
        rows = chats_of(visitor.member, archived=False, origin=Chat.Origin.APP)
        return rows.select_related("companion", "folder")


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


# First of all: how many routes are tried before is no part of what is compared.
api.urlpatterns[:0] = [path("nested/", NestedView.as_view()), path("plain/", plain)]
urls.urlpatterns[:0] = [path("health/plain/", plain)]
