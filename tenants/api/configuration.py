"""The configuration as the API tells and takes it; keys and their kinds come from the catalogue."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from humana.api.authentication import IsPerson
from humana.api.inputs import Input, YesNo
from humana.api.schema import operation
from humana.api.shapes import Shape
from humana.api.versions import expected
from humana.api.views import ApiView
from humana.kernel.errors import NotFound
from tenants.config.catalogue import ConfigKey, config_keys
from tenants.config.resolver import Explained, explain
from tenants.config.rules import Entry
from tenants.config.snapshot import read_snapshot
from tenants.permissions import CONFIG_EDIT, CONFIG_VIEW
from tenants.queries import is_team
from tenants.services.config import Where, change, clear_value, key_named, of_organization, of_person, of_team


class Said(Shape, frozen=True):
    """What a layer says. Of a secret, `value` says only whether it is set."""

    layer: str
    subject: uuid.UUID | None
    value: Any
    set_by: str
    set_at: datetime | None


class Bound(Shape, frozen=True):
    """A cap or a floor, and the layer it comes from."""

    value: Any
    layer: str
    set_by: str


class Own(Shape, frozen=True):
    """What is said at the layer that was asked about. Without a value it may still lock and limit."""

    has_value: bool
    value: Any
    locked: bool
    cap: Any
    floor: Any


class Setting(Shape, frozen=True):
    """One key: the value that holds at the layer asked about, and why.

    `layer` is "default" where nobody says anything. `overrode` are the values further up that it stands
    in for; `locked_by` is the layer that lets nobody below choose otherwise.
    """

    key: str
    group: str
    label: str
    help: str
    kind: str
    choices: list[str]
    layers: list[str]
    secret: bool
    value: Any
    layer: str
    set_by: str
    set_at: datetime | None
    overrode: list[Said]
    locked_by: str | None
    cap: Bound | None
    floor: Bound | None
    limited: bool
    own: Own | None


class Settings(Shape, frozen=True):
    """Every key that there is at this layer."""

    results: list[Setting]


class SettingChanges(Input):
    """What to change at this layer; what is not sent stays. `value` is of the key's own kind."""

    value = serializers.JSONField(required=False, allow_null=True)
    locked = YesNo(required=False)
    cap = serializers.JSONField(required=False, allow_null=True)
    floor = serializers.JSONField(required=False, allow_null=True)


class _OfOrganization(ApiView):
    """What is said for the whole organization."""

    permissions = {"GET": CONFIG_VIEW.name, "PATCH": CONFIG_EDIT.name, "DELETE": CONFIG_EDIT.name}

    def where(self, **named: Any) -> Where:
        return of_organization(self.member.organization_id)


class _OfTeam(_OfOrganization):
    """What is said for a team and the teams in it."""

    def where(self, **named: Any) -> Where:
        organization_id, team_id = self.member.organization_id, named["team_id"]
        if not is_team(organization_id, team_id):
            raise NotFound(_("There is no such team."))
        return of_team(organization_id, team_id)


class _Mine(_OfOrganization):
    """What a member says for themselves; being a member is enough."""

    permission_classes = [IsPerson]

    def where(self, **named: Any) -> Where:
        return of_person(self.member)


class _List(_OfOrganization):
    def found(self, request: Request, **named: Any) -> HttpResponse:
        where = self.where(**named)
        known = read_snapshot(where.organization_id)
        keys = [key for _name, key in config_keys.items() if where.layer in key.layers]
        told = [setting(explain(key, where.seen_as, known=known, at=where.layer)) for key in keys]
        return self.answer(Settings(told), version=0)


class _One(_OfOrganization):
    def found(self, **named: Any) -> HttpResponse:
        told = self._told(self.where(**named), named["config_key"])
        return self.answer(setting(told), version=told.own.version if told.own else 0)

    def changed(self, request: Request, **named: Any) -> HttpResponse:
        where = self.where(**named)
        told = self._told(where, named["config_key"])
        wanted: Any = self.body(SettingChanges, partial=True)
        change(member=self.member, where=where, key=told.key, seen=self._seen(request, told), **wanted)
        return self.found(**named)

    def cleared(self, request: Request, **named: Any) -> HttpResponse:
        where = self.where(**named)
        told = self._told(where, named["config_key"])
        self.no_body()
        clear_value(member=self.member, where=where, key=told.key, seen=self._seen(request, told))
        return self.found(**named)

    def _seen(self, request: Request, told: Explained) -> int | None:
        return expected(request, told.own.version if told.own else 0)

    def _told(self, where: Where, name: str) -> Explained:
        """NotFound for a key that there is not, or not at this layer."""
        key = key_named(name)
        if where.layer not in key.layers:
            raise NotFound(_("There is no such setting."))
        return explain(key, where.seen_as, known=read_snapshot(where.organization_id), at=where.layer)


