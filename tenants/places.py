"""The placements of a mixed organization: one context after another, never a query over two.

Most organizations have one placement, and then nothing here asks anything. A mixed one keeps some
companions, with their chats and all that belongs to them, in further placements. What an address
names is looked for in the main placement, then in each further one; who knows how to look is
registered by the app that has the rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.cache import cache
from django.utils.translation import gettext as _

from humana.kernel.errors import Unavailable
from humana.kernel.registry import Registry
from tenants.context import TenantContext, current_tenant, relocate, use_tenant
from tenants.db.refusals import FAILURES, refusal, refusing
from tenants.queries import further_of

Found = TypeVar("Found")
#: Says in which placement something is, asked in one of them; None where it is not known there.
Finder = Callable[[Any], uuid.UUID | None]

#: By the name that the parameter has in every address.
finders: Registry[Finder] = Registry("finder")

#: A placement that did not answer is left alone for this long, and a place remembered; seconds.
LEFT_ALONE, REMEMBERED = 15, 3600


@dataclass(frozen=True, slots=True)
class Gathered(Generic[Found]):
    """What the placements answered, and the further ones that did not."""

    found: list[Found] = field(default_factory=list)
    silent: list[TenantContext] = field(default_factory=list)


def at_main() -> AbstractContextManager[TenantContext]:
    """The organization's main placement: what all companions inherit, and the list of them."""
    return use_tenant(current_tenant().home)


def everywhere() -> list[TenantContext]:
    """The current organization in each of its placements, the main one first."""
    main = current_tenant().home
    return [main, *further_of(main)]


def without_row_security() -> list[TenantContext]:
    """The placements whose database cannot keep organizations apart by itself; none of them is asked."""
    return [one for one in everywhere() if not one.placement.row_security]


def with_one_role() -> list[TenantContext]:
    """Those that keep organizations apart, but whose only role could undo what holds the trail."""
    return [one for one in everywhere() if one.placement.row_security and one.placement.one_role]


def gather(read: Callable[[], list[Found]]) -> Gathered[Found]:
    """Ask every placement. A further one that does not answer is named instead."""
    gathered: Gathered[Found] = Gathered()
    for place in everywhere():
        try:
            with _answering(place):
                gathered.found.extend(read())
        except Unavailable:
            if place.main is None:
                raise
            gathered.silent.append(place)
    return gathered


def place_of(name: str, value: object) -> TenantContext:
    """Where something that an address names is; the main placement for what is nowhere.

    Raises Unavailable where it may be in a placement that does not answer.
    """
    main, silent = current_tenant().home, False
    if not main.mixed or name not in finders:
        return current_tenant()
    for place in _likeliest_first(name, value):
        try:
            with _answering(place):
                found = finders.get(name)(value)
        except Unavailable:
            silent = True
            continue
        if found is not None:
            return _at(found, main, name, value)
    if silent:
        raise no_answer()
    return main


@contextmanager
def within(name: str, value: object) -> Iterator[TenantContext]:
    """A block where that thing is. Raises Unavailable where that place cannot be worked in."""
    place = place_of(name, value)
    with refusing(place.placement.alias), use_tenant(place):
        yield place


def go_where(named: Mapping[str, object]) -> None:
    """The current block goes on where the things are that an address names."""
    if not current_tenant().mixed:
        return
    for name, value in named.items():
        if name in finders:
            relocate(place_of(name, value))


def no_answer() -> Unavailable:
    message = _(
        "The place where this companion lives does not answer just now. Nothing is lost: try again soon."
    )
    return Unavailable(message, retry_after=LEFT_ALONE, code="database_unreachable")


@contextmanager
def _answering(place: TenantContext) -> Iterator[None]:
    """A block there; raises Unavailable where a further placement does not answer."""
    key = f"silent:{place.placement.id}"
    if place.main is not None and cache.get(key):
        raise no_answer()
    try:
        with use_tenant(place):
            yield
    except FAILURES as error:
        told = refusal(error, place.placement.alias)
        if place.main is None or told is None:
            raise
        if told.code == "busy":  # it answers: nobody else need keep away
            raise told from error
        cache.set(key, True, LEFT_ALONE)
        raise no_answer() from error


def _likeliest_first(name: str, value: object) -> list[TenantContext]:
    """As remembered first; it is looked up again all the same, so an old memory does no harm."""
    remembered = cache.get(_key(name, value))
    return sorted(everywhere(), key=lambda one: str(one.placement.id) != remembered)


def _at(placement_id: uuid.UUID, main: TenantContext, name: str, value: object) -> TenantContext:
    if placement_id == main.placement.id:
        return main
    cache.set(_key(name, value), str(placement_id), REMEMBERED)
    for place in further_of(main):
        if place.placement.id == placement_id:
            return place
    raise no_answer()


def _key(name: str, value: object) -> str:
    return f"place:{name}:{value}"
