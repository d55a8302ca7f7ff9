"""The whole structure of an organization as one YAML file: out of one, into another, and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils.translation import override

from audit.models import AuditEntry
from companions.models import (
    Capability,
    Companion,
    CompanionAccess,
    KnowledgeAsset,
    Policy,
    PolicyVersion,
    Value,
)
from companions.services.capabilities import add_capability
from companions.services.companions import create_companion
from companions.services.knowledge import write_asset
from companions.services.policies import keep_value, publish_brand, publish_policy
from companions.services.rules import set_rule
from companions.services.structure_file.exporting import export_structure
from companions.services.structure_file.importing import import_structure, preview_structure
from companions.services.structure_file.problems import Refused
from humana.kernel.errors import NotAllowed, StaleVersion
from tenants.models import Position, Team
from tenants.services.positions import create_position
from tenants.services.teams import create_team
from tests.companions.conftest import Bakery

pytestmark = pytest.mark.django_db
PROMPT = "You are Nina.\n\n# How\n- plainly\n  - and shortly\n\ttab: # no comment\ntrailing \n\u2028odd"


@pytest.fixture
def furnished(bakery: Bakery) -> Bakery:
    """One of everything, with names and texts that YAML could take for something else."""
    keep_value(title="no", description="007")
    keep_value(title="Care", description="null: “warm”, & *calm*")
    keep_value(title="Care", description="said twice")
    ovens = create_team(name="Ovens", is_department=True)
    night = create_team(name="Night", parent_id=ovens.id)
    chief = create_position(title="Master baker")
    hand = create_position(title="Hand", reports_to_id=chief.id)
    nina = create_companion(
        name="Nina", slug="nina", purpose="Works at night", base_prompt=PROMPT, language="en",
        team_id=night.id, position_id=hand.id, access="team", starters=["What now?", "- and then?"],
        model="smollm2",
    )  # fmt: skip
    otto = create_companion(name="Otto", slug="otto", purpose="true", base_prompt="~", language="pt-br")
    publish_policy(
        name="Privacy", regulation="LGPD", requirement="Never ask for a CPF.\nNor for a card.",
        audience={"teams": [str(ovens.id)], "companions": [str(otto.id)]}, mode="monitor",
        checks=[{"kind": "pattern", "stage": "output", "name": "number", "pattern": "123"}],
    )  # fmt: skip
    publish_policy(name="Sums", regulation="House", requirement="Say prices in reais.", active=False)
    publish_brand(voice_and_tone="calm", style="short", restrictions=["no slang", "yes"])
    recipe = write_asset(title="Recipe", text="Flour.\nWater.", level="team", team_id=night.id)
    add_capability(kind="knowledge", name="Baking", asset_id=recipe.id)
    add_capability(kind="skill", name="Counting", instructions="Count in dozens.", level="restricted")
    set_rule(source_id=nina.id, target_id=otto.id, allow=True, rights=["share"])
    set_rule(source_id=otto.id, team_id=ovens.id, allow=False)
    return bakery


def everything() -> list[object]:
    models = (Value, Companion, Policy, PolicyVersion, CompanionAccess, Team, Position, AuditEntry)
    return [list(model.objects.order_by("id").values()) for model in models]


def test_importing_an_export_changes_nothing(furnished: Bakery) -> None:
    told = export_structure()
    before = everything()
    plan = import_structure(data=told, remove=True)
    assert (plan.new, plan.changed, plan.gone, plan.changes_nothing) == (0, 0, 0, True)
    assert plan.same == 3 + 2 + 2 + 2 + 2 + 1 + 1 + 2 + 2
    assert everything() == before
    assert export_structure() == told, "the same structure is the same file"
    for secret in (*(str(one.id) for one in Companion.objects.all()), str(furnished.organization.id)):
        assert secret not in told


def told(text: str) -> str:
    return "humana: 1\n" + text


def wrong(text: str | bytes, **options: Any) -> str:
    before = everything()
    with override("en"), pytest.raises(Refused) as refused:
        import_structure(data=text, **options)
    assert everything() == before, "nothing of it was written"
    return str(refused.value)


def test_a_new_organization_is_written_from_a_file(bakery: Bakery) -> None:
    """Names stand for what the file itself makes; what it does not say is as usual."""
    plan = import_structure(
        member=bakery.person("admin"),
        data=told(
            """
access:
  - {from: nina, to_team: Ovens/Night, allow: true}
policies:
  - name: Privacy
    regulation: LGPD
    requirement: Never ask for a CPF.
    audience: {teams: [night], positions: [Hand]}
