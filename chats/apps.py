from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatsConfig(AppConfig):
    name = "chats"
    verbose_name = _("Chats")

    def ready(self) -> None:
        from chats import permissions, queries  # noqa: F401
        from tenants.places import finders

        finders.add("chat_id", queries.place_of_chat)
        finders.add("message_id", queries.place_of_message)
        finders.add("run_id", queries.place_of_run)
        finders.add("place_id", queries.place_of_draft)
