from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CompanionsConfig(AppConfig):
    name = "companions"
    verbose_name = _("Companions")

    def ready(self) -> None:
        from byoc.board import USERS
        from companions import permissions  # noqa: F401
        from companions.infrastructure import asking
        from companions.intelligence import counting
        from companions.knowledge import titles_of
        from companions.queries import companion_names, place_of_companion, place_of_slug
        from companions.services.beneficiaries import recount_all_later
        from companions.services.structure import bound_to_team, resettle, standing_on
        from documents.models import Chunk
        from documents.services import rewriting
        from humana.kernel import ports
        from tenants.places import finders

        finders.add("companion_id", place_of_companion)
        finders.add("companion_slug", place_of_slug)
        USERS.add("llm", asking)
        ports.companion_names.fill(companion_names)
        ports.standing_on.fill(standing_on)
        ports.bound_to_team.fill(bound_to_team)
        ports.resettle.fill(resettle)
        ports.structure_changed.fill(recount_all_later)
        rewriting.titles.add(Chunk.Of.KNOWLEDGE, titles_of)
        counting.declare()