class ConfigurationView(_List):
    """The configuration of the organization."""

    @operation("listConfiguration", "Every setting of the organization, and why it holds", gives=Settings)
    def get(self, request: Request) -> HttpResponse:
        return self.found(request)


class SettingView(_One):
    """One setting of the organization."""

    @operation("readSetting", "One setting of the organization", gives=Setting)
    def get(self, request: Request, config_key: str) -> HttpResponse:
        return self.found(config_key=config_key)

    @operation("editSetting", "Set, lock or limit it", takes=SettingChanges, gives=Setting)
    def patch(self, request: Request, config_key: str) -> HttpResponse:
        return self.changed(request, config_key=config_key)

    @operation("clearSetting", "Say nothing here any more: what is said above holds", gives=Setting)
    def delete(self, request: Request, config_key: str) -> HttpResponse:
        return self.cleared(request, config_key=config_key)


class TeamConfigurationView(_OfTeam, _List):
    """The configuration of a team."""

    @operation("listTeamConfiguration", "Every setting of a team, and why it holds", gives=Settings)
    def get(self, request: Request, team_id: uuid.UUID) -> HttpResponse:
        return self.found(request, team_id=team_id)


class TeamSettingView(_OfTeam, _One):
    """One setting of a team."""

    @operation("readTeamSetting", "One setting of a team", gives=Setting)
    def get(self, request: Request, team_id: uuid.UUID, config_key: str) -> HttpResponse:
        return self.found(team_id=team_id, config_key=config_key)

    @operation("editTeamSetting", "Set, lock or limit it", takes=SettingChanges, gives=Setting)
    def patch(self, request: Request, team_id: uuid.UUID, config_key: str) -> HttpResponse:
        return self.changed(request, team_id=team_id, config_key=config_key)

    @operation("clearTeamSetting", "Say nothing here any more: what is said above holds", gives=Setting)
    def delete(self, request: Request, team_id: uuid.UUID, config_key: str) -> HttpResponse:
        return self.cleared(request, team_id=team_id, config_key=config_key)


class MyConfigurationView(_Mine, _List):
    """What I may set for myself."""

    @operation("listMyConfiguration", "Every setting of my own, and why it holds", gives=Settings)
    def get(self, request: Request) -> HttpResponse:
        return self.found(request)


class MySettingView(_Mine, _One):
    """One setting of my own."""

    @operation("readMySetting", "One setting of my own", gives=Setting)
    def get(self, request: Request, config_key: str) -> HttpResponse:
        return self.found(config_key=config_key)

    @operation("editMySetting", "Set it for myself", takes=SettingChanges, gives=Setting)
    def patch(self, request: Request, config_key: str) -> HttpResponse:
        return self.changed(request, config_key=config_key)

    @operation("clearMySetting", "Say nothing here any more: what is said above holds", gives=Setting)
    def delete(self, request: Request, config_key: str) -> HttpResponse:
        return self.cleared(request, config_key=config_key)


def setting(told: Explained) -> Setting:
    key, settled = told.key, told.settled
    chosen = settled.chosen
    return Setting(
        key=key.name,
        group=key.group,
        label=str(key.label),
        help=str(key.help),
        kind=key.kind.name,
        choices=[name for name, _label in key.kind.offered],
        layers=list(key.layers),
        secret=key.secret,
        value=told.value,
        layer=settled.layer,
        set_by=chosen.set_by if chosen else "",
        set_at=chosen.set_at if chosen else None,
        overrode=[_said(key, one) for one in settled.overrode],
        locked_by=settled.lock.layer if settled.lock else None,
        cap=_bound(settled.cap, settled.cap_by),
        floor=Bound(settled.floor, settled.floor_by.layer, settled.floor_by.set_by)
        if settled.floor_by
        else None,
        limited=told.bounded,
        own=_own(key, told.own) if told.own else None,
    )


def _bound(value: Any, by: Entry | None) -> Bound | None:
    return Bound(value, by.layer, by.set_by) if by else None


def _said(key: ConfigKey[Any], entry: Entry) -> Said:
    value = entry.has_value if key.secret else entry.value
    return Said(entry.layer, entry.subject, value, entry.set_by, entry.set_at)


def _own(key: ConfigKey[Any], entry: Entry) -> Own:
    value = entry.has_value if key.secret else entry.value
    return Own(entry.has_value, value, entry.locked, entry.cap, entry.floor)
