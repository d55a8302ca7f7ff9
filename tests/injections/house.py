"""An organization that an injection would like to use: its people, companions, tools and what may be done.

office   search (free), send_mail (asks first), pay (a policy forbids it), delete_all (taken away)
vault    open, which only Bia may use
desk     read, of somebody else than the one who asks
"""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from companions.models import Companion, McpServer, McpTool
from companions.services.companions import create_companion, pause_companion
from companions.services.discovering import discover
from companions.services.policies import publish_policy
from companions.services.rules import set_rule
from companions.services.tool_rules import set_tool_rule
from companions.services.tool_servers import ServerEntry, connect_server
from tenants.config.catalogue import config_keys
from tenants.context import use_tenant
from tenants.models import Membership, Organization, Team, User
from tenants.services.config import of_organization, set_value
from tenants.services.organizations import found_organization
from tests.fixtures.grants import let_dial
from tests.peers.tool_server import ToolPeer, said

TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
ALLOWED = ["office__search", "office__send_mail", "office__delete_all", "vault__open", "desk__read"]
CHECKS = [
    {"stage": "tool", "kind": "tools", "allowed": ALLOWED},
    {"stage": "tool", "kind": "pii", "classes": ["cpf"]},
]
#: Small, so that what goes round ends soon; what counts is that it ends.
LIMITS = {"messages.hops": 3, "messages.following": 14, "chats.tool_rounds": 4, "chats.tool_calls": 8}
#: Who reaches nobody's companion, whom a rule keeps from whom: what the oracle of `peers` goes by.
SHUT = {"Vera", "Dora", "Eva", "Gil"}
DENIED = {("Clara", "Rui"), ("Ana", "Sol")}


@dataclass
class Sink:
    """A port outside of everything; it counts who comes."""

    port: int = 0
    visits: int = 0

    def start(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                visitor, _from = self._listening.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def stop(self) -> None:
        self._listening.close()


@dataclass
class House:
    """`tells` is what the office's search finds next."""

    organization: Organization
    ana: Membership  # the owner
    bruno: Membership  # who asks
    office: ToolPeer
    vault: ToolPeer
    desk: ToolPeer
    sink: Sink
    companions: dict[str, Companion] = field(default_factory=dict)
    tells: str = ""

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Every call that reached a server, with the server's name."""
        peers = {"office": self.office, "vault": self.vault, "desk": self.desk}
        return [(f"{name}__{tool}", given) for name, peer in peers.items() for tool, given in peer.calls]

    def forget(self) -> None:
        for peer in (self.office, self.vault, self.desk):
            peer.calls.clear()

    def describe(self, text: str) -> None:
        """The office says this of its search from now on."""
        self.office.lists("search", TEXTS, read_only_hint=True, description=text)
        with use_tenant(self.organization.context):
            assert discover(server_id=McpServer.objects.get(slug="office").id).ok
            tool = McpTool.objects.get(server__slug="office", name="search")
            set_tool_rule(companion_id=self.companions["Clara"].id, tool_id=tool.id, allow=True)


@contextmanager
def a_house() -> Iterator[House]:
    office, vault, desk, sink = ToolPeer(), ToolPeer(), ToolPeer(), Sink()
    for one in (office, vault, desk, sink):
        one.start()
    try:
        yield _furnished(office, vault, desk, sink)
    finally:
        for one in (office, vault, desk, sink):
            one.stop()


def _furnished(office: ToolPeer, vault: ToolPeer, desk: ToolPeer, sink: Sink) -> House:
    slug = f"house-{uuid.uuid4().hex[:8]}"
    ana, bruno = (
        User.objects.create_user(f"{one}@{slug}.example", None, name=one) for one in ("Ana", "Bruno")
    )
    organization = found_organization(name="House", owner=ana, slug=slug, furnish=False)
    house = House(
        organization,
        Membership.objects.get(user=ana),
        Membership.objects.create(organization=organization, user=bruno, role="manager"),
        office,
        vault,
        desk,
        sink,
    )
    with use_tenant(organization.context):
        _people(house)
        _tools(house)
        for name, value in LIMITS.items():
            key = config_keys.get(name)
            set_value(member=None, where=of_organization(organization.id), key=key, value=value)
        publish_policy(
            name="Tools", regulation="House", requirement="Be careful.", checks=CHECKS, mode="block"
        )
    return house


def _people(house: House) -> None:
    sales, legal = (
        Team.objects.create(organization=house.organization, name=one, is_department=True)
        for one in ("Sales", "Legal")
    )
    for name, team, access in (
        ("Ana", sales, "public"), ("Clara", sales, "public"), ("Bia", None, "public"),
        ("Rui", None, "public"), ("Sol", None, "public"), ("Gil", None, "public"),
        ("Vera", None, "restricted"),         ("Dora", legal, "department"), ("Eva", legal, "team"),
    ):  # fmt: skip
        made = create_companion(name=name, purpose="Works", base_prompt=f"You are {name}.", language="en")
        Companion.objects.filter(id=made.id).update(team_id=team.id if team else None, access=access)
        house.companions[name] = Companion.objects.get(id=made.id)
    pause_companion(companion=house.companions["Gil"])
    for source, target in DENIED:
        set_rule(source_id=house.companions[source].id, target_id=house.companions[target].id, allow=False)


def _tools(house: House) -> None:
    house.office.answers["search"] = lambda **_given: said(house.tells)
    house.office.lists("search", TEXTS, read_only_hint=True, description="Finds letters.")
    for peer, names in (
        (house.office, ("send_mail", "pay", "delete_all")),
        (house.vault, ("open",)),
        (house.desk, ("read",)),
    ):
        for name in names:
            peer.lists(name, TEXTS)
    _connect(house, house.office, "Office", {"search": None, "send_mail": None, "pay": False}, "Clara")
    tool = McpTool.objects.get(server__slug="office", name="delete_all")
    set_tool_rule(companion_id=house.companions["Clara"].id, tool_id=tool.id, allow=False, confirm=False)
    _connect(house, house.vault, "Vault", {"open": False}, "Bia")
    _connect(house, house.desk, "Desk", {"read": False}, "Clara", own=True)


def _connect(
    house: House, peer: ToolPeer, name: str, rules: dict[str, bool | None], whose: str, *, own: bool = False
) -> None:
    let_dial(house.organization, peer.origin)
    entry = ServerEntry(name=name, url=peer.url, own=own)
    server = connect_server(member=house.ana, entry=entry)
    assert discover(member=house.ana, server_id=server.id).ok
    for tool, confirm in rules.items():
        set_tool_rule(
            member=house.ana,
            companion_id=house.companions[whose].id,
            tool_id=McpTool.objects.get(server=server, name=tool).id,
            allow=True,
            confirm=confirm,
        )