companions:
  - {slug: nina, name: Nina, purpose: Works, base_prompt: You work., team: ovens, state: paused}
positions:
  - {title: Hand, reports_to: Master baker}
  - {title: Master baker}
teams:
  - {name: Night, part_of: Ovens}
  - {name: Ovens, department: true}
"""
        ),
    )
    assert (plan.new, plan.changed, plan.gone) == (7, 0, 0)
    night, hand = Team.objects.get(name="Night"), Position.objects.get(title="Hand")
    assert (night.parent and night.parent.name, hand.level) == ("Ovens", 1)
    nina, rule = Companion.objects.get(), CompanionAccess.objects.get()
    assert (nina.state, nina.team_id, nina.language) == ("paused", night.parent_id, "pt-br")
    assert (rule.source_id, rule.team_id, rule.allow) == (nina.id, night.id, True)
    assert Policy.objects.get().audience == {"teams": [str(night.id)], "positions": [str(hand.id)]}
    entry = AuditEntry.objects.order_by("-sequence")[0]
    assert (entry.action, entry.actor_kind) == ("companions.structure.imported", "system")


def test_what_a_file_does_not_say_stays_and_what_it_says_is_shown_before(furnished: Bakery) -> None:
    day = "companions:\n  - {slug: nina, purpose: Works by day}\n"
    text = told(f"{day}values:\n  - {{title: Calm, description: slowly}}\n")
    plan = preview_structure(data=text)
    (nina,) = plan.parts[1].news
    assert [(line.kind, line.text) for line in nina.lines if line.kind not in ("same", "gap")] == [
        ("removed", "purpose: Works at night"),
        ("added", "purpose: Works by day"),
    ]
    assert (plan.new, plan.changed, plan.gone) == (1, 1, 0)
    assert import_structure(data=text, digest=plan.digest).changed == 1
    assert Companion.objects.get(slug="nina").base_prompt == PROMPT
    assert import_structure(data=text).changes_nothing


def test_what_is_not_named_goes_only_where_that_is_asked(furnished: Bakery) -> None:
    nina = Companion.objects.get(slug="nina")
    text = told("values: []\ncompanions:\n  - {slug: otto}\npolicies:\n  - {name: Sums}\naccess: []\n")
    assert import_structure(data=text).changes_nothing
    plan = import_structure(data=text, remove=True)
    assert (plan.new, plan.changed, plan.gone) == (0, 0, 3 + 1 + 1 + 2)
    assert Value.objects.count() == CompanionAccess.objects.count() == 0
    assert [one.slug for one in Companion.objects.all()] == ["otto"]
    assert not Policy.objects.get(name="Privacy").active, "answers point at it: it is put out of force"
    assert import_structure(data=text, remove=True).changes_nothing
    back = told("companions:\n  - {slug: nina, name: Nina II, purpose: Rests, base_prompt: You rest.}\n")
    assert import_structure(data=back + "access:\n  - {from: nina, to: otto}\n").new == 2
    again = Companion.objects.get(slug="nina")
    assert (again.id, again.name) == (nina.id, "Nina II")


def test_a_tree_may_be_turned_around_and_an_order_changed(furnished: Bakery) -> None:
    import_structure(
        data=told(
            """
teams:
  - {name: Ovens, part_of: Night}
  - {name: night, part_of: null}
positions:
  - {title: Master baker, level: 3}
  - {title: Hand, level: 7}
values:
  - {title: Care}
  - {title: "no"}
