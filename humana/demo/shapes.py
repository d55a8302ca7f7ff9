"""What a demo organization is made of, before any of it is a row."""

from __future__ import annotations

from dataclasses import dataclass

from humana.furnishing import Furniture
from tenants.models import Plan


@dataclass(frozen=True, slots=True)
class DemoPerson:
    email: str
    name: str
    role: str
    team: str
    position: str


@dataclass(frozen=True, slots=True)
class DemoChat:
    """A conversation written by people, and marked as such. `said` alternates person and companion."""

    companion: str
    title: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoOrganization:
    """`people[0]` is the owner. `positions` are ordered from the top, each reporting to the one before."""

    slug: str
    name: str
    plan: Plan
    regulations: tuple[str, ...]
    departments: tuple[str, ...]
    positions: tuple[str, ...]
    people: tuple[DemoPerson, ...]
    furniture: Furniture
    chat: DemoChat
