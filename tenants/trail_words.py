"""What of the control plane stands in a trail, as people read it."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from humana.kernel.text import only_ids
from humana.kernel.trail_words import declare, namers
from tenants.models import Membership, Placement, Position, Role, Team
from tenants.permissions import MANAGE, MEMBERS, SEE_STRUCTURE, allowed

declare(
    _("Organization"),
    {
        "organization.changed": _("changed the organization's data"),
        "organization.founded": _("founded the organization"),
        "organization.moved": _("moved the organization to another place"),
        "organization.moving": _("began to move the organization to another place"),
        "organization.placement_added": _("gave the organization a further place"),
        "organization.placement_removed": _("removed a further place of the organization"),
        "organization.provisioned": _("made the organization's place ready"),
        "organization.removing": _("began to remove an organization"),
        "organization.renamed": _("changed the organization's address"),
        "organization.rows_left": _("left rows of the organization behind in a former place"),
        "organization.structured": _("set up teams and positions"),
        "placement.pool_closed": _("closed a shared place to new organizations"),
        "placement.pool_given_up": _("gave up a shared place"),
        "placement.pool_opened": _("opened a shared place"),
    },
)
declare(
    _("Members"),
    {
        "invitation.accepted": _("accepted an invitation"),
        "invitation.sent": _("invited somebody"),
        "invitation.sent_again": _("sent an invitation again"),
        "invitation.withdrawn": _("withdrew an invitation"),
        "member.added": _("added a member"),
        "membership.brought_back": _("brought a member back"),
        "membership.left": _("left the organization"),
        "membership.placed": _("changed a member's team or position"),
        "membership.ranked": _("changed what a member may do"),
        "membership.removed": _("removed a member"),
        "membership.suspended": _("suspended a member"),
    },
)
declare(
    _("Teams, positions and roles"),
    {
        "position.changed": _("changed a position"),
        "position.created": _("created a position"),
        "position.removed": _("removed a position"),
        "role.changed": _("changed a role"),
        "role.created": _("created a role"),
        "role.removed": _("removed a role"),
        "team.changed": _("changed a team"),
        "team.created": _("created a team"),
        "team.removed": _("removed a team"),
    },
)
declare(
    _("Sign-in and API keys"),
    {
        "key.created": _("created an API key"),
        "key.revoked": _("revoked an API key"),
        "second_step.new_codes": _("made new recovery codes"),
        "second_step.reset": _("reset a member's two-step sign-in"),
        "second_step.turned_off": _("turned two-step sign-in off"),
        "second_step.turned_on": _("turned two-step sign-in on"),
    },
)
declare(
    _("Configuration"),
    {
        "config.changed": _("changed a setting"),
        "config.synced": _("took over settings from Humana's environment"),
    },
)
declare(
    _("Humana's staff"),
    {
        "operator.added": _("added something in the operators' console"),
        "operator.changed": _("changed something in the operators' console"),
        "operator.deleted": _("deleted something in the operators' console"),
        "operator.entered": _("took the organization in hand in the operators' console"),
        "operator.left": _("let go of the organization in the operators' console"),
        "support.begun": _("began a support session"),
        "support.ended": _("ended a support session"),
        "support.looked": _("looked at something in a support session"),
    },
)


def _names(member: Membership, references: Collection[str]) -> dict[str, str]:
    """Of people, teams, positions and roles for whoever may see them; of places for whoever manages them."""
    here, ids, found = member.organization_id, only_ids(references), {}
    if allowed(member, MEMBERS.name) or allowed(member, SEE_STRUCTURE.name):
        people = Membership.objects.filter(Q(id__in=ids) | Q(user__in=ids), organization_id=here)
        for one in people.select_related("user"):
            found[str(one.id)] = found[str(one.user_id)] = str(one.user)
        for rows, called in ((Team.objects, "name"), (Position.objects, "title")):
            found.update(
                (str(key), name)
                for key, name in rows.filter(id__in=ids, organization_id=here).values_list("id", called)
            )
        roles = Role.objects.filter(organization_id=here).values_list("id", "slug", "name")
        for key, slug, name in roles:
            found[str(key)] = found[f"role {slug}"] = name
    if allowed(member, MANAGE.name):
        places = Placement.objects.filter(id__in=ids).values_list("id", "name")
        found.update((str(key), name) for key, name in places)
    return found


namers.add("tenants", _names)
