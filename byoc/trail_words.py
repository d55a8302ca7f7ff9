"""What of endpoints stands in a trail, as people read it."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from byoc.models import Endpoint
from byoc.permissions import READ
from humana.kernel.text import only_ids
from humana.kernel.trail_words import declare, declare_codes, namers
from tenants.models import Membership
from tenants.permissions import allowed

declare(
    _("Endpoints"),
    {
        "egress.granted": _("allowed an address to be reached"),
        "egress.withdrawn": _("withdrew the leave to reach an address"),
        "endpoint.activated": _("put an endpoint to work"),
        "endpoint.changed": _("changed an endpoint"),
        "endpoint.created": _("entered an endpoint"),
        "endpoint.expiring": _("noticed that a sign-in certificate expires soon"),
        "endpoint.failing": _("noticed that an endpoint fails"),
        "endpoint.joined": _("connected a database to its server"),
        "endpoint.recovered": _("noticed that an endpoint is well again"),
        "endpoint.removed": _("removed an endpoint"),
        "endpoint.validated": _("validated an endpoint"),
        "endpoint.withdrawn": _("withdrew an endpoint"),
        "failover.began": _("changed over from an endpoint to what stands in for it"),
        "failover.ended": _("changed back to an endpoint"),
        "failover.proposed": _("proposed to change over from an endpoint"),
        "failover.returning": _("began to change back to an endpoint"),
    },
)
declare(
    _("Storage of files"),
    {
        "storage.copied_back": _("copied files back to their storage"),
        "storage.copy_begun": _("began to copy files to another storage"),
        "storage.copy_done": _("finished copying files to another storage"),
        "storage.copy_erased": _("erased copied files from their former storage"),
        "storage.platform_changed": _("changed the storage that Humana provides"),
    },
)
declare_codes(
    {
        "bad_request": _("it refuses what it is asked"),
        "by_hand": _("somebody wished so"),
        "context_too_long": _("the conversation is too long for it"),
        "cut": _("it broke off"),
        "filtered": _("its service does not answer this"),
        "forbidden": _("its address is not allowed"),
        "malformed": _("it answers in a way that is not understood"),
        "not_configured": _("nothing is connected"),
        "not_found": _("what is asked for is not there"),
        "overloaded": _("it is too busy"),
        "rate_limited": _("it takes no more requests"),
        "timeout": _("it takes too long"),
        "unauthorized": _("it does not accept the credentials"),
        "unreachable": _("it cannot be reached"),
    }
)


def _names(member: Membership, references: Collection[str]) -> dict[str, str]:
    """Of the organization's own endpoints, for whoever may see them."""
    if not allowed(member, READ.name):
        return {}
    rows = Endpoint.objects.filter(id__in=only_ids(references), organization_id=member.organization_id)
    return {str(key): name for key, name in rows.values_list("id", "name")}


namers.add("byoc", _names)
