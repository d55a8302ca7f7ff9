"""A rule of sharing, as the pages of assets and capabilities set it for one companion."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from companions.knowledge import rules_about
from companions.models import Capability, KnowledgeAsset
from companions.queries import access_companion
from companions.services.sharing import drop_sharing_rule, set_sharing_rule
from humana.kernel.errors import Invalid
from tenants.views import MemberRequest


def set_by(request: MemberRequest, about: KnowledgeAsset | Capability, do: str) -> None:
    """`allow` or `deny` the companion that is sent, or `drop` what was said of it."""
    member = request.visitor.member
    if do not in ("allow", "deny", "drop"):
        raise Invalid(_("Choose one of what is offered."), field="do", code="unknown")
    try:
        companion_id = uuid.UUID(request.POST.get("companion", ""))
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field="companion") from None
    found = access_companion(member=member, companion_id=companion_id)
    if do != "drop":
        set_sharing_rule(member=member, allow=do == "allow", about=about, companion=found)
        return
    for rule in rules_about(about.id).filter(whose_id=found.id):
        drop_sharing_rule(member=member, rule=rule)
