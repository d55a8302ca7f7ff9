"""What can be tried with a table in SQL as the application's role: what holds when no Python does.

The role is one for all placements of our server. It may enter every schema and every database there,
so where a cell goes into the other organization's schema, row-level security is all that stops it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql

from tenants.db.backend.base import ENTER
from tenants.db.catalogue.reading import without_strangers
from tenants.models import Isolation, Team
from tests.fixtures.organizations import World
from tests.isolation.cells import leak_of, references

Connection = psycopg.Connection[Any]
UNCHANGEABLE = "permission denied for table"  # append-only tables refuse before looking at rows


@dataclass(frozen=True)
class SqlCase:
    """`model`'s table, tried from `here` on the rows of `there`; `at` connects to where a world lives."""

    model: type[Any]
    here: World
    there: World
    at: Callable[[World], Connection]

    @property
    def own(self) -> Connection:
        return self.at(self.here)

    @property
    def theirs(self) -> Connection:
        return self.at(self.there)


SqlCell = Callable[[SqlCase], None]
CROSSING: dict[str, SqlCell] = {}
ALONE: dict[str, SqlCell] = {}


def crossing(cell: SqlCell) -> SqlCell:
    """Depends on both organizations and where they live."""
    CROSSING[cell.__name__] = cell
    return cell


def alone(cell: SqlCell) -> SqlCell:
    """Depends on where `here` lives only."""
    ALONE[cell.__name__] = cell
    return cell


def sql_leak(cell: str, case: SqlCase) -> str:
    """What goes wrong in a cell, in words; nothing of it stays."""
    with ExitStack() as stack:
        for connection in {id(one): one for one in (case.own, case.theirs)}.values():
            stack.enter_context(connection.transaction(force_rollback=True))
        return leak_of(lambda: (CROSSING | ALONE)[cell](case))


def enter(connection: Connection, world: World | None, *, where: World | None = None) -> None:
    """Be in this organization; `where` is whose schema is looked into, if not its own."""
    place = where or world
    path = f'"{place.placement.schema}", public' if place else "public"
    connection.execute(ENTER, (path, world.organization.id.hex if world else ""))


def table(model: type[Any]) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


def count(connection: Connection, model: type[Any], world: World) -> int:
    row = connection.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE organization_id = %s").format(table(model)),
        [world.organization.id],
    ).fetchone()
    assert row is not None
    return int(row[0])


def changed(connection: Connection, statement: str, model: type[Any], *values: Any) -> int:
    """How many rows the statement changed; none where the table is append-only."""
    try:
        with connection.transaction():
            return connection.execute(sql.SQL(statement).format(table(model)), values).rowcount
    except errors.InsufficientPrivilege as error:
        assert UNCHANGEABLE in str(error), error
        return 0


@contextmanager
def refused(connection: Connection, *kinds: type[psycopg.Error]) -> Iterator[None]:
    """The server answers with one of these; the transaction goes on."""
    try:
        with connection.transaction():
            yield
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except kinds:
        return
    raise AssertionError(f"was not refused: expected {', '.join(one.__name__ for one in kinds)}")


def copy_of(model: type[Any], row_id: uuid.UUID, **other: Any) -> sql.Composed:
    """INSERT a copy of a row one can see, with other values in some columns."""
    columns = [field.column for field in model._meta.concrete_fields]
    chosen = [sql.Literal(other[name]) if name in other else sql.Identifier(name) for name in columns]
    return sql.SQL("INSERT INTO {0} ({1}) SELECT {2} FROM {0} WHERE id = {3}").format(
        table(model),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(chosen),
        sql.Literal(row_id),
    )


@alone
def seen_at_home(case: SqlCase) -> None:
    """The control of everything below."""
    enter(case.own, case.here)
    assert count(case.own, case.model, case.here) >= 1


@crossing
def not_seen_next_door(case: SqlCase) -> None:
    enter(case.own, case.here)
    assert count(case.own, case.model, case.there) == 0


@crossing
def their_name_in_our_schema(case: SqlCase) -> None:
    """The right schema with the wrong organization: in a placement of one's own there is nothing."""
    enter(case.own, case.there, where=case.here)
    assert count(case.own, case.model, case.here) == 0
    if case.here.placement != case.there.placement:
        assert count(case.own, case.model, case.there) == 0


