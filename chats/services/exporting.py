"""A conversation to keep: as Markdown what one reads of it, as JSON all of it.

What is sealed is opened for its owner, who asks; each export is in the trail.
"""

from __future__ import annotations

import json
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chats.models import Chat, Message, Run
from chats.permissions import READ
from chats.queries import messages_in, runs_of, thread
from chats.sources import footnotes_of
from chats.steps import steps_of, told_step
from humana.kernel.errors import Invalid
from humana.kernel.ports import record_trail
from tenants.models import Membership, User
from tenants.permissions import require
from tenants.transactions import tenant_atomic

#: The name of the shape, for programs that read the file.
FORMAT = "humana.chat/1"
MEDIA = {"markdown": ("text/markdown", "md"), "json": ("application/json", "json")}
#: Signs of a title that a file's name may have.
_KEPT = re.compile(r"[^a-z0-9]+")
#: What would begin a heading, a list or a picture where a name stands.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|!])")


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: `name` is safe anywhere, whatever the chat is called."""

    name: str
    media_type: str
    text: str


def export_chat(*, member: Membership, chat: Chat, form: str) -> Exported:
    """`form` is markdown (the current branch) or json (all of it). `chat` was loaded as the member's own."""
    require(member, READ.name)
    if form not in MEDIA:
        raise Invalid(_("Choose Markdown or JSON."), field="form", code="bad_parameter")
    text = _markdown(member, chat) if form == "markdown" else _json(member, chat)
    with tenant_atomic():
        record_trail(
            action="chats.chat.exported", resource_type="chat", resource_id=chat.id, payload={"form": form}
        )
    media_type, ending = MEDIA[form]
    return Exported(f"{_file_name(chat)}.{ending}", media_type, text)


def _file_name(chat: Chat) -> str:
    """Letters and digits of the title: nothing that leads anywhere, and no name that a system keeps."""
    plain = unicodedata.normalize("NFKD", str(chat)).encode("ascii", "ignore").decode().lower()
    title = _KEPT.sub("-", plain).strip("-")[:60].strip("-")
    return f"chat-{timezone.localdate(chat.created_at).isoformat()}{'-' if title else ''}{title}"


def _markdown(member: Membership, chat: Chat) -> str:
    branch = thread(chat)
    runs, names = runs_of(branch), _names(branch)
    cited = footnotes_of(member, [one.id for one in branch])
    parts = [f"# {_line(str(chat))}", _("With %(companion)s") % {"companion": _line(chat.companion.name)}]
    for message in branch:
        parts += [f"## {_who(message, chat, names)}", _facts(message, runs.get(message.id)), message.text]
        parts.append("\n".join(f"- {_line(one)}" for one in cited.get(message.id, ())))
    return "\n\n".join(one for one in parts if one.strip()) + "\n"


def _facts(message: Message, run: Run | None) -> str:
    """When it was said, what made it, and how it ended where it did not end well."""
    when = date_format(timezone.localtime(message.created_at), "SHORT_DATETIME_FORMAT")
    made_by = [_line(run.model), _line(run.endpoint)] if run is not None else []
    state = [str(message.get_state_display())] if message.state != Message.State.DONE else []
    return f"*{' · '.join(one for one in (when, *made_by, *state) if one)}*"


def _who(message: Message, chat: Chat, names: Mapping[uuid.UUID, str]) -> str:
    if message.role == Message.Role.COMPANION:
        return _line(_said_by(message) or chat.companion.name)
    return _line(names.get(message.author_id, "") if message.author_id else "") or _("Person")


def _said_by(message: Message) -> str:
    return next((str(part["said_by"]) for part in message.parts if "said_by" in part), "")


def _line(text: str) -> str:
    """A name as plain words in one line of Markdown."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _names(messages: Iterable[Message]) -> dict[uuid.UUID, str]:
    """Who the people are that wrote; one query."""
    ids = {one.author_id for one in messages if one.author_id}
    return {one.id: one.get_full_name() for one in User.objects.filter(id__in=ids)}


def _json(member: Membership, chat: Chat) -> str:
    messages = list(messages_in(chat.id).order_by("created_at", "id"))
    runs, names = runs_of(messages), _names(messages)
    cited = footnotes_of(member, [one.id for one in messages])
    told = {
        "format": FORMAT,
        "id": str(chat.id),
        "title": chat.title,
        "companion": {"slug": chat.companion.slug, "name": chat.companion.name},
        "created_at": chat.created_at.isoformat(),
        "exported_at": timezone.now().isoformat(),
        "leaf_id": str(chat.leaf_id) if chat.leaf_id else None,
        "messages": [
            _node(one, runs.get(one.id), chat, names) | {"citations": cited.get(one.id, [])}
            for one in messages
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _node(message: Message, run: Run | None, chat: Chat, names: Mapping[uuid.UUID, str]) -> dict[str, Any]:
    by_companion = message.role == Message.Role.COMPANION
    author = names.get(message.author_id, "") if message.author_id else ""
    return {
        "id": str(message.id),
        "parent_id": str(message.parent_id) if message.parent_id else None,
        "role": message.role,
        "by": (_said_by(message) or chat.companion.name) if by_companion else author,
        "state": message.state,
        "created_at": message.created_at.isoformat(),
        "text": message.text,
        "calls": [told_step(one) for one in steps_of(message.parts)],
        "model": run.model if run else None,
        "endpoint": run.endpoint if run else None,
    }
