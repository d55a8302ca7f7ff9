"""What policies stop is not said to another companion either."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from audit.models import AuditEntry, UsageEvent
from companions.models import CompanionMessage
from companions.services.answering import answer_request
from companions.services.companions import create_companion
from companions.services.delivering import deliver
from companions.services.policies import publish_policy
from companions.services.sending import send_message
from tests.companions.conftest import Bakery
from tests.companions.test_collaboration import ASK, answers_to, copy_of, model  # noqa: F401
from tests.fixtures.models import ScriptedModel

pytestmark = pytest.mark.django_db(transaction=True)
CPF = "111.444.777-35"


def test_neither_the_question_nor_the_answer(bakery: Bakery, model: ScriptedModel) -> None:  # noqa: F811
    owner = bakery.person("owner")
    ana, bia = (
        create_companion(name=name, purpose="Bakes", base_prompt=f"You are {name}.", language="en")
        for name in ("Ana", "Bia")
    )

    def asks(question: str, says: str) -> CompanionMessage:
        asked = send_message(member=owner, sender=ana, kind=ASK, text=question, to=bia)
        deliver(bia.id)
        model.forget()
        model.script(says)
        answer_request(copy_of(asked).id)
        return asked

    for stage, question, says in (
        ("input", f"Whose CPF is {CPF}?", "Nobody's."),
        ("output", "Whose CPF do you know?", f"It is {CPF}."),
    ):
        check = {"stage": stage, "kind": "pii", "classes": ["cpf"]}
        policy = publish_policy(name=stage, regulation="LGPD", requirement="No CPF.", checks=[check])
        asked = asks(question, says)
        assert (answers_to(asked), copy_of(asked).reason) == ([], f"blocked_{stage}")
        assert len(model.entries) == (0 if stage == "input" else 1)
        blocked = AuditEntry.objects.get(action="companions.policy.blocked", resource_id=str(policy.id))
        told = json.loads(blocked.payload)
        assert (told["stage"], told["companion"]) == (stage, bia.slug)
        assert CPF not in blocked.payload
    assert UsageEvent.objects.count() == 1, "of the answer that was stopped"
    assert answers_to(asks("How long does rye need?", "A night.")) == ["A night."]

    topics = {"stage": "input", "kind": "topics", "topics": ["politics"]}
    publish_policy(name="topics", regulation="House", requirement="No politics.", checks=[topics])
    for verdict, judged in (('{"topics": []}', 1), ('{"topics": [1]}', 2)):
        asks("How long does spelt need?", f"say:{quote(verdict)}")
        used = UsageEvent.objects.filter(outcome="judged")
        assert used.count() == judged, (
            "what judging costs is in the ledger, also where no model is asked then"
        )
        assert all(one.output_tokens and one.companion_id == bia.id for one in used)