@crossing
def our_name_in_their_schema(case: SqlCase) -> None:
    """Row-level security alone stops this, in their database too."""
    enter(case.theirs, case.here, where=case.there)
    theirs = case.there.organization.id
    assert count(case.theirs, case.model, case.there) == 0
    for statement in ("DELETE FROM {}", "UPDATE {} SET updated_at = now()"):
        assert changed(case.theirs, statement + " WHERE organization_id = %s", case.model, theirs) == 0


@crossing
def their_schema_by_name(case: SqlCase) -> None:
    """Qualified, from our own session: shown nothing in one database, not to be found from another."""
    enter(case.own, case.here)
    name = sql.Identifier(case.there.placement.schema, case.model._meta.db_table)
    query = sql.SQL("SELECT count(*) FROM {} WHERE organization_id = %s").format(name)
    try:
        with case.own.transaction():
            assert case.own.execute(query, [case.there.organization.id]).fetchone() == (0,)
    except errors.UndefinedTable:
        assert case.here.placement.alias != case.there.placement.alias


@crossing
def not_put_into_theirs(case: SqlCase) -> None:
    enter(case.theirs, case.here, where=case.there)
    values = {"id": uuid.uuid4(), "organization_id": case.there.organization.id}
    row = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        table(case.model),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.Literal, values.values())),
    )
    with refused(case.theirs, errors.InsufficientPrivilege):
        case.theirs.execute(row)


@crossing
def not_changed_from_next_door(case: SqlCase) -> None:
    enter(case.own, case.here)
    key = case.there.row(case.model).pk
    assert changed(case.own, "UPDATE {} SET updated_at = now() WHERE id = %s", case.model, key) == 0
    assert changed(case.own, "DELETE FROM {} WHERE id = %s", case.model, key) == 0


@crossing
def not_given_to_next_door(case: SqlCase) -> None:
    enter(case.own, case.here)
    theirs, own_row = case.there.organization.id, case.here.row(case.model).pk
    with refused(case.own, errors.InsufficientPrivilege):
        case.own.execute(copy_of(case.model, own_row, id=uuid.uuid4(), organization_id=theirs))
    with refused(case.own, errors.InsufficientPrivilege):
        case.own.execute(sql.SQL("UPDATE {} SET organization_id = %s").format(table(case.model)), [theirs])


@crossing
def not_found_by_a_search(case: SqlCase) -> None:
    """By anything that the row holds, as text; both have the same words."""
    enter(case.own, case.here)
    ours, theirs = case.here.organization.id, case.there
    for word in ("", str(theirs.row(case.model).pk), str(theirs.organization.id)):
        query = sql.SQL("SELECT DISTINCT organization_id FROM {0} WHERE {0}::text ILIKE %s").format(
            table(case.model)
        )
        found = {owner for (owner,) in case.own.execute(query, [f"%{word}%"]) if owner is not None}
        assert found == ({ours} if not word else set())


@crossing
def not_told_by_an_error(case: SqlCase) -> None:
    """What a statement looks at first must not be a row of theirs: dividing by nothing would tell of it."""
    enter(case.own, case.here)
    query = sql.SQL(
        "SELECT count(*) FROM {} WHERE 1 / (CASE WHEN organization_id = %s THEN 0 ELSE 1 END) = 1"
    ).format(table(case.model))
    assert case.own.execute(query, [case.there.organization.id]).fetchone() is not None


@crossing
def not_put_in_place_of_theirs(case: SqlCase) -> None:
    """The key of their row, with “if it is there, change it”: the policy refuses where it is there."""
    enter(case.own, case.here)
    row = copy_of(case.model, case.here.row(case.model).pk, id=case.there.row(case.model).pk)
    upsert = row + sql.SQL(" ON CONFLICT (id) DO UPDATE SET updated_at = now()")
    if case.here.placement == case.there.placement:
        with refused(case.own, errors.InsufficientPrivilege):
            case.own.execute(upsert)
        return
    with suppress(errors.UniqueViolation, errors.InsufficientPrivilege), case.own.transaction():
        assert case.own.execute(upsert).rowcount == 1
        assert count(case.own, case.model, case.there) == 0


