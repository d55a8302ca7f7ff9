"""What belongs to an organization in a placement, in the order in which it can be written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

from django.apps import apps
from django.db.models import Field, Model

from tenants.routing import TENANT_PLANE
from tenants.scoping import TenantForeignKey


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the tenant plane and the columns that are carried, the key among them."""

    name: str
    columns: tuple[str, ...]
    model: type[Model]

    @property
    def fields(self) -> list[Field]:  # type: ignore[type-arg]
        """Of the columns, in their order."""
        return _carried(self.model)


@cache
def tables() -> tuple[Table, ...]:
    """Every table of the tenant plane; one that others refer to comes before them."""
    models = {model for label in sorted(TENANT_PLANE) for model in apps.get_app_config(label).get_models()}
    order = TopologicalSorter({model: _referred_to(model) for model in models}).static_order()
    return tuple(
        Table(model._meta.db_table, tuple(str(field.column) for field in _carried(model)), model)
        for model in order
    )


def _referred_to(model: type[Model]) -> set[type[Model]]:
    fields = [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]
    return {field.related_model for field in fields} - {model}


def _carried(model: type[Model]) -> list[Field]:  # type: ignore[type-arg]
    """What a database computes by itself is not carried."""
    return [field for field in model._meta.local_concrete_fields if not getattr(field, "generated", False)]
