"""Forms of teams, positions, and where a member stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companions.forms.refusing import Refusing
from tenants.models import Position, Team
from tenants.queries import positions, teams
from tenants.services.positions import LOWEST
from tenants.services.structuring import version_of
from tenants.structure import below, in_order

NONE = gettext_lazy("– none –")


class Pick(forms.TypedChoiceField):
    """One of the organization's teams or positions, or none. Which ids are its own, the services judge."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label=label, coerce=uuid.UUID, empty_value=None, required=False, **options)

    def valid_value(self, value: Any) -> bool:
        try:
            uuid.UUID(str(value))
        except ValueError:
            return False
        return True


def offered_teams(without: Team | None = None) -> list[tuple[str, Any]]:
    """As a tree, each below the team it is part of; without a team and all below it."""
    return _offered(list(teams()), "parent_id", without)


def offered_positions(without: Position | None = None) -> list[tuple[str, Any]]:
    """As a hierarchy; without a position and all who report to it."""
    return _offered(list(positions()), "reports_to_id", without)


def _offered(rows: list[Any], key: str, without: Any) -> list[tuple[str, Any]]:
    parents = {one.id: getattr(one, key) for one in rows}
    gone = below(parents, without.id) if without is not None else set()
    told = [(str(one.row.id), f"{'– ' * one.depth}{one.row}") for one in in_order(rows, key)]
    return [("", NONE), *((key, words) for key, words in told if uuid.UUID(key) not in gone)]


class TeamForm(Refusing):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    parent_id = Pick(gettext_lazy("Part of"))
    is_department = forms.BooleanField(label=gettext_lazy("This is a department"), required=False)

    def __init__(self, posted: Any = None, *, team: Team | None = None, parent: str = "") -> None:
        """`parent` is where a new one begins."""
        super().__init__(posted, initial=_told(team, self.base_fields) or {"seen": 0, "parent_id": parent})
        self.fields["parent_id"].choices = offered_teams(team)  # type: ignore[attr-defined]

    def draft(self) -> dict[str, Any]:
        return drafted(self)


class PositionForm(Refusing):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=80)
    reports_to_id = Pick(gettext_lazy("Reports to"))
    level = forms.IntegerField(
        label=gettext_lazy("Level"), min_value=0, max_value=LOWEST, required=False,
        help_text=gettext_lazy(
            "0 is the top. Work is not handed to somebody higher."
        ),
    )  # fmt: skip

    def __init__(self, posted: Any = None, *, position: Position | None = None, chief: str = "") -> None:
        """`chief` is whom a new one reports to."""
        begun = _told(position, self.base_fields) or {"seen": 0, "reports_to_id": chief}
        super().__init__(posted, initial=begun)
        self.is_new = position is None
        if self.is_new:
            empty = _("Empty: the one below whom it reports to.")
            self.fields["level"].help_text = f"{self.fields['level'].help_text} {empty}"
        self.fields["reports_to_id"].choices = offered_positions(position)  # type: ignore[attr-defined]

    def clean_level(self) -> int | None:
        level: int | None = self.cleaned_data["level"]
        if level is None and not self.is_new:
            raise forms.ValidationError(_("Give a number from 0, the top."))
        return level

    def draft(self) -> dict[str, Any]:
        return drafted(self)


class GoingForm(Refusing):
    """Where what stands on a team or a position goes when that is removed."""

    move_to = Pick(gettext_lazy("Move all of it to"))

    def __init__(self, posted: Any = None, *, going: Team | Position) -> None:
        above = going.parent_id if isinstance(going, Team) else going.reports_to_id
        super().__init__(posted, initial={"seen": version_of(going), "move_to": above})
        offered = offered_teams(going) if isinstance(going, Team) else offered_positions(going)
        self.fields["move_to"].choices = offered  # type: ignore[attr-defined]

    def draft(self) -> dict[str, Any]:
        return drafted(self)


def _told(row: Team | Position | None, fields: Iterable[str]) -> dict[str, Any]:
    if row is None:
        return {}
    return {name: getattr(row, name) for name in fields if name != "seen"} | {"seen": version_of(row)}


def drafted(form: Refusing) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in form.fields if name != "seen"}
