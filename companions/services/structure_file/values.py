"""Values, in the order in which companions are told them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from companions.models import Value
from companions.permissions import POLICIES
from companions.queries import values
from companions.services.drafts import value_fields
from companions.services.policies import drop_value, keep_value
from companions.services.structure_file import fields
from companions.services.structure_file.book import Book
from companions.services.structure_file.section import Kept, Order, Said, Section


class Values(Section):
    name, called, permission, ordered, unique = "values", "title", POLICIES, True, False
    fields = {"title": fields.text, "description": fields.text}

    @property
    def title(self) -> str:
        return _("Values")

    def now(self, book: Book) -> list[Kept]:
        return [Kept({"title": one.title, "description": one.description}, one) for one in values()]

    def clean(self, said: Said, book: Book) -> Said:
        return value_fields(title=said.get("title", ""), description=said.get("description", ""))

    def add(self, said: Said, order: Order) -> Value:
        return keep_value(member=order.member, **said)

    def change(self, row: Value, said: Said, before: Said, order: Order) -> Value:
        return keep_value(member=order.member, value=row, version=row.version, **said)

    def remove(self, kept: Kept, order: Order) -> None:
        drop_value(member=order.member, value=kept.row, version=kept.row.version)

    def arrange(self, rows: Sequence[Any], order: Order) -> None:
        for position, row in enumerate(rows):
            if row.position != position:
                keep_value(
                    member=order.member, value=row, position=position,
                    title=row.title, description=row.description,
                )  # fmt: skip
