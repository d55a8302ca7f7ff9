"""Servers of tools, their tools and the rules about them, as the API tells and takes them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from rest_framework import serializers

from companions.models import McpServer, McpTool, ToolRule
from companions.services.discovering import Discovery
from companions.services.tool_secrets import names_kept
from humana.api.inputs import IdOf, Input, Text, YesNo
from humana.api.shapes import Shape


class ToolServerShape(Shape, frozen=True):
    """A server of tools, reached at `url` or by the installation's `command`. `member_id` is null for the
    organization's own. `secrets` are the names of what is kept to open it: `token`, or a header's; never
    a value. `error` says why the last look did not go well. `sign_in_state` is empty, `wanted` where the
    server asks for it, `done` or `again`: somebody signs in at the server's page, with a browser.
    """

    id: uuid.UUID
    name: str
    slug: str
    member_id: uuid.UUID | None
    url: str
    command: str
    state: str
    secrets: list[str]
    sign_in_state: str
    signed_in_at: datetime | None
    sign_in_until: datetime | None
    discovered_at: datetime | None
    error_code: str
    error: str
    created_at: datetime
    updated_at: datetime
    version: int


class ToolShape(Shape, frozen=True):
    """A tool as its server describes it. `name` is the server's; a model knows it by `server__name`. One that
    is refused says in `reason` why. `digest` changes with the description: rules hold for one digest.
    """

    id: uuid.UUID
    server_id: uuid.UUID
    name: str
    description: str
    schema: dict[str, Any]
    annotations: dict[str, Any]
    digest: str
    state: str
    reason: str
    changed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ToolRuleShape(Shape, frozen=True):
    """Whether a companion may use a tool, as it was described by `digest`, and whether the person is asked
    before each use.
    """

    id: uuid.UUID
    companion_id: uuid.UUID
    tool_id: uuid.UUID
    allow: bool
    confirm: bool
    digest: str
    created_at: datetime
    updated_at: datetime
    version: int


class ToolUseShape(Shape, frozen=True):
    """One use of a tool, also one that was refused; nothing of what was said."""

    id: uuid.UUID
    member_id: uuid.UUID
    companion_id: uuid.UUID | None
    tool_id: uuid.UUID | None
    name: str
    run_id: uuid.UUID
    outcome: str
    code: str
    milliseconds: int
    bytes_sent: int
    bytes_received: int
    created_at: datetime


class DiscoveryShape(Shape, frozen=True):
    """What a server offered when it was asked. Where it did not answer well, `message` says what to change,
    and what it offered before stays.
    """

    ok: bool
    code: str
    message: str
    offered: int
    refused: int
    changed: int


class ToolServerChanges(Input):
    """What can be changed. An empty token, or a header with an empty value, is forgotten; where scheme, host
    or port of the address change, all of them are.
    """

    name = Text(max_length=80, required=False)
    url = Text(max_length=680, required=False, allow_blank=True)
    command = Text(max_length=40, required=False, allow_blank=True)
    token = Text(max_length=4_000, required=False, allow_blank=True)
    headers = serializers.DictField(child=Text(max_length=4_000, allow_blank=True), required=False)
    paused = YesNo(required=False)


class ToolServerInput(Input):
    """A server of tools: an address, or the name of a command that the installation offers. `own` is for the
    caller's conversations alone.
    """

    name = Text(max_length=80)
    url = Text(max_length=680, required=False)
    command = Text(max_length=40, required=False)
    token = Text(max_length=4_000, required=False)
    headers = serializers.DictField(child=Text(max_length=4_000), required=False)
    own = YesNo(required=False)


class ToolRuleInput(Input):
    """One companion and one tool. Without `confirm` the person is asked first, unless the server says that
    the tool changes nothing. With `seen`, the digest that was looked at, 412 where it is another by now.
    """

    companion_id = IdOf()
    tool_id = IdOf()
    allow = YesNo()
    confirm = YesNo(required=False)
    seen = Text(max_length=64, required=False)


def server(row: McpServer) -> ToolServerShape:
    told = {name: getattr(row, name) for name in ToolServerShape.__struct_fields__ if name != "secrets"}
    return ToolServerShape(**told, secrets=names_kept(row))


def tool(row: McpTool) -> ToolShape:
    return ToolShape(*(getattr(row, name) for name in ToolShape.__struct_fields__))


def rule(row: ToolRule) -> ToolRuleShape:
    return ToolRuleShape(*(getattr(row, name) for name in ToolRuleShape.__struct_fields__))


def discovery(found: Discovery) -> DiscoveryShape:
    return DiscoveryShape(*(getattr(found, name) for name in DiscoveryShape.__struct_fields__))
