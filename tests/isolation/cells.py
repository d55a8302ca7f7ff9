"""The matrix: what can be tried with a row of somebody else, for any tenant-plane model.

A cell is called inside the transaction of a test. It raises AssertionError on a leak, so that the
guard tests can see one happen.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldError
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from humana.kernel.errors import NoTenant
from tenants.context import use_tenant
from tenants.routing import TENANT_PLANE
from tenants.scoping import TenantForeignKey
from tests.fixtures.organizations import World
from tests.fixtures.rows import MAKERS, ONE_EACH

MODELS: list[type[Any]] = [
    model for label in sorted(TENANT_PLANE) for model in apps.get_app_config(label).get_models()
]
_fresh = itertools.count(1000)


@dataclass(frozen=True)
class Case:
    """`model` is tried from `here` on the row that belongs to `there`."""

    model: type[Any]
    here: World
    there: World

    @property
    def theirs(self) -> Any:
        """Their row, as it was loaded where it belongs."""
        return self.model.everything.model.from_db("default", *self._columns())

    def _columns(self) -> tuple[list[str], list[Any]]:
        row = self.there.row(self.model)
        fields = self.model._meta.concrete_fields
        return [field.attname for field in fields], [getattr(row, field.attname) for field in fields]

    @property
    def their_id(self) -> Any:
        return self.there.row(self.model).pk

    def new(self, world: World) -> Any:
        """An unsaved row, of which there is room for one more in this world."""
        if self.model in ONE_EACH:
            self.model.everything.filter(pk=world.row(self.model).pk).delete()
        return MAKERS[self.model](world, next(_fresh))


Cell = Callable[[Case], None]
INSIDE: dict[str, Cell] = {}
OUTSIDE: dict[str, Cell] = {}


def inside(cell: Cell) -> Cell:
    """Tried within the other organization."""
    INSIDE[cell.__name__] = cell
    return cell


def outside(cell: Cell) -> Cell:
    """Tried without any organization."""
    OUTSIDE[cell.__name__] = cell
    return cell


@contextmanager
def refused(*errors: type[Exception]) -> Iterator[None]:
    """The block raises one of these; the transaction goes on."""
    try:
        with transaction.atomic():
            yield
            _check_now()
    except errors:
        return
    raise AssertionError(f"was not refused: expected {', '.join(one.__name__ for one in errors)}")


def _check_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def untouched(case: Case) -> Iterator[None]:
    """Their row is byte for byte what it was."""
    before = _seen_at_home(case)
    yield
    assert _seen_at_home(case) == before, f"{case.model._meta.label} of another organization changed"


def _seen_at_home(case: Case) -> dict[str, Any]:
    with use_tenant(case.there.context):
        found: dict[str, Any] = case.model.everything.filter(pk=case.their_id).values().get()
        return found


def none_or_refused(change: Callable[[], Any]) -> None:
    """Rows of an append-only table may not even be tried."""
    try:
        with transaction.atomic():
            assert not change(), "changed a row of another organization"
    except DatabaseError as error:
        assert "permission denied" in str(error), error


@inside
def create(case: Case) -> None:
    row = case.new(case.here)
    row.save()
    assert row.organization_id == case.here.organization.id
    with use_tenant(case.there.context):
        assert not case.model.everything.filter(pk=row.pk).exists()


@inside
def create_for_them(case: Case) -> None:
    row = case.new(case.here)
    row.organization_id = case.there.organization.id
    with refused(NoTenant):
        row.save()


@inside
def read(case: Case) -> None:
    for manager in (
        case.model.objects,
        case.model.everything,
        case.model._base_manager,
        case.model._default_manager,
    ):
        assert not manager.filter(pk=case.their_id).exists()
        assert not manager.in_bulk([case.their_id])
    with refused(case.model.DoesNotExist):
        case.theirs.refresh_from_db()


@inside
def list_all(case: Case) -> None:
    seen = set(case.model.everything.values_list("organization_id", flat=True))
    assert seen == {case.here.organization.id}
    assert case.model.objects.count() == len(list(case.model.objects.iterator(chunk_size=2)))


@inside
def says_whose(case: Case) -> None:
    """The SQL itself names the organization, for databases without row-level security."""
    for manager in (case.model.objects, case.model.everything, case.model._base_manager):
        assert case.here.organization.id.hex in str(manager.all().query).replace("-", "")


@inside
def raw_list(case: Case) -> None:
    """No manager filters here: row-level security does."""
    rows = list(case.model.objects.raw(f'SELECT * FROM "{case.model._meta.db_table}"'))
    assert {row.organization_id for row in rows} == {case.here.organization.id}


@inside
def update(case: Case) -> None:
    with untouched(case):
        with refused(NoTenant):
            case.theirs.save()
        with refused(DatabaseError):
            case.theirs.save(update_fields=["updated_at"])
        none_or_refused(
            lambda: case.model.everything.filter(pk=case.their_id).update(updated_at=timezone.now())
        )


@inside
def give_away(case: Case) -> None:
    with refused(FieldError):
        case.model.everything.update(organization_id=case.there.organization.id)
    ours = case.model.everything.get(pk=case.here.row(case.model).pk)
    ours.organization_id = case.there.organization.id
    with refused(NoTenant):
        ours.save()


@inside
def delete(case: Case) -> None:
    with untouched(case):
        with refused(NoTenant):
            case.theirs.delete()
        none_or_refused(lambda: case.model.everything.filter(pk=case.their_id).delete()[0])


@inside
def bulk_create(case: Case) -> None:
    [row] = case.model.objects.bulk_create([case.new(case.here)])
    assert row.organization_id == case.here.organization.id
    theirs = case.new(case.here)
    theirs.organization_id = case.there.organization.id
    with refused(NoTenant):
        case.model.objects.bulk_create([theirs])


@inside
def upsert(case: Case) -> None:
    """The key of their row, with “if it is there, change it”."""
    row = case.new(case.here)
    row.pk = case.their_id
    with untouched(case), refused(DatabaseError):
        case.model.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["id"], update_fields=["updated_at"]
        )


@inside
def bulk_update(case: Case) -> None:
    row = case.theirs
    row.updated_at = timezone.now()
    with untouched(case):
        none_or_refused(lambda: case.model.everything.bulk_update([row], ["updated_at"]))
        with refused(FieldError):
            case.model.everything.bulk_update([row], ["organization_id"])


@inside
def related(case: Case) -> None:
    """Neither forward nor back along a reference, starting at their row."""
    theirs = case.theirs
    for name, target in references(case.model):
        if getattr(theirs, f"{name}_id") is not None:
            with refused(target.DoesNotExist):
                getattr(theirs, name)
    for relation in case.model._meta.related_objects:
        manager = getattr(theirs, relation.get_accessor_name())
        assert not manager.exists(), f"{relation} led to another organization"


@inside
def point_at_them(case: Case) -> None:
    """A reference to their row: the composite foreign key does not find it."""
    for name, target in references(case.model):
        row = case.new(case.here)
        setattr(row, f"{name}_id", case.there.row(target).pk)
        with refused(DatabaseError):
            row.save()


def references(model: type[Any]) -> list[tuple[str, type[Any]]]:
    found = [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]
    return [(field.name, field.related_model) for field in found]


def _outside(name: str, attempt: Callable[[Case], Any]) -> None:
    def cell(case: Case) -> None:
        with refused(NoTenant):
            attempt(case)

    OUTSIDE[name] = cell


def _lazily(case: Case) -> Any:
    with use_tenant(case.here.context):
        rows = case.model.objects.all()
    return list(rows)


_outside("save", lambda case: MAKERS[case.model](case.here, next(_fresh)).save())
_outside("save_loaded", lambda case: case.theirs.save())
_outside("get", lambda case: case.model.objects.get(pk=case.their_id))
_outside("list", lambda case: list(case.model.everything.all()))
_outside("count", lambda case: case.model.objects.count())
_outside("base_manager", lambda case: case.model._base_manager.first())
_outside("update", lambda case: case.model.objects.update(updated_at=timezone.now()))
_outside("delete", lambda case: case.model.objects.all().delete())
_outside("delete_loaded", lambda case: case.theirs.delete())
_outside("refresh", lambda case: case.theirs.refresh_from_db())
_outside(
    "bulk_create", lambda case: case.model.objects.bulk_create([MAKERS[case.model](case.here, next(_fresh))])
)
_outside("bulk_update", lambda case: case.model.objects.bulk_update([case.theirs], ["updated_at"]))
_outside("raw", lambda case: list(case.model.objects.raw(f'SELECT * FROM "{case.model._meta.db_table}"')))
_outside("built_inside_run_outside", _lazily)


def rows_of(model: type[Model], world: World) -> int:
    with use_tenant(world.context):
        return int(model.everything.count())  # type: ignore[attr-defined]
