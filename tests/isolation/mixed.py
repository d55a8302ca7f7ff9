"""An organization with one companion in a further placement, and there one row of everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace

from audit.models import Budget, BudgetCounter
from chats.models import Chat, MessageWords
from companions.models import (
    Brand,
    BrandAsset,
    BrandVersion,
    Capability,
    CapabilityGrant,
    Companion,
    CompanionAccess,
    CompanionMessage,
    Delivery,
    Feedback,
    Handoff,
    Inbox,
    KnowledgeAsset,
    KnowledgeVersion,
    McpServer,
    McpTool,
    Policy,
    PolicyVersion,
    PromptSnapshot,
    SharedUse,
    SharingRule,
    ToolRule,
    ToolUse,
    Value,
)
from companions.services.companions import create_companion
from companions.services.placing import place_companion
from documents.models import Chunk, Document
from tenants.context import TenantContext, use_tenant
from tenants.models import Invitation, Organization, Position, Role, Team
from tenants.owner import owner_settings
from tenants.services.further import add_placement
from tests.fixtures.organizations import World, _fill, build_world, with_endpoint
from tests.fixtures.rows import CONTROL_MAKERS
from tests.isolation.worlds import nothing_stays
from tests.plugins.databases import drop
from tests.plugins.services import Services

#: What all companions inherit, send each other and share, and their tools, stay in the main placement.
INHERITED = (Value, Policy, PolicyVersion, Brand, BrandVersion, BrandAsset, PromptSnapshot)
SENT = (CompanionAccess, CompanionMessage, Inbox, Delivery, Handoff)
SHARED = (KnowledgeAsset, KnowledgeVersion, Capability, SharingRule, CapabilityGrant, SharedUse)
TOOLS = (McpServer, McpTool, ToolRule, ToolUse)
BUDGETS = (Budget, BudgetCounter)


#: What the far document says.
FAR_PASSAGE = "The far garden has roses."


class Far(World):
    """`rows` are in the further placement; `context` is the main one, where every request begins."""

    there: TenantContext

    def as_there(self) -> World:
        """The organization with the further placement for its own, to look at every row there."""
        seen = There(**{one.name: getattr(self, one.name) for one in fields(self)})
        seen.there = self.there
        return seen


class There(Far):
    @property
    def context(self) -> TenantContext:
        return self.there


@contextmanager
def nothing_stays_there(world: Far) -> Iterator[None]:
    """What is written in the further placement within the block is rolled back, as in the main one."""
    with nothing_stays(world.as_there()):
        yield


def build_far_world(slug: str, isolation: str) -> Far:
    main = with_endpoint(build_world(slug))
    placement = add_placement(organization=main.organization, isolation=isolation, now=True)
    main = replace(main, organization=Organization.objects.get(pk=main.organization.pk))
    with use_tenant(main.context):
        companion = create_companion(
            name="Far", purpose="Far away", base_prompt="You are Far.", language="en"
        )
        place_companion(companion_id=companion.id, placement_id=placement.id)
        team = Team.objects.create(organization=main.organization, name="Far team")
        position = Position.objects.create(organization=main.organization, title="Far pilot")
        invitation = CONTROL_MAKERS[Invitation](main, 0)
        invitation.save()
        role = CONTROL_MAKERS[Role](main, 0)
        role.save()
        thought = Feedback.objects.create(companion_id=companion.id, member_id=main.twin.pk, rating=4)
    world = Far(main.organization, main.owner, main.member, main.twin, main.key, report=main.report)
    world.endpoint = main.endpoint
    world.there = main.context.further(placement.ref)
    world.rows |= {model: main.rows[model] for model in INHERITED + SENT + SHARED + TOOLS + BUDGETS} | {
        Team: team,
        Position: position,
        Invitation: invitation,
        Role: role,
        Feedback: thought,  # as the network, it is kept where all entries are
    }
    with use_tenant(world.there):
        world.rows[Companion] = Companion.objects.get(id=companion.id)
        _fill(world)
        Chat.objects.filter(id=world.chat.id).update(title="Far budget")
        Chunk.objects.create(
            source_kind="document",
            source_id=world.row(Document).pk,
            source_version=1,
            ordinal=0,
            text=FAR_PASSAGE,
        )
        MessageWords.objects.filter(chat_id=world.chat.id).update(words=" budget far ")
    return world


def raze_far_world(world: Far, services: Services) -> None:
    """A schema goes with the clone; a database of its own is dropped."""
    with use_tenant(world.there):
        alias = world.there.placement.alias
        name = "" if alias == "default" else owner_settings(alias)["NAME"]
    if name:
        drop(name, services)
