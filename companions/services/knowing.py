"""What one answer is given of skills, knowledge and documents: only what both the companion and the person
may see.

anything_shared()     one round trip that finds nothing where an organization shares nothing
shared_for(…)         before the transaction of the answer: meaning may be asked of an endpoint
with_shared(…)        in `prompting`: the sections behind the prompt
note_uses(…)          what was given, metered once for each answer
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import QuerySet

from audit.services.budgets import Whose
from companions.checks import Guard
from companions.config_keys import KNOWLEDGE_CHARACTERS, KNOWLEDGE_MEANING, KNOWLEDGE_PASSAGES
from companions.knowledge import item_of, reach_of, reach_of_member, told
from companions.models import Capability, Companion, KnowledgeAsset, SharedUse
from companions.permissions import READ
from companions.references import NOTHING, Given, Shared, Skill
from companions.services.reading import NOTHING_BROUGHT, Brought, passages_of
from companions.sharing import Reach
from documents.finding import Found, find
from documents.models import Chunk
from documents.services.metered import Asker
from tenants.config.resolver import Subject, resolve
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.places import at_main
from tenants.statements import Statement, insert, select, send
from tenants.transactions import tenant_atomic

#: Skills told in one prompt; more than that no model follows.
MOST_SKILLS = 20


def anything_shared() -> bool:
    """Whether there is any knowledge or skill at all. Without, an answer costs nothing more."""
    with at_main():
        return any(send(_first(select(KnowledgeAsset, "id")), _first(select(Capability, "id", kind="skill"))))


def shared_for(
    companion: Companion,
    member: Membership,
    question: str,
    guard: Guard,
    brought: Brought = NOTHING_BROUGHT,
) -> Shared:
    """What this answer is given. A question that a policy keeps back is not looked up anywhere.

    Called where the companion lives and outside a transaction: the meaning of the question may be asked of
    an endpoint, and no connection is held meanwhile.
    """
    known = allowed(member, READ.name) and anything_shared()
    if not (known or brought) or not guard.lets("input", question):
        return NOTHING
    asker = Asker(Whose(member.id, member.team_id, companion.id))
    subject = Subject(companion_team_id=companion.team_id)
    found = passages_of(brought, member, question, subject, asker)
    if not known:
        return Shared(passages=found, by_words=asker.over_budget)
    reach = reach_of(companion)
    with at_main():
        found = (*_passages(reach, member, question, subject, asker), *found)
        return Shared(_skills(reach), found, by_words=asker.over_budget)


def note_uses(shared: Shared, *, run_id: uuid.UUID, companion_id: uuid.UUID, member_id: uuid.UUID) -> None:
    """One use for each asset and skill that the answer was given; once, however often it is noted."""
    if not (shared.skills or shared.passages):
        return
    assets = dict.fromkeys(one.id for one in shared.of("knowledge"))
    with at_main(), tenant_atomic():
        by_asset = [SharedUse(asset_id=one, subject_id=one) for one in assets]
        uses = [*by_asset, *_used([one.id for one in shared.skills], assets)]
        for one in uses:
            one.run_id, one.companion_id, one.member_id = run_id, companion_id, member_id
        if uses:
            send(insert(*uses, once=True))


def note_tool_use(
    *, tool_id: uuid.UUID, companion: Companion, member_id: uuid.UUID, run_id: uuid.UUID
) -> None:
    """Meter the capabilities that a companion is given and that stand for this tool, once for each answer."""
    reach = reach_of(companion)
    with at_main(), tenant_atomic():
        rows = [one for one in Capability.objects.filter(tool_id=tool_id) if reach.why(item_of(one))[0]]
        uses = [
            SharedUse(
                capability=one, subject_id=one.id, run_id=run_id,
                companion_id=companion.id, member_id=member_id,
            )
            for one in rows
        ]  # fmt: skip
        if uses:
            send(insert(*uses, once=True))


def _used(skills: Iterable[uuid.UUID], assets: Iterable[uuid.UUID]) -> list[SharedUse]:
    """Skills, and capabilities that stand for the knowledge that was given."""
    about = Capability.objects.filter(kind=Capability.Kind.KNOWLEDGE, asset_id__in=list(assets))
    used = [*skills, *about.values_list("id", flat=True)]
    return [SharedUse(capability_id=one, subject_id=one) for one in used]


def _first(found: Statement) -> Statement:
    return replace(found, sql=found.sql + " LIMIT 1")


def _skills(reach: Reach) -> tuple[Skill, ...]:
    rows = Capability.objects.filter(kind=Capability.Kind.SKILL).order_by("name", "id")
    given = [one for one in rows if reach.why(item_of(one))[0]]
    return tuple(Skill(one.id, one.version, one.name, one.instructions) for one in given[:MOST_SKILLS])


def _passages(
    reach: Reach, member: Membership, question: str, subject: Subject, asker: Asker
) -> tuple[Given, ...]:
    most = resolve(KNOWLEDGE_PASSAGES, subject)
    if not most:
        return ()
    assets = seen_by_both(reach, member)
    found = find(
        Chunk.objects.filter(source_kind=Chunk.Of.KNOWLEDGE, source_id__in=assets.values("id")),
        question,
        passages=most,
        characters=resolve(KNOWLEDGE_CHARACTERS, subject),
        meaning=resolve(KNOWLEDGE_MEANING, subject),
        asker=asker,
    )
    titles = dict(assets.filter(id__in=[one.source_id for one in found]).values_list("id", "title"))
    return tuple(_given(one, titles[one.source_id]) for one in found if one.source_id in titles)


def seen_by_both(reach: Reach, member: Membership) -> QuerySet[KnowledgeAsset]:
    """The assets whose passages an answer may be given, as a filter inside the query that ranks them."""
    rows = KnowledgeAsset.objects.filter(told(reach))
    return rows.filter(told(reach_of_member(member), member.user_id)).order_by()


def _given(one: Found, title: str) -> Given:
    return Given(one.source_id, one.version, one.ordinal, title, one.place, one.text)
