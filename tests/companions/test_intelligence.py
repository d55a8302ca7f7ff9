"""Figures: what was counted is what happened, whatever died meanwhile, in the days of the organization."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from companions.intelligence.days import bounds, day_of, zone_named
from companions.intelligence.files import as_csv
from companions.intelligence.graph import graph
from companions.intelligence.known import Unused
from companions.intelligence.opportunities import opportunities
from companions.intelligence.periods import Period, asked_for
from companions.intelligence.reading import Known, by_day_and_companion, of_companion, report
from companions.intelligence.sketch import ENDS, percentile
from companions.intelligence.tally import Tally
from companions.models import (
    ALL,
    Companion,
    Counting,
    Handoff,
    Interaction,
    KnowledgeAsset,
    Recount,
    SharedUse,
    ToolUse,
)
from companions.services import figures
from companions.services.companions import create_companion
from companions.services.delivering import deliver
from companions.services.feedback import give_feedback, withdraw_feedback
from companions.services.figures import count, count_everywhere, recount
from companions.services.handoffs import decline_handoff
from companions.services.sending import send_message
from humana.kernel.errors import Invalid, NotAllowed
from humana.rendering.charts import lined, stacked
from tenants.models import Organization
from tests.companions.conftest import Bakery
from tests.companions.figures import DAY, NOW, SAO_PAULO, kept, offered, used

pytestmark = pytest.mark.django_db


def test_a_day_is_the_organizations_own_and_what_comes_late_is_in_it(baker: Companion) -> None:
    # 01:30 UTC is still the evening before in São Paulo.
    used(baker, datetime(2026, 3, 10, 1, 30, tzinfo=UTC))
    used(baker, datetime(2026, 3, 10, 3, 0, tzinfo=UTC))
    used(baker, NOW, "judged", None)
    used(baker, NOW, "titled", None)
    count(at=NOW)
    assert kept()[date(2026, 3, 9), "answer.done", ALL] == 1
    assert kept()[DAY, "answer.done", baker.id] == 1
    assert not [name for _day, name, _who in kept() if "judged" in name or "titled" in name], "no answers"
    count(at=NOW + timedelta(minutes=1))
    assert count(at=NOW + timedelta(hours=2)) == [DAY], "something may have come late"
    assert count(at=NOW + timedelta(hours=3)) == [], "nothing was written since"

    # A row that says an earlier moment than it was committed at; and one of a day long counted.
    used(baker, NOW + timedelta(minutes=110))
    count(at=NOW + timedelta(minutes=125))
    assert kept()[DAY, "answer.done", ALL] == 2
    used(baker, NOW - timedelta(days=20))
    recount(NOW - timedelta(days=20))
    count(at=NOW + timedelta(minutes=130))
    assert kept()[date(2026, 2, 18), "answer.done", ALL] == 1
    assert not Recount.objects.exists()

    # Another zone has other days: all are counted again, some of them at a time.
    Organization.objects.filter(slug="bakery").update(time_zone="UTC")
    for _round in range(3):
        count(at=NOW + timedelta(hours=4))
    assert (date(2026, 3, 9), "answer.done", ALL) not in kept()
    assert kept()[DAY, "answer.done", ALL] == 3
    assert kept()[date(2026, 2, 18), "answer.done", ALL] == 1
    short, _long = (bounds(date(2026, 3, day), zone_named("America/New_York")) for day in (8, 9))
    assert short[1] - short[0] == timedelta(hours=23)


def test_a_count_that_dies_in_between_is_made_again_to_the_same_figures(
    baker: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(5):
        used(baker, NOW - timedelta(hours=10 * hours))
    real = figures._count_day

    def dies_on_the_second_day(day: date, *bounds_: datetime) -> None:
        real(day, *bounds_)
        if day != DAY - timedelta(days=1):
            raise SystemExit("killed")

    with monkeypatch.context() as dying:
        dying.setattr(figures, "_count_day", dies_on_the_second_day)
        with pytest.raises(SystemExit):
            count(at=NOW)
    assert kept() == {}
    assert not Counting.objects.exists()
    count(at=NOW)
    once = kept()
    assert sum(value for (_day, name, who), value in once.items() if (name, who) == ("answer.done", ALL)) == 5
    mark = Counting.objects.get()
    for gap in (3, 40, 400):  # the mark was lost, or nobody counted for long
        Counting.objects.update(counted_to=NOW - timedelta(days=gap), earlier=DAY)
        count(at=NOW)
    assert kept() == once
    assert mark.id == Counting.objects.get().id


HOSTILE = [
    "=1+1",
    "+cmd",
    "-2",
    "@sum",
    "\tx",
    "\rx",
    "\nx",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    '"=1',
    "' =1",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_of_the_file_is_a_formula(name: str) -> None:
    body = as_csv([(DAY, Known(uuid.UUID(int=1), name), Tally({"answer.done": 2}))]).decode()
    cells = next(csv.reader(io.StringIO(body.split("\n", 1)[1])))
    assert [one for one in cells if re.match(r"[=+\-@\t\r\n＝＋－＠]", one.lstrip(' "“'))] == []
    assert cells[2] == name or cells[2] == f"'{name}"


def test_a_period_is_chosen_or_a_sentence_says_what_to_change() -> None:
    assert asked_for("", "", "", today=DAY) == Period(DAY - timedelta(days=29), DAY)
    assert asked_for("7", "", "", today=DAY).length == 7
    assert asked_for("7", "2026-01-01", "2026-01-31", today=DAY).before == Period(
        date(2025, 12, 1), date(2025, 12, 31)
    )
    assert asked_for("", "", "2026-01-31", today=DAY).length == 30
    wrong = [
        ("8", "", ""),
        ("x" * 99, "", ""),
        ("", "2026-13-01", ""),
        ("", "2026-02-30", ""),
        ("", "0001-01-01", ""),
    ]
    wrong += [
        ("", "2026-02-01", "2026-01-01"),
        ("", "2024-01-01", "2026-01-01"),
        ("", "\x00", ""),
        ("", "", "９"),
    ]
    for one in wrong:
        with pytest.raises(Invalid):
            asked_for(*one, today=DAY)


def test_times_are_right_within_a_quarter() -> None:
    for took in (60, 300, 801, 5_000, 42_000, 500_000):
        bucket = next(number for number, end in enumerate(ENDS) if took <= end)
        for share in (0.001, 0.5, 1):
            found = percentile({bucket: 7}, share)
            assert found is not None
            assert abs(found - took) <= 0.265 * took
    assert percentile({}, 0.5) is None
    assert percentile({len(ENDS): 3}, 0.95) == ENDS[-1]
    assert lined([(None, 1.0), (None, None), (None, 3.0), (None, 4.0)], ("a", "b")).lines[1].dots
    assert stacked([], ("a",)).bars == ()
    assert graph([]).nodes == ()


def test_people_and_companions_at_work_are_in_the_report(bakery: Bakery, baker: Companion) -> None:
    owner = bakery.person("owner")
    bia = create_companion(name="Bia", purpose="Sells", base_prompt="You sell.", language="en")
    create_companion(name="Unasked", purpose="Waits", base_prompt="You wait.", language="en")
    today = day_of(timezone.now(), SAO_PAULO)
    period = Period(today - timedelta(days=1), today)
    for _n in range(30):
        used(baker, timezone.now(), "done", 45_000)
    for _n in range(4):
        used(baker, timezone.now(), "failed", None)
    for _n in range(5):
        offer = offered(baker, bia)
    decline = bakery.person("member")
    Handoff.objects.filter(id=offer.id).update(to_user_id=decline.user_id)
    decline_handoff(member=decline, handoff_id=offer.id)
    sent = send_message(member=owner, sender=baker, kind="knowledge_share", text="Rye is in.", to=bia)
    deliver(bia.id)
    send_message(member=owner, sender=baker, kind="knowledge_share", text="To all: rye is in.")
    for number, role in enumerate(("owner", "member", "admin", "manager", "billing")):
        if role != "billing":
            give_feedback(member=bakery.person(role), companion=baker, rating=1 + number, text="=Hm")
    give_feedback(member=owner, companion=baker, rating=2, text="")
    with pytest.raises(Invalid):
        give_feedback(member=owner, companion=baker)
    with pytest.raises(Invalid):
        give_feedback(member=owner, companion=baker, rating=6)
    with pytest.raises(NotAllowed):
        give_feedback(member=bakery.person("billing"), companion=baker, rating=5)
    assert withdraw_feedback(member=bakery.person("manager"), companion=baker)
    assert not withdraw_feedback(member=bakery.person("manager"), companion=baker)
    shared = Interaction.objects.get(kind="share", subject_id=sent.id)
    assert (shared.companion_id, shared.other_id) == (baker.id, bia.id)
    assert (shared.member_id, shared.count) == (owner.id, 1)
    known, secret, _old = (
        KnowledgeAsset.objects.create(title=title, text="x", level=level, widest=level)
        for title, level in (("Rye", "public"), ("Margins", "restricted"), ("Ovens of 1990", "public"))
    )
    KnowledgeAsset.objects.update(created_at=timezone.now() - timedelta(days=9))
    runs = [uuid.uuid4() for _n in range(3)]
    for asset, run_id in ((known, runs[0]), (known, runs[1]), (known, runs[2]), (secret, runs[0])):
        SharedUse.objects.create(
            asset=asset, subject_id=asset.id, run_id=run_id, companion_id=baker.id, member_id=owner.id
        )
    for outcome in ("done", "done", "refused"):
        ToolUse.objects.create(
            companion=baker, member_id=owner.id, run_id=runs[0], name="clock__now", outcome=outcome
        )
    count_everywhere()

    with CaptureQueriesContext(connections[bakery.context.placement.alias]) as asked:
        found = report(member=bakery.person("auditor"), period=period)
        tally = of_companion(baker.id, period)
        lines = by_day_and_companion(member=owner, period=period)
    assert len(asked) <= 20, "a page is a few queries"
    said = " ".join(one["sql"] for one in asked)
    for table in (
        "chats_",
        "audit_",
        "companions_companionmessage",
        "companions_handoff",
        "companions_interaction",
    ):
        assert table not in said, "figures are read from what was counted"
    assert (found.now.answers, found.now.failed, round(found.now.success or 0, 2)) == (34, 4, 0.88)
    assert 40_000 < (found.now.whole_50 or 0) < 55_000
    assert (found.now.messages, found.now.shares, found.now.handoffs) == (2, 2, 5)
    assert (found.now.opinions, found.now.satisfaction, found.now.accepted) == (3, 0.0, 0.0)
    assert found.totals == {"companions": 3, "knowledge": 3, "capabilities": 0}
    assert (found.now.tools, found.now.knowledge) == (3, 0.1)
    assert [(one.title, one.uses) for one in found.knowledge] == [("Rye", 3), ("", 1)], "titles one may read"
    assert found.unused == Unused(1, ["Ovens of 1990"])
    assert [one.companion.name for one in found.companions] == ["Pão", "Bia", "Unasked"]
    assert [(one.giver.name, one.taker.name, one.handoffs, one.shares) for one in found.between] == [
        ("Pão", "Bia", 5, 1)
    ]
    assert found.before.counts == {}
    assert (tally.answers, tally.handoffs) == (34, 5)
    assert [(who and who.name, one.answers) for _day, who, one in lines] == [(None, 34), ("Pão", 34)]
    rules = [(one.rule, one.slug) for one in opportunities(found)]
    assert rules == [
        ("unreliable", "pao"), ("slow", "pao"), ("declined", "pao"), ("well_worn", "pao"),
        ("unused", ""), ("idle", "bia"), ("idle", "unasked"),
    ]  # fmt: skip
    with override("en"):
        evidence = {one.rule: one.evidence for one in opportunities(found)}
    assert evidence["unreliable"] == "4 of 34 answers of Pão did not come to their end."
    with pytest.raises(NotAllowed):
        report(member=bakery.person("member"), period=period)
