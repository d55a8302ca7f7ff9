"""What publishing something would change, companion by companion. Nothing is written, nothing is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from companions.models import Brand, Companion, Policy, Value
from companions.permissions import EDIT, POLICIES
from companions.previews import MOST_SHOWN, Change, Coverage, Preview, unified
from companions.prompts import Inheritance
from companions.queries import Heritage, heritage_of, inherited, silent_companions, team_chain
from companions.services.companions import clean_fields
from companions.services.drafts import brand_fields, policy_fields, value_fields
from companions.services.editing import apply, judge
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.places import at_main, gather


@dataclass(frozen=True)
class Structure:
    """Everything that companions inherit, as rows in hand."""

    values: list[Value]
    policies: list[Policy]
    brand: Brand | None

    @classmethod
    def now(cls) -> Structure:
        with at_main():
            return cls(list(Value.objects.all()), list(Policy.objects.all()), Brand.objects.first())

    @property
    def heritage(self) -> Heritage:
        return heritage_of(self.values, self.policies, self.brand)


def preview_policy(
    *,
    member: Membership | None = None,
    policy: Policy | None = None,
    name: str,
    regulation: str,
    requirement: str,
    active: bool = True,
    audience: Mapping[str, Any] | None = None,
    checks: Sequence[Any] | None = None,
    mode: str | None = None,
) -> Preview:
    """What `publish_policy` with the same words would change; refuses what that would refuse."""
    judge(member, POLICIES)
    wanted = policy_fields(
        name=name, regulation=regulation, requirement=requirement, active=active,
        audience=audience, checks=checks, mode=mode,
    )  # fmt: skip
    now = Structure.now()
    row = _draft(policy or Policy(version=0, position=len(now.policies)), wanted)
    then = replace(now, policies=_with(now.policies, row))
    return _compare(member, now, then)


def preview_value(
    *, member: Membership | None = None, value: Value | None = None, title: str, description: str
) -> Preview:
    """What `keep_value` would change."""
    judge(member, POLICIES)
    now = Structure.now()
    fresh = Value(version=0, position=len(now.values))
    row = _draft(value or fresh, value_fields(title=title, description=description))
    return _compare(member, now, replace(now, values=_with(now.values, row)))


def preview_drop(*, member: Membership | None = None, value: Value) -> Preview:
    """What `drop_value` would change."""
    judge(member, POLICIES)
    now = Structure.now()
    return _compare(member, now, replace(now, values=[one for one in now.values if one.id != value.id]))


def preview_brand(
    *,
    member: Membership | None = None,
    voice_and_tone: str = "",
    style: str = "",
    restrictions: Sequence[str] = (),
) -> Preview:
    """What `publish_brand` would change."""
    judge(member, POLICIES)
    wanted = brand_fields(voice_and_tone=voice_and_tone, style=style, restrictions=restrictions)
    now = Structure.now()
    return _compare(member, now, replace(now, brand=_draft(now.brand or Brand(version=0), wanted)))


@dataclass(frozen=True, slots=True)
class CompanionPreview:
    """What one companion would notice of a change of itself: its prompt line by line, and the names of the
    policies that would begin and cease to apply to it.
    """

    change: Change
    begins: list[str]
    ceases: list[str]


def preview_companion(
    *, member: Membership | None = None, companion: Companion, state: str = "", **changes: Any
) -> CompanionPreview:
    """What `change_companion` with the same would change for its prompt; its state changes none."""
    judge(member, EDIT)
    now = Structure.now().heritage
    before = inherited(companion, now)
    after = inherited(_draft(companion, clean_fields(changes)), now)
    then, names = {one.id for one in before.policies}, {one.id for one in after.policies}
    diff = unified(before.prompt(), after.prompt())
    return CompanionPreview(
        Change(companion, bool(diff), diff),
        [one.name for one in after.policies if one.id not in then],
        [one.name for one in before.policies if one.id not in names],
    )


def _draft(row: Any, wanted: Mapping[str, Any]) -> Any:
    """The row as it would be; the one in hand stays as it is."""
    draft = copy(row)
    if apply(draft, wanted):
        draft.version += 1
    return draft


def _with(rows: Sequence[Any], draft: Any) -> list[Any]:
    return [*(one for one in rows if one.id != draft.id), draft]


def _compare(member: Membership | None, now: Structure, then: Structure) -> Preview:
    """Companions are read where they live; who may not read base prompts is shown none of them."""
    found = gather(lambda: list(Companion.objects.filter(placement_id=None)))
    companions = sorted(found.found, key=lambda one: (one.name, one.id))
    if member is not None and not allowed(member, EDIT.name):
        for one in companions:
            one.base_prompt = ""
    changes = _changes(companions, now.heritage, then.heritage)
    return Preview(changes, len(companions), silent_companions(found.silent))


def _changes(companions: Sequence[Companion], now: Heritage, then: Heritage) -> list[Change]:
    chains = cache(team_chain)
    changes: list[Change] = []
    for companion in companions:
        chain = chains(companion.team_id)
        before, after = inherited(companion, now, chain=chain), inherited(companion, then, chain=chain)
        found = _change(companion, before, after, shown=len(changes) < MOST_SHOWN)
        if found is not None:
            changes.append(found)
    return changes


def _change(companion: Companion, before: Inheritance, after: Inheritance, *, shown: bool) -> Change | None:
    prompt = _inherited_part(before) != _inherited_part(after)
    coverage, checks = _coverage(before, after), _checked(before) != _checked(after)
    if not prompt and coverage == "same" and not checks:
        return None
    diff = unified(before.prompt(), after.prompt()) if prompt and shown else ""
    return Change(companion, prompt, diff, coverage, checks)


def _inherited_part(told: Inheritance) -> str:
    """The prompt without what is the companion's own, which no draft changes."""
    return replace(told, companion=replace(told.companion, text="")).prompt()


def _coverage(before: Inheritance, after: Inheritance) -> Coverage:
    """One policy at most differs in whom it is for."""
    then, now = {one.id for one in before.policies}, {one.id for one in after.policies}
    return "new" if now - then else "gone" if then - now else "same"


def _checked(told: Inheritance) -> list[tuple[Any, ...]]:
    return [(one.id, one.mode, one.checks) for one in told.policies if one.checks]
