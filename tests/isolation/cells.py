"""The matrix: what can be tried with a row of somebody else, for any tenant-plane model.

The two organizations may be in one pool, or in any two placements. A cell is called inside the
transaction of a test. It raises AssertionError on a leak, so that the guard tests can see one happen.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import FieldError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.models import CharField, Count, Exists, Max, OuterRef, Q, TextField
from django.utils import timezone

from humana.kernel.errors import NoTenant, NotFound
from tenants.context import peek_tenant, use_tenant
from tenants.routing import TENANT_PLANE
from tenants.scoping import TenantForeignKey
from tests.fixtures.organizations import World
from tests.fixtures.rows import MAKERS, ONE_EACH
from tests.isolation.worlds import nothing_stays, undone

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
        return self.model.everything.model.from_db(self.there.placement.alias, *self._columns())

    def _columns(self) -> tuple[list[str], list[Any]]:
        row = self.there.row(self.model)
        fields = self.model._meta.concrete_fields
        return [field.attname for field in fields], [getattr(row, field.attname) for field in fields]

    @property
    def their_id(self) -> Any:
        return self.there.row(self.model).pk

    @property
    def in_one_table(self) -> bool:
        return self.here.placement == self.there.placement

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
        with transaction.atomic(using=_here()):
            yield
            _check_now()
    except errors:
        return
    raise AssertionError(f"was not refused: expected {', '.join(one.__name__ for one in errors)}")


def _here() -> str:
    """The database of the organization we are in."""
    context = peek_tenant()
    return context.placement.alias if context else DEFAULT_DB_ALIAS


def _check_now() -> None:
    connections[_here()].check_constraints()


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
    with _unless_append_only():
        assert not change(), "changed a row of another organization"


@contextmanager
def _unless_append_only() -> Iterator[None]:
    try:
        with transaction.atomic(using=_here()):
            yield
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
def search(case: Case) -> None:
    """Both have the same words, so whatever is looked for is found here, and only ours."""
    theirs = case.there.organization.id
    texts = [one.name for one in case.model._meta.fields if isinstance(one, CharField | TextField)]
    for manager in (case.model.objects, case.model.everything):
        assert not manager.filter(organization_id=theirs).exists()
        assert not manager.filter(Q(pk=case.their_id) | Q(organization_id=theirs)).exists()
        found = [manager.filter(**{f"{name}__icontains": ""}) for name in texts]
        found += [manager.exclude(organization_id=case.here.organization.id), manager.filter(~Q(pk=None))]
        for rows in found:
            assert theirs not in set(rows.values_list("organization_id", flat=True))


@inside
def aggregate(case: Case) -> None:
    everything = case.model.everything
    counted = everything.aggregate(rows=Count("pk"), owners=Count("organization_id", distinct=True))
    assert counted == {"rows": len(everything.all()), "owners": 1}
    same = case.model.everything.filter(pk=OuterRef("pk"))
    assert everything.filter(Exists(same)).count() == counted["rows"]
    assert everything.annotate(last=Max("created_at")).filter(pk=case.their_id).count() == 0
    assert everything.order_by().union(everything.order_by()).count() == counted["rows"]


@inside
def export(case: Case) -> None:
    """Every way in which rows leave by the thousand."""
    everything, theirs = case.model.everything, case.their_id
    assert theirs not in {row["id"] for row in everything.values()}
    assert theirs not in {row[0] for row in everything.values_list("id", "organization_id")}
    assert theirs not in {row.pk for row in everything.iterator(chunk_size=1)}
    assert theirs not in {row["id"] for row in everything.values("id").iterator(chunk_size=1)}
    assert theirs not in everything.in_bulk()


@inside
def by_name_of_their_database(case: Case) -> None:
    """Somebody names the database of the other organization: `using()` changes no organization."""
    alias = case.there.placement.alias
    try:
        with transaction.atomic(using=alias):
            assert not case.model.everything.using(alias).filter(pk=case.their_id).exists()
            assert (
                not case.model.everything.using(alias)
                .filter(pk=case.their_id)
                .update(updated_at=timezone.now())
            )
    except (DatabaseError, NotFound):
        return


@inside
def find_or_make(case: Case) -> None:
    """What is looked for by the key of their row is not there, and is made here."""
    row = case.new(case.here)
    values = {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields}
    del values["id"], values["organization_id"]
    with untouched(case):
        try:
            with transaction.atomic(using=_here()):
                made, is_new = case.model.everything.get_or_create(pk=case.their_id, defaults=values)
                assert is_new
                assert made.organization_id == case.here.organization.id
        except DatabaseError:
            assert case.in_one_table, "a key is taken by another organization in its own placement"


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
    """The key of their row, with “if it is there, change it”. In a table of one's own it is not there."""
    row = case.new(case.here)
    row.pk = case.their_id
    with untouched(case), refused(DatabaseError) if case.in_one_table else _unless_append_only():
        named = connections[_here()].features.supports_update_conflicts_with_target
        case.model.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["id"] if named else None,
            update_fields=["updated_at"],
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
    """A reference to their row: the composite foreign key does not find it, or nothing is behind it."""
    for name, target in references(case.model):
        row = case.new(case.here)
        setattr(row, f"{name}_id", case.there.row(target).pk)
        if connections[_here()].vendor == "postgresql":
            with refused(DatabaseError):
                row.save()
        else:
            row.save()
            with refused(target.DoesNotExist):
                getattr(case.model.everything.get(pk=row.pk), name)


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


def leak(cell: str, case: Case) -> str:
    """What goes wrong in a cell, in words; nothing of it stays. `outside.get` names a cell of OUTSIDE."""
    with ExitStack() as stack:
        if cell.startswith("outside."):
            attempt = OUTSIDE[cell.removeprefix("outside.")]
        else:
            stack.enter_context(use_tenant(case.here.context))
            attempt = INSIDE[cell]
        return leak_of(lambda: attempt(case), case.here, case.there)


def leak_of(check: Callable[[], Any], *worlds: World, by_itself: bool = False) -> str:
    """How the check fails, in whatever way a test can; nothing that it did in these worlds stays.

    One that is about transactions runs by itself, and undoes what it does.
    """
    try:
        with ExitStack() as stack:
            if not by_itself:
                stack.enter_context(nothing_stays(*worlds))
                stack.enter_context(undone(DEFAULT_DB_ALIAS))
            check()
    except (Exception, pytest.fail.Exception) as problem:  # noqa: BLE001
        return f"{type(problem).__name__}: {problem}"
    return ""
