"""What people and models write is shown, never run: three hundred payloads in every text there is.

Each row of an organization has them in its texts; lists have a row for each of them. Every page is opened in
a real browser: nothing runs, nothing is dialled elsewhere, and the policy of contents has nothing to stop.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import models

from audit.models import AuditEntry, AuditHead
from chats.models import Chat, Message
from companions.models import Companion
from documents.models import Document, Folder
from tenants.context import use_tenant
from tenants.fields import ProtectedTextField
from tenants.models import ControlEvent, Organization, User
from tests.browser.conftest import Reader
from tests.browser.payloads import payloads
from tests.browser.test_everybody import as_owner, pages
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World
from tests.fixtures.rows import CONTROL_MAKERS, MAKERS

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.battery]

EVERY = payloads()
#: Texts that programs compare, address by or store under: never anybody's words.
_NAMES = (
    "action address agent aim_id channel code currency cursor digest door email event hash host isolation "
    "key kind language ledger level media_type method mode model name_key nonce origin outcome owner "
    "payload period place plan previous_hash price_source price_version problem prompt_digest recipient "
    "region resource_id resource_type role schema scheme scope serving slug sort_name "
    "source_kind state subject task type unit vector_model wanted what why words zone"
)
NOT_WORDS = frozenset(_NAMES.split())
#: What nobody may change: it repeats what the others say.
APPENDED = {AuditEntry, AuditHead, ControlEvent}
#: Where a page is searched: no address runs anything, no handler stands in the page.
CLEAN = """() => [...document.querySelectorAll('*')].flatMap(one => [...one.attributes]
  .filter(at => at.name.startsWith('on') || /^\\s*(javascript|data:text|vbscript)/i.test(
    ['href', 'src', 'action', 'formaction', 'xlink:href'].includes(at.name) ? at.value : ''))
  .map(at => `${one.tagName} ${at.name}=${at.value.slice(0, 60)}`))"""


def text_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """What somebody wrote."""
    kinds = (models.CharField, models.TextField, ProtectedTextField)
    found = [one for one in model._meta.fields if isinstance(one, kinds) and not one.choices]
    return [one for one in found if one.name not in NOT_WORDS and not one.primary_key]


def poison(world: World, start: int) -> int:
    """Payloads in every text of every row, in turn from `start`; all of them where there is room."""
    number = itertools.count(start)
    for model in (one for one in [*MAKERS, *CONTROL_MAKERS] if one not in APPENDED):
        fields = text_fields(model)
        for row in model._base_manager.filter(organization_id=world.organization.id) if fields else ():
            values = {one.attname: _words(one, next(number)) for one in fields}
            model._base_manager.filter(pk=row.pk).update(**values)
    User.objects.filter(id__in=[world.member.user_id, world.owner.user_id]).update(
        name=_cut(next(number), 60)
    )
    Organization.objects.filter(id=world.organization.id).update(name=_cut(next(number), 60))
    return next(number)


def _words(field: models.Field[Any, Any], number: int) -> str:
    if field.max_length:
        return _cut(number, field.max_length)
    return "\\n\\n".join(EVERY) if number % 3 else EVERY[number % len(EVERY)]


def _cut(number: int, most: int) -> str:
    """One that fits, so that none is harmless for having been cut."""
    fitting = [one for one in EVERY if len(one) <= most]
    return fitting[number % len(fitting)] if fitting else "<"


def crowd(world: World) -> None:
    """A row for each payload in what lists show."""
    mine = world.owner.user_id
    for number, one in enumerate(EVERY):
        named = {"name": _cut(number, 80), "purpose": _cut(number, 200)}
        Companion(slug=f"x-{number}", base_prompt=one, **named).save()
        Folder(owner_id=mine, name=_cut(number, 120), instructions=one).save()
        Document(
            owner_id=mine, name=_cut(number, 200), sort_name=f"{number:04}", media_type="text/plain", size=1
        ).save()
    chats = [
        Chat(owner_id=mine, companion=world.companion, title=one, last_message_at=world.chat.last_message_at)
        for one in EVERY
    ]
    for chat in chats:
        chat.save()
    _talk(chats[0])


def _talk(chat: Chat) -> None:
    """Every payload as a question and as an answer, in one conversation."""
    parent = None
    for one in EVERY:
        for role in (Message.Role.PERSON, Message.Role.COMPANION):
            parent = Message(chat=chat, parent=parent, role=role, text=one)
            parent.save()
    Chat.objects.filter(id=chat.id).update(leaf_id=parent.id if parent else None)


def nothing_ran(reader: Reader, where: str) -> None:
    page = reader.page
    page.wait_for_load_state()
    assert page.evaluate("() => window.ran") is None, where
    assert page.evaluate(CLEAN) == [], where
    assert reader.complaints == [], where


def as_words(reader: Reader) -> set[str]:
    """The payloads that people read on this page, sign by sign."""
    told = _plain(reader.page.evaluate("() => document.body.textContent"))
    return {one for one in EVERY if _plain(one) in told}


def _plain(text: str) -> str:
    return "".join(text.split())


def listed(reader: Reader) -> Iterator[str]:
    """Pages of lists that are long, all of them."""
    slug = reader.desk.world.slug
    for number in range(1, 8):
        yield f"/o/{slug}/chats/?page={number}"
        yield f"/o/{slug}/documents/?page={number}"


@pytest.fixture
def poisoned(reader: Reader) -> Reader:
    reader.page.on("dialog", lambda one: reader.complaints.append(f"dialog {one.message}"))
    as_owner(reader, "en")
    world = reader.desk.world
    with use_tenant(world.context):
        crowd(world)
    return reader


@pytest.mark.parametrize("round_", range(3))
def test_every_page_shows_what_was_written_and_runs_none_of_it(poisoned: Reader, round_: int) -> None:
    world = poisoned.desk.world
    with use_tenant(world.context):
        poison(world, round_ * 100)
    opened, shown = 0, set[str]()
    for address in itertools.chain(pages(poisoned), listed(poisoned)):
        poisoned.visit(address)
        nothing_ran(poisoned, address)
        opened += 1
        shown |= as_words(poisoned)
    assert opened > 50
    assert len(shown) > 290, "as it was written, on one page or another"


def test_a_conversation_of_payloads_is_read_to_its_beginning(poisoned: Reader) -> None:
    world, page = poisoned.desk.world, poisoned.page
    with use_tenant(world.context):
        chat = Chat.objects.get(messages__text=EVERY[0], messages__role=Message.Role.PERSON)
    poisoned.visit(f"/o/{world.slug}/chats/{chat.id}/")
    nothing_ran(poisoned, "the end of it")
    while (older := page.locator("[data-older], .older a, .older button").first).count():
        older.click()
        page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-settling')")
        nothing_ran(poisoned, "further up")


def test_a_model_that_writes_payloads_is_shown_as_it_writes(
    poisoned: Reader, scripted_model: ScriptedModel
) -> None:
    poisoned.visit(f"/o/{poisoned.desk.world.slug}/")
    poisoned.open_chat()
    for start in range(0, len(EVERY), 40):
        scripted_model.script("say:" + quote("\\n\\n".join(EVERY[start : start + 40])))
        poisoned.ask(EVERY[start])
        poisoned.until_over()
        nothing_ran(poisoned, f"from {start}")
    poisoned.page.reload()
    nothing_ran(poisoned, "again")
