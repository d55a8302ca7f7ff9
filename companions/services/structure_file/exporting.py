"""An organization's structure as a file: the same structure is the same file, to the character."""

from __future__ import annotations

from typing import Any

from companions.services.editing import judge
from companions.services.structure_file.book import Book
from companions.services.structure_file.importing import Opens, everything
from companions.services.structure_file.registry import SECTIONS
from companions.services.structure_file.section import Section
from companions.services.structure_file.writing import whole
from humana.kernel.errors import NotAllowed
from humana.kernel.ports import record_trail
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.places import at_main


def export_structure(*, member: Membership | None = None, opens: Opens = everything) -> str:
    """The sections that the member may edit; the others are left out. Ids and secrets are in none.

    Raises Unavailable where a companion lives in a place that does not answer: a file without it would
    be taken for the whole.
    """
    with at_main():
        book = Book.now()
        found = {one.name: _told(one, book) for one in SECTIONS.values() if _may(one, member, opens)}
        record_trail(
            action="companions.structure.exported",
            resource_type="organization",
            resource_id=current_tenant().organization_id,
            payload={"sections": list(found)},
        )
    return whole(found)


def _told(section: Section, book: Book) -> Any:
    told = [one.said for one in section.now(book)]
    return told[0] if section.single else told


def _may(section: Section, member: Membership | None, opens: Opens) -> bool:
    try:
        judge(member, section.permission)
    except NotAllowed:
        return False
    return opens(section.permission)
