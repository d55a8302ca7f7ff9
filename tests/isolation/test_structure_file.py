"""A structure goes from one organization to another as a file, wherever the two of them live."""

from __future__ import annotations

import uuid

import pytest

from companions.models import Companion
from companions.services.rules import set_rule
from companions.services.structure_file.exporting import export_structure
from companions.services.structure_file.importing import import_structure
from companions.services.structure_file.problems import Refused
from tenants.context import use_tenant
from tenants.models import Team
from tenants.services.teams import create_team
from tests.fixtures.organizations import World
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import in_these_pairs

pytestmark = pytest.mark.django_db
PAIRS = [("there", ("row", "database")), ("there", ("schema", "row")), ("there", ("database", "schema"))]


def furnish(world: World) -> None:
    """What the look-alikes have, and more."""
    with use_tenant(world.context):
        team = create_team(name="Quay", is_department=True)
        crew = create_team(name="Crew", parent_id=team.id)
        Companion.objects.filter(id=world.companion.id).update(team_id=crew.id)
        set_rule(source_id=world.companion.id, team_id=team.id, allow=True)


@in_these_pairs("way", PAIRS)
def test_a_structure_is_taken_over_whole(way: str, left: World, right: World) -> None:
    furnish(left)
    with use_tenant(left.context):
        text = export_structure()
    before = everything_of(left)
    with use_tenant(right.context):
        plan = import_structure(data=text)
        assert not plan.changes_nothing
        assert import_structure(data=text).changes_nothing, "a second time there is nothing to do"
        assert Team.objects.filter(organization=right.organization, name="Crew").exists()
        taken = export_structure()
    for line in ("name: Crew", "team: Crew", "to_team: Quay"):
        assert line in taken
    assert everything_of(left) == before, "whose structure it was keeps it as it is"
    ids = {str(row["id"]) for rows in before.values() for row in rows}
    assert [one for one in ids if one in text or one in taken] == []


@in_these_pairs("way", PAIRS[:1])
def test_what_fails_half_way_leaves_nothing_in_either_database(way: str, left: World, right: World) -> None:
    """Teams are written in the control plane, companions in a database of their own: both are undone."""
    with use_tenant(right.context):
        furnish(right)
        right.member.team = Team.objects.get(organization=right.organization, name="Quay")
        right.member.save()
        before = everything_of(right)
        name = f"Pier {uuid.uuid4().hex[:4]}"
        text = f"humana: 1\nvalues: [{{title: Anew, description: x}}]\nteams: [{{name: {name}}}]\n"
        with pytest.raises(Refused):
            import_structure(data=text, remove=True)
        assert not Team.objects.filter(organization=right.organization, name=name).exists()
    assert everything_of(right) == before
