"""What of companions stands in a trail, as people read it."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from companions.permissions import FIGURES, READ
from companions.queries import names_and_slugs
from companions.refusals import REASONS, RIGHTS
from humana.kernel.text import only_ids
from humana.kernel.trail_words import declare, declare_codes, namers
from tenants.models import Membership
from tenants.permissions import allowed

declare(
    _("Companions"),
    {
        "companions.companion.created": _("created a companion"),
        "companions.companion.edited": _("changed a companion"),
        "companions.companion.paused": _("paused a companion"),
        "companions.companion.placed": _("had a companion stored in another place"),
        "companions.companion.removed": _("removed a companion"),
        "companions.companion.resettled": _("gave companions another team or position"),
        "companions.companion.restored": _("brought a companion back"),
        "companions.companion.resumed": _("put a companion back to work"),
        "companions.feedback.given": _("rated a companion"),
        "companions.feedback.withdrawn": _("took a rating back"),
        "companions.figures.exported": _("took the figures as a file"),
        "companions.structure.exported": _("took the structure as a file"),
        "companions.structure.imported": _("changed the structure from a file"),
    },
)
declare(
    _("Values, policies and brand"),
    {
        "companions.brand.published": _("published the brand"),
        "companions.brand_asset.added": _("added a file of the brand"),
        "companions.brand_asset.changed": _("changed a file of the brand"),
        "companions.brand_asset.removed": _("deleted a file of the brand"),
        "companions.brand_asset.restored": _("brought a file of the brand back"),
        "companions.policy.blocked": _("got an answer that a policy stopped"),
        "companions.policy.noted": _("got an answer in which a policy noted something"),
        "companions.policy.published": _("published a policy"),
        "companions.value.dropped": _("removed a value"),
        "companions.value.kept": _("saved a value"),
        "companions.value.moved": _("moved a value up or down"),
    },
)
declare(
    _("Knowledge and capabilities"),
    {
        "companions.capability.kept": _("saved a capability"),
        "companions.capability.recounted": _("counted anew whom a capability serves"),
        "companions.capability.removed": _("removed a capability"),
        "companions.capability.restored": _("brought a capability back"),
        "companions.knowledge.kept": _("saved a piece of knowledge"),
        "companions.knowledge.removed": _("removed a piece of knowledge"),
        "companions.knowledge.restored": _("brought a piece of knowledge back"),
        "companions.sharing.dropped": _("removed a rule of who is served by something"),
        "companions.sharing.set": _("set a rule of who is served by something"),
    },
)
declare(
    _("Between companions"),
    {
        "companions.access.dropped": _("removed a rule of which companions reach each other"),
        "companions.access.set": _("set a rule of which companions reach each other"),
        "companions.delivery.quarantined": _("put aside a message that could not be delivered"),
        "companions.delivery.released": _("let a message that was put aside be delivered"),
        "companions.handoff.accepted": _("took over a conversation"),
        "companions.handoff.declined": _("did not take a conversation over"),
        "companions.handoff.offered": _("offered a conversation to somebody"),
        "companions.handoff.withdrawn": _("took an offered conversation back"),
        "companions.message.delivered": _("had a message of one companion delivered to another"),
        "companions.message.expired": _("had a message between companions that came too late"),
        "companions.message.refused": _("had a message between companions refused"),
        "companions.message.sent": _("let a companion send a message to others"),
        "companions.message.to_all": _("had a companion's message delivered to all"),
        "companions.message.unanswered": _("let a companion's request go without an answer"),
        "message.quarantined": _("put aside a message between companions"),
    },
)
declare(
    _("Tools"),
    {
        "companions.tool.refused": _("let a companion ask for a tool that was refused"),
        "companions.tool.used": _("let a companion use a tool"),
        "companions.tool_rule.dropped": _("took a tool away from a companion"),
        "companions.tool_rule.set": _("said whether a companion may use a tool"),
        "companions.tool_server.asked": _("asked a server which tools it offers"),
        "companions.tool_server.changed": _("changed a server of tools"),
        "companions.tool_server.connected": _("connected a server of tools"),
        "companions.tool_server.paused": _("paused a server of tools"),
        "companions.tool_server.removed": _("removed a server of tools"),
        "companions.tool_server.resumed": _("put a server of tools back to work"),
        "companions.tool_server.sign_in_ended": _("lost the sign-in at a server of tools"),
        "companions.tool_server.signed_in": _("signed in at a server of tools"),
        "companions.tool_server.signed_out": _("signed out of a server of tools"),
    },
)
declare_codes({**REASONS, **RIGHTS})
#: Sections of the structure as a file.
declare_codes(
    {
        "access": _("access rules"),
        "brand": _("brand"),
        "capabilities": _("capabilities"),
        "companions": _("companions"),
        "knowledge": _("knowledge"),
        "policies": _("policies"),
        "positions": _("positions"),
        "teams": _("teams"),
        "values": _("values"),
    }
)


def _names(member: Membership, references: Collection[str]) -> dict[str, str]:
    """Of companions, removed ones too, for whoever may see them or their figures."""
    if not (allowed(member, READ.name) or allowed(member, FIGURES.name)):
        return {}
    slugs = (one.removeprefix("companion ") for one in references if one.startswith("companion "))
    found = {}
    for key, slug, name in names_and_slugs(only_ids(references), slugs):
        found[str(key)] = found[f"companion {slug}"] = name
    return found


namers.add("companions", _names)
