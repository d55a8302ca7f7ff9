"""What a lower floor needs from a higher one.

A port is declared here, filled once in the owning app's `AppConfig.ready()`, and called like a
function. An unfilled port raises: a silent no-op would lose a trail entry.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, ParamSpec, TypeVar

from humana.kernel.errors import Misconfigured

P = ParamSpec("P")
R = TypeVar("R")


class Port(Generic[P, R]):
    """A function whose body lives on a higher floor."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._body: Callable[P, R] | None = None

    def fill(self, body: Callable[P, R]) -> None:
        self._body = body

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._body is None:
            raise Misconfigured(f"port {self._name} was called before its app was ready")
        return self._body(*args, **kwargs)


#: record_trail(action=, resource_type=, resource_id=, payload=) — filled by `audit`.
#: One entry in the organization's trail, in the transaction of the change itself.
record_trail: Port[..., None] = Port("record_trail")

#: put_in_outbox(task=, arguments=) -> outbox id — filled by `audit`.
put_in_outbox: Port[..., Any] = Port("put_in_outbox")

#: settle_outbox(outbox_id, run) — filled by `audit`: runs a task once, remembers that it did.
settle_outbox: Port[..., Any] = Port("settle_outbox")

#: seed_organization(organization) — filled by the roof: what a new organization starts with.
furnish_organization: Port[..., None] = Port("furnish_organization")

#: answer_once(member_id=, key=, fingerprint=, act=) -> (status, body, repeated) — filled by `audit`.
#: Runs `act` once for a key; later gives the kept answer.
answer_once: Port[..., tuple[int, bytes, bool]] = Port("answer_once")

#: open_database(alias, owner=False) -> settings as in DATABASES — filled by `byoc`.
#: What an alias of a placement's database stands for; raises NotFound when nobody knows it.
open_database: Port[..., dict[str, Any]] = Port("open_database")

#: instead_of(alias) -> text — filled by `byoc`. Which failover is in effect for an alias of a placement's
#: database; empty where it leads where it says. Asked before every connection, so it asks nobody.
instead_of: Port[..., str] = Port("instead_of")

#: register_database(organization) -> alias — filled by `byoc`.
#: An endpoint for a database of the organization's own on the platform's server; nothing is made yet.
register_database: Port[..., str] = Port("register_database")

#: join_server(name, url, owner_url) -> alias — filled by `byoc`.
#: Another server of the platform's own, looked at before it is joined; raises EndpointError.
join_server: Port[..., str] = Port("join_server")

#: locate_database(alias) -> text — filled by `byoc`. Runs inside the organization: where a database of
#: its own is, empty on the platform's server; raises NotFound when it has none of this alias.
locate_database: Port[..., str] = Port("locate_database")

#: release_database(alias, entirely=False) — filled by `byoc`. Runs inside the organization: its database
#: on the platform's own server is gone, so its endpoint goes; a customer's own stays, unless `entirely`.
#: Outside of all it is a server of the platform's own, on which nothing is any more.
release_database: Port[..., None] = Port("release_database")

#: stored_elsewhere(organization_id) -> text — filled by `documents`. Runs inside the organization: where
#: it keeps documents in a database of its own beside its placement; empty where it does not.
stored_elsewhere: Port[..., str] = Port("stored_elsewhere")

#: stored_bytes() -> number — filled by `documents`. Runs inside the organization: what the files of its
#: documents take, in all its placements that answer.
stored_bytes: Port[[], int] = Port("stored_bytes")

#: embeddings_changed(organization_id) — filled by `documents`. Inside the organization, in the transaction
#: of the control plane in which an endpoint of embeddings of its own is entered, changed, used or withdrawn:
#: its passages are looked at at once.
embeddings_changed: Port[[uuid.UUID], None] = Port("embeddings_changed")

#: erase_elsewhere(organization_id) -> number — filled by `documents`. Runs inside the organization: what
#: it keeps in a database of its own beside its placement is deleted there.
erase_elsewhere: Port[..., int] = Port("erase_elsewhere")

#: files_of(organization_id, folder) -> an adapter of storage — filled by `byoc`.
#: Where the organization's files are that are in that folder; names begin below the organization.
files_of: Port[..., Any] = Port("files_of")

#: erase_files(organization_id) -> number — filled by `byoc`. Nothing of the organization is left in any
#: storage of the platform's own.
erase_files: Port[..., int] = Port("erase_files")

#: companion_that_answered(member=, answer_id=) -> id of a companion — filled by `chats`. Runs inside the
#: organization: who wrote that answer, in a conversation of the member's own; raises NotFound for any other.
companion_that_answered: Port[..., uuid.UUID] = Port("companion_that_answered")

#: chats_in(member=, folder_id=, most=) -> chats — filled by `chats`. Runs inside the organization, where the
#: folder is: the member's own chats in it, the latest first; nobody else's are told to anybody.
chats_in: Port[..., list[Any]] = Port("chats_in")

#: in_conversations(document_ids) -> those of them — filled by `chats`. Runs inside the organization, where
#: the documents are: which of these somebody attached to a question, or is about to.
in_conversations: Port[..., set[uuid.UUID]] = Port("in_conversations")

#: forget_quotes(document_id) — filled by `chats`. Runs inside the organization, in the transaction in which a
#: document goes for good: what answers quoted of it is emptied, and its title, in every placement.
forget_quotes: Port[[uuid.UUID], None] = Port("forget_quotes")

#: answer_as(companion_id=, member=, asked_by=, question=) -> text — filled by `chats`. Runs inside the
#: organization: what the companion says to another that asks it, with its own prompt, policies and
#: model, metered for that member. Raises EndpointError as its model does, Conflict where a policy stops the
#: question or the answer; holds no connection meanwhile.
answer_as: Port[..., str] = Port("answer_as")

#: owner_lives(owner) -> bool — filled by `chats`. Whether whoever makes an answer under this name still does;
#: unknown counts as alive.
owner_lives: Port[..., bool] = Port("owner_lives")

#: living_owner() -> a block, and the name of its owner — filled by `chats`. Within it this process lives, as
#: `owner_lives` sees it.
living_owner: Port[[], AbstractContextManager[str]] = Port("living_owner")

#: companion_names() -> the name of each companion, by its id — filled by `companions`. Runs inside the
#: organization: of all its placements, removed ones too.
companion_names: Port[[], dict[uuid.UUID, str]] = Port("companion_names")

#: standing_on(kind) -> what names each "team" or "position", by its id — filled by `companions`. Runs inside
#: the organization.
standing_on: Port[..., Any] = Port("standing_on")

#: bound_to_team(team_id) -> how many things of each kind are for that team alone, by kind — filled by
#: `companions`. Runs inside the organization. Raises Unavailable where its main placement does not answer.
bound_to_team: Port[[uuid.UUID], dict[str, int]] = Port("bound_to_team")

#: resettle(kind, row_id, to_id) -> number — filled by `companions`. Runs inside the organization: its
#: companions of that team or position, removed ones too, are of another one, or of none.
resettle: Port[..., int] = Port("resettle")

#: structure_changed() — filled by `companions`. Runs inside the organization, in the transaction that tells
#: its trail of a team that was made, moved or dropped: what is computed of the structure is computed anew.
structure_changed: Port[..., None] = Port("structure_changed")