@crossing
def no_reference_leads_next_door(case: SqlCase) -> None:
    """Checks of references pass over row-level security; the composite key is what refuses."""
    enter(case.own, case.here)
    own_row = case.here.row(case.model).pk
    for name, target in references(case.model):
        their_row = case.there.row(target).pk
        with refused(case.own, errors.ForeignKeyViolation, errors.UniqueViolation):
            case.own.execute(copy_of(case.model, own_row, id=uuid.uuid4(), **{f"{name}_id": their_row}))
        pointing = sql.SQL("UPDATE {} SET {} = %s").format(table(case.model), sql.Identifier(f"{name}_id"))
        with refused(case.own, errors.ForeignKeyViolation, errors.InsufficientPrivilege):
            case.own.execute(pointing, [their_row])


@crossing
def nobody_from_next_door_is_named(case: SqlCase) -> None:
    """By an id alone, in a column that gives a member or a team something: put in, or changed to."""
    enter(case.own, case.here)
    if case.here.placement.isolation == Isolation.DATABASE:
        return  # nobody is there who could be asked whose that is
    own_row = case.here.row(case.model).pk
    for column, stranger in named(case.model, case.there):
        with refused(case.own, errors.InsufficientPrivilege):
            case.own.execute(copy_of(case.model, own_row, id=uuid.uuid4(), **{column: stranger}))
        with refused(case.own, errors.InsufficientPrivilege):
            naming(case, column, stranger)


@alone
def its_own_are_named(case: SqlCase) -> None:
    """Who is here, who left, and a team that was dissolved: the control of the cell above."""
    enter(case.own, case.here)
    gone = uuid.uuid4()
    if case.here.placement.isolation != Isolation.DATABASE:
        case.own.execute(
            "INSERT INTO public.tenants_knownteam VALUES (%s, now(), now(), %s)",
            [gone, case.here.organization.id],
        )
    for column, somebody in named(case.model, case.here):
        for one in (somebody, uuid.uuid4(), gone):
            with case.own.transaction(force_rollback=True):
                assert naming(case, column, one) == 1


def named(model: type[Any], world: World) -> Iterator[tuple[str, uuid.UUID]]:
    """The columns that may name nobody of another organization, each with somebody of this one."""
    columns = without_strangers().get(model._meta.db_table, {})
    for kind, somebody in (("members", world.owner.pk), ("teams", world.row(Team).pk)):
        yield from ((column, somebody) for column in columns.get(kind, ()))


def naming(case: SqlCase, column: str, somebody: uuid.UUID) -> int:
    """UPDATE a row so that it names this one and nobody else."""
    others = {one for one, _id in named(case.model, case.here)} - {column}
    changes = [sql.SQL("{} = {}").format(sql.Identifier(one), sql.NULL) for one in sorted(others)]
    changes.append(sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(somebody)))
    statement = sql.SQL("UPDATE {} SET {} WHERE id = {}").format(
        table(case.model), sql.SQL(", ").join(changes), sql.Literal(case.here.row(case.model).pk)
    )
    return case.own.execute(statement).rowcount


@crossing
def not_copied_out(case: SqlCase) -> None:
    enter(case.own, case.here)
    with case.own.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table(case.model))) as copy:
        text = b"".join(bytes(block) for block in copy).decode()
    assert str(case.here.organization.id) in text
    assert str(case.there.organization.id) not in text


@alone
def no_rows_without_an_organization(case: SqlCase) -> None:
    enter(case.own, None, where=case.here)
    assert count(case.own, case.model, case.here) == 0
    assert changed(case.own, "DELETE FROM {} WHERE organization_id IS NOT NULL", case.model) == 0


@alone
def no_table_without_a_schema(case: SqlCase) -> None:
    case.own.execute(ENTER, ("public", case.here.organization.id.hex))
    with refused(case.own, errors.UndefinedTable):
        count(case.own, case.model, case.here)


LIFTING = (
    "TRUNCATE {}",
    "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY organization_isolation ON {}",
    "CREATE POLICY all_rows ON {} USING (true)",
    "CREATE TEMP TABLE borrowed AS SELECT * FROM {}",
)


@alone
def guards_are_not_lifted(case: SqlCase) -> None:
    enter(case.own, case.here)
    for statement in LIFTING:
        with refused(case.own, errors.InsufficientPrivilege):
            case.own.execute(sql.SQL(statement).format(table(case.model)))