"""
        )
    )
    ovens, night = Team.objects.get(name="Ovens"), Team.objects.get(name="night")
    assert (ovens.parent_id, night.parent_id) == (night.id, None)
    assert list(Position.objects.order_by("level").values_list("title", "level")) == [
        ("Master baker", 3),
        ("Hand", 7),
    ]
    titles = [one.description for one in Value.objects.order_by("position")]
    assert titles == ["null: “warm”, & *calm*", "007", "said twice"]


POLICY = "policies:\n  - name: A\n    regulation: B\n    requirement: C\n"
COMPANION = "companions:\n  - name: A\n    purpose: P\n    base_prompt: B\n"


#: Sections, and what is said of them.
WRONG = [
    (POLICY + "    audience:\n      teams: [X]\n",
     "Line 7, policies[0].audience.teams[0]: There is no team “X”, neither here nor in the file."),
    (POLICY + "    checks:\n      - {kind: pii, stage: output, classes: [cpf, dna]}\n",
     "Line 7, policies[0].checks[0].classes[1]: This must be one of"),
    (POLICY + "    audience: {teams: []}\n", "at least one team"),
    (COMPANION.replace("B\n", "''\n") + "    slug: ana\n",
     "Line 5, companions[0].base_prompt: Write something first."),
    (COMPANION + "    slug: ana b\n", "companions[0].slug"),
    (COMPANION + "    slug: a-b\n    state: asleep\n", "companions[0].state"),
    ("teams:\n  - {name: A, part_of: B}\n  - {name: B, part_of: A}\n", "round in a circle: A › B › A"),
    ("teams:\n  - {name: Ovens, part_of: Night}\n", "round in a circle: Ovens › Night › Ovens"),
    ("teams:\n  - {name: A, part_of: a}\n", "round in a circle: A › A"),
    ("teams:\n  - name: A\n  - name: ' a '\n", "Line 4, teams[1]: This stands in the file twice."),
    ("positions:\n  - {title: Hand, level: 0}\n",
     "“Hand” reports to “Master baker”, so its level is 1 or more."),
    ("positions:\n  - {title: A, level: 1000}\n", "from 0, the top, to 99"),
    ("positions:\n  - {title: A, level: high}\n", "positions[0].level: Write a whole number."),
    ("access:\n  - {from: nina, to: nina}\n", "does not write to itself"),
    ("access:\n  - {from: nina, to: otto, to_team: Ovens}\n", "one companion or one team"),
    ("access:\n  - {from: nina, to: zoe}\n", "access[0].to: There is no companion “zoe”"),
    ("access:\n  - {from: nina, to: otto, rights: [rule]}\n", "access[0].rights[0]"),
    ("values:\n  - {title: A, description: B, id: 7}\n", "values[0].id: This is not known here."),
    ("values:\n  - A\n", "values[0]: This must be fields with values"),
    ("values: all\n", "Line 2, values: This must be a list"),
    ("brand:\n  restrictions: [[no]]\n", "brand.restrictions[0]: This must be text."),
    ("secrets:\n  - a\n", "secrets: There is no such section."),
    ("values:\n  - {title: A, title: B}\n", "“title” stands here twice."),
    ("values: &all []\npolicies: *all\n", "Line 2: Anchors and aliases"),
    ("a: &a [x, x]\nb: &b [*a, *a]\nvalues: [*b, *b]\n", "Anchors and aliases"),
    ("values: !!python/object/apply:os.system ['true']\n", "Tags (!…) are not taken"),
    ("values:\n  - {title: !!binary aGk=, description: x}\n", "Tags (!…) are not taken"),
    ("values:\n  - {<<: {title: A}, description: x}\n", "values[0].<<: This is not known here."),
    ("values:\n  - {title: \"a\\0b\", description: x}\n", "characters that cannot be stored"),
    ("values: " + "[" * 5_000 + "]" * 5_000, "too deep"),
    ("values:\n" + "  - a: " + "{b: " * 50 + "c" + "}" * 50, "too deep"),
    ("values:\n  - {? [a, b] : c}\n", "Only a word can stand before a colon."),
    ("values:\n\t- title: A\n", "Line 3: This cannot be read as YAML"),
    ("values: []\n---\nhumana: 1\n", "one document"),
    ("values: [\n", "cannot be read as YAML"),
    ("values:\n" + "  - {title: A, description: B}\n" * 40_000, "too long"),
    ("values:\n" + "  - {}\n" * 25_000, "At most 20000"),
]  # fmt: skip


def test_a_file_that_is_wrong_is_refused_with_line_and_path(furnished: Bakery) -> None:
    for text, problem in WRONG:
        assert problem in wrong(told(text), remove=True), text[:80]


#: Whole files, and what is said of them.
NO_FILES = [
    (b"", "The file is empty."),
    (b"# nothing\n", "The file is empty."),
    (b"humana: 1\nvalues:\n  - {title: caf\xe9, description: x}\n",
     "Line 3: The file should be text in UTF-8."),
    (b"\xff\xfeh\x00u\x00", "Line 1: The file should be text in UTF-8."),
    (b"humana: 2\n", "humana: 1"),
    (b"- humana: 1\n", "begin with"),
    (b"%YAML 1.1\n---\nhumana: 1\n", "Directives"),
    (b"%TAG ! tag:x,2000:\n---\nhumana: 1\n", "Directives"),
    (b"humana: 1\nvalues: \x00\n", "Line"),
    (b"humana: 1\n" + b"x" * 10_000_000, "at most 900000"),
    (b"{" * 800_000, "too deep"),
    (b"humana: 1\nvalues: '" + b"a" * 800_000, "cannot be read as YAML"),
]  # fmt: skip


def test_what_is_no_file_of_ours_is_refused(bakery: Bakery) -> None:
    for data, problem in NO_FILES:
        assert problem in wrong(data), data[:80]


def test_knowledge_and_capabilities_come_along_by_their_titles(bakery: Bakery) -> None:
    text = told(
        """
