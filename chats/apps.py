from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatsConfig(AppConfig):
    name = "chats"
    verbose_name = _("Chats")

    def ready(self) -> None:
        from chats import counting, permissions, queries, signals  # noqa: F401
        from chats.services.collaborating import answer_as
        from chats.services.forgetting import forget_quotes
        from chats.services.removal import stop_answers
        from humana.kernel import ports
        from tenants.models import PlacementJob
        from tenants.places import finders
        from tenants.services.placing.jobs import Joined, Step, joined

        stop = Step("answers", stop_answers, _("Stop the answers that are being written"))
        ports.answer_as.fill(answer_as)
        ports.forget_quotes.fill(forget_quotes)
        ports.chats_in.fill(queries.chats_in)
        ports.in_conversations.fill(queries.in_conversations)
        ports.living_owner.fill(signals.living_owner)
        ports.owner_lives.fill(signals.alive)
        ports.companion_that_answered.fill(queries.companion_that_answered)
        counting.declare()
        joined.add("chats.answers", Joined(PlacementJob.Kind.REMOVE, stop, before="erase"))
        finders.add("chat_id", queries.place_of_chat)
        finders.add("message_id", queries.place_of_message)
        finders.add("run_id", queries.place_of_run)
        finders.add("place_id", queries.place_of_draft)
