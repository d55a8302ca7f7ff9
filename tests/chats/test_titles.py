"""The first words of a question name a chat until somebody or something names it better."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from audit.models import AuditEntry, UsageEvent
from byoc import gateway
from chats.models import Chat, Message
from chats.services.conversations import title_from
from chats.services.titles import make_title
from companions.models import Policy
from companions.services.policies import publish_policy
from tenants.context import use_tenant
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import World


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("  What\n now? ", "What now?"),
        ("## Plan\n- **buy** bread\n> soon", "Plan buy bread soon"),
        ("`snake_case` stays, 2 * 3 too", "snake_case stays, 2 * 3 too"),
        ("word " * 40, "word " * 10 + "word…"),
        ("a" * 200, "a" * 57 + "…"),
    ],
)
def test_a_title_is_short_and_plain(question: str, title: str) -> None:
    assert title_from(question) == title


@pytest.fixture
def model(scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    monkeypatch.setenv("HUMANA_LLM_URL", scripted_model.openai_url)
    monkeypatch.setenv("HUMANA_LLM_KEY", "k")
    monkeypatch.setenv("HUMANA_LLM_MODEL", "scripted")
    gateway.reload()
    yield scripted_model
    monkeypatch.undo()
    gateway.reload()


@pytest.mark.django_db(transaction=True)
def test_a_title_that_a_policy_would_stop_is_not_kept(left: World, model: ScriptedModel) -> None:
    """It is made by a model from what was said, and stands in the list for all to see."""

    def named(says: str, verdict: str = "") -> str:
        with use_tenant(left.context):
            Chat.objects.filter(id=left.chat.id).update(title="", title_by_person=False)
            model.forget()
            for one in filter(None, (says, verdict)):
                model.script("say:" + quote(one))
            make_title(left.chat.id)
            return Chat.objects.get(id=left.chat.id).title

    ours = named("**Title:** “A `budget`”")
    with use_tenant(left.context):
        Policy.objects.update(active=False)
        first = title_from(Message.objects.filter(chat=left.chat).earliest("created_at").text)
        check = {"stage": "output", "kind": "pii", "classes": ["cpf"]}
        publish_policy(name="Sigilo", regulation="LGPD", requirement="No CPF.", checks=[check])
    assert ours == named("A budget") == "A budget"
    assert named("The CPF 111.444.777-35") == first
    with use_tenant(left.context):
        assert AuditEntry.objects.filter(action="companions.policy.blocked").count() == 1
        topics = {"stage": "output", "kind": "topics", "topics": ["money"]}
        publish_policy(name="Topics", regulation="House", requirement="No money.", checks=[topics])
    assert named("A budget", '{"topics": [1]}') == first
    assert named("A budget", '{"topics": []}') == "A budget"
    with use_tenant(left.context):
        assert UsageEvent.objects.filter(outcome="judged").count() == 2
        titled = UsageEvent.objects.filter(outcome="titled").values_list("input_tokens", flat=True)
        assert len(titled) == 5
        assert all(titled), "what each title took is known"