capabilities:
  - {name: Baking, kind: knowledge, knowledge: recipe}
  - {name: Counting, instructions: Count in dozens.}
knowledge:
  - {title: Recipe, text: Flour and water., level: team, team: Ovens}
teams:
  - {name: Ovens}
"""
    )
    assert import_structure(data=text).new == 4
    baking, recipe = Capability.objects.get(name="Baking"), KnowledgeAsset.objects.get()
    assert (baking.asset_id, recipe.team_id) == (recipe.id, Team.objects.get().id)
    assert import_structure(data=text).changes_nothing
    changed = text.replace("and water.", "and salt.").replace("in dozens", "in tens")
    assert import_structure(data=changed).changed == 2
    for wrong_one, said in (
        (
            "{name: A, kind: knowledge, knowledge: X}",
            "capabilities[0].knowledge: There is no common",
        ),
        ("{name: Counting, kind: knowledge, knowledge: Recipe}", "capabilities[0].instructions"),
        ("{name: A, kind: tool}", "capabilities[0].kind"),
        ("{name: A, instructions: B, level: team}", "capabilities[0].team"),
    ):
        assert said in wrong(told(f"capabilities:\n  - {wrong_one}\n"))
    gone = import_structure(data=told("capabilities: []\nknowledge: []\n"), remove=True)
    assert (gone.gone, Capability.objects.count(), KnowledgeAsset.objects.count()) == (3, 0, 0)


def test_what_is_named_and_gone_neither_widens_a_policy_nor_stops_a_change(furnished: Bakery) -> None:
    """A team may be gone from under a policy that is for it, since before anybody saw to that."""
    Policy.objects.filter(name="Privacy").update(audience={"teams": [str(furnished.organization.id)]})
    text = export_structure()
    assert "audience:\n      teams:\n        - (gone)\n" in text
    assert import_structure(data=text).changes_nothing
    assert import_structure(data=text.replace("Nor for a card.", "Nor for more.")).changed == 1
    assert Policy.objects.get(name="Privacy").audience == {"teams": [str(furnished.organization.id)]}
    other = text.replace("name: Privacy", "name: Secrecy")
    assert "There is no team “(gone)”" in wrong(other)


def test_everything_that_is_wrong_is_told_at_once_up_to_a_point(bakery: Bakery) -> None:
    with pytest.raises(Refused) as refused:
        import_structure(data=told("values:\n" + "  - {title: A}\n" * 30))
    assert (len(refused.value.problems), refused.value.more, refused.value.field) == (
        20,
        10,
        "values[0].description",
    )


def test_where_the_last_step_is_refused_nothing_of_the_others_stays(furnished: Bakery) -> None:
    """A team in which somebody works cannot go; by then everything else was written."""
    member = furnished.person("member")
    member.team = Team.objects.get(name="Ovens")
    member.save()
    teams = "teams:\n  - {name: Night, part_of: null}\n  - {name: Third}\n"
    text = told("values:\n  - {title: New, description: x}\n" + teams)
    assert "“Ovens” cannot be removed" in wrong(text, remove=True)


def test_a_file_asks_for_the_right_to_each_of_its_sections(furnished: Bakery) -> None:
    admin, manager = furnished.person("admin"), furnished.person("manager")
    text = export_structure(member=manager)
    assert re.findall(r"^(\w+):", text, re.MULTILINE) == ["humana", "companions"]
    assert import_structure(member=manager, data=text).changes_nothing
    for section in ("values", "teams", "positions", "policies", "access"):
        for act in (preview_structure, import_structure):
            with pytest.raises(NotAllowed):
                act(member=manager, data=told(f"{section}: []\n"))
    admin.withheld_permissions = ["companions.access"]
    assert "\naccess:" not in export_structure(member=admin)


def test_who_looked_at_something_else_looks_again(furnished: Bakery) -> None:
    text = told("values:\n  - {title: Care, description: anew}\n")
    seen = preview_structure(data=text)
    keep_value(title="Late", description="somebody was quicker")
    with pytest.raises(StaleVersion):
        import_structure(data=text, digest=seen.digest)
    with pytest.raises(StaleVersion):
        import_structure(data=text, digest=preview_structure(data=text, remove=True).digest)
    assert Value.objects.filter(description="anew").count() == 0
