"""Sharing what one knows: by a person, or of a message that a companion was sent.

The level is proposed from where the sharer stands; it may be narrowed, never widened beyond that.
"""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from companions.knowledge import reach_of
from companions.models import Capability, Companion, CompanionMessage, Delivery, KnowledgeAsset, SharingRule
from companions.permissions import CAPABILITIES, KNOWLEDGE, SHARE
from companions.services.beneficiaries import recount_later
from companions.services.editing import judge
from companions.services.knowledge import put_down
from companions.sharing import Item, narrowest, widest
from humana.kernel.errors import Conflict, Invalid
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership, Position
from tenants.places import at_main
from tenants.transactions import tenant_atomic


def proposed_level(member: Membership, companion: Companion | None = None) -> str:
    """How widely a person may share at most, and what a companion shares for them."""
    mine = widest(member.team_id, _standing(member.position_id))
    if companion is None:
        return mine
    return narrowest([mine, widest(companion.team_id, _standing(companion.position_id), companion.access)])


def share_knowledge(
    *, member: Membership, title: str, text: str, level: str | None = None, language: str | None = None
) -> KnowledgeAsset:
    """Tell those around the member: their team, department or all, as their place allows, or fewer."""
    by = judge(member, SHARE)
    row = KnowledgeAsset(
        source=KnowledgeAsset.Source.PERSON,
        author_id=by,
        team_id=member.team_id,
        widest=proposed_level(member),
        shared_by_name=str(member.user)[:120],
    )
    return put_down(row, _told(title, text, level or row.widest, language), by)


def keep_share(
    *, member: Membership, copy: Delivery, title: str = "", level: str | None = None
) -> KnowledgeAsset:
    """Keep what a companion was told by another: it knows it from now on, others as the level says.

    The copy was loaded through who may see it. Conflict for one that was not delivered, or is no
    knowledge; kept once, however often this is asked.
    """
    by = judge(member, SHARE)
    with at_main(), tenant_atomic():
        message = _shareable(copy)
        kept = KnowledgeAsset.everything.select_for_update().filter(message_id=message.id).first()
        if kept is not None:
            raise Conflict(
                _("This is kept already: “%(title)s”.") % {"title": kept.title}, code="kept_already"
            )
        row = _of_message(message, member, by)
        first = message.payload.strip().splitlines()[0]
        put_down(row, _told(title or first[:160], message.payload, level or row.widest, None), by)
        _name(row, copy.recipient, by)
    return row


def set_sharing_rule(
    *,
    member: Membership | None = None,
    allow: bool,
    about: KnowledgeAsset | Capability | None = None,
    companion: Companion | None = None,
    person: Membership | None = None,
) -> SharingRule:
    """Name a companion or person for something, or keep it from them; with nothing named, the common base
    from a companion. One rule for each pair: a second one takes its place.
    """
    judge(member, CAPABILITIES if isinstance(about, Capability) else KNOWLEDGE)
    whose = companion or person
    if whose is None or (about is None and (allow or companion is None)):
        raise Invalid(_("Choose one of what is offered."), field="companion_id", code="unknown")
    if allow and isinstance(about, KnowledgeAsset):
        _must_be_within(about, companion)
    row = SharingRule(
        asset=about if isinstance(about, KnowledgeAsset) else None,
        capability=about if isinstance(about, Capability) else None,
        companion=companion,
        member_id=person.id if person else None,
        whose_id=whose.id,
        aim_id=about.id if about else whose.id,
        allow=allow,
    )
    with at_main(), tenant_atomic():
        SharingRule.objects.filter(whose_id=row.whose_id, aim_id=row.aim_id).delete()
        row.save(force_insert=True)
        _tell(row, "set")
    return row


def drop_sharing_rule(*, member: Membership | None = None, rule: SharingRule) -> None:
    """What the level says holds again."""
    judge(member, CAPABILITIES if rule.capability_id else KNOWLEDGE)
    with at_main(), tenant_atomic():
        _tell(rule, "dropped")
        rule.delete()


def _must_be_within(asset: KnowledgeAsset, companion: Companion | None) -> None:
    """What was shared goes no further by naming somebody than its sharer could have told it."""
    if asset.source == KnowledgeAsset.Source.COMMON:
        return
    reached = (
        companion is not None
        and reach_of(companion).why(Item(uuid.UUID(int=0), asset.widest, asset.team_id))[0]
    )
    if not reached:
        message = _("Whoever shared this could not have told it to them.")
        raise Invalid(message, field="companion_id", code="too_wide")


def _shareable(copy: Delivery) -> CompanionMessage:
    message: CompanionMessage = copy.message
    if copy.state != Delivery.State.DELIVERED or copy.recipient is None:
        raise Conflict(
            _("This message was not delivered, so there is nothing to keep."), code="not_delivered"
        )
    if message.kind != CompanionMessage.Kind.KNOWLEDGE_SHARE:
        raise Conflict(_("Only shared knowledge can be kept."), code="not_knowledge")
    return message


def _of_message(message: CompanionMessage, member: Membership, by: uuid.UUID | None) -> KnowledgeAsset:
    sender = message.sender
    most = proposed_level(member, sender) if sender is not None else "restricted"
    return KnowledgeAsset(
        source=KnowledgeAsset.Source.COMPANION,
        author_id=by,
        team_id=sender.team_id if sender else None,
        widest=most,
        shared_by=sender,
        shared_by_name=message.sender_name,
        message_id=message.id,
    )


def _told(title: str, text: str, level: str, language: str | None) -> dict[str, object]:
    told: dict[str, object] = {"title": title, "text": text, "level": level}
    return told if language is None else {**told, "language": language}


def _name(row: KnowledgeAsset, companion: Companion | None, by: uuid.UUID | None) -> None:
    """Whoever was told it knows it, whatever the level."""
    if companion is not None:
        rule = SharingRule(asset=row, companion=companion, whose_id=companion.id, aim_id=row.id, allow=True)
        rule.save(force_insert=True)
        _tell(rule, "set")


def _standing(position_id: uuid.UUID | None) -> int | None:
    if position_id is None:
        return None
    rows = Position.objects.filter(organization_id=current_tenant().organization_id, id=position_id)
    return rows.values_list("level", flat=True).first()


def _tell(rule: SharingRule, action: str) -> None:
    told = {"about": rule.asset_id or rule.capability_id, "allow": rule.allow}
    record_trail(
        action=f"companions.sharing.{action}",
        resource_type="sharing_rule",
        resource_id=rule.id,
        payload={**told, "companion": rule.companion_id, "member": rule.member_id},
    )
    if rule.capability_id:
        recount_later(rule.capability_id)
