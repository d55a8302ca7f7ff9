"""The control plane of identity: always in the default database, schema `public`; never content."""

from tenants.models.access import ApiKey, SupportSession
from tenants.models.config import ConfigValue
from tenants.models.events import ControlEvent, PendingWork
from tenants.models.invitations import Invitation
from tenants.models.jobs import PlacementJob
from tenants.models.organizations import Organization, OrganizationSlug, Plan
from tenants.models.people import Membership, Role, User
from tenants.models.placements import Engine, Isolation, Placement
from tenants.models.structure import KnownTeam, Position, Team

__all__ = [
    "ApiKey",
    "ConfigValue",
    "ControlEvent",
    "Engine",
    "Invitation",
    "Isolation",
    "KnownTeam",
    "Membership",
    "Organization",
    "OrganizationSlug",
    "PendingWork",
    "Placement",
    "PlacementJob",
    "Plan",
    "Position",
    "Role",
    "SupportSession",
    "Team",
    "User",
]
