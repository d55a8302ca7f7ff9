"""Whatever can stand in a trail is read in words, in both languages."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from chats.models import Run
from humana.kernel.trail_words import by_area, did, said
from tests.audit.written import Code

#: What the code does not say by itself, because a row does: in which module, by which expression.
STATES = {
    ("chats/services/runs.py", "outcome.state"): frozenset(
        str(one) for one in Run.State if one not in Run.LIVE
    ),
    # as `verdict` gives them
    ("companions/services/delivering.py", "copy.state"): frozenset({"delivered", "expired", "refused"}),
}


@pytest.fixture(scope="module")
def written() -> dict[str, set[str]]:
    code = Code(STATES)
    found = code.actions()
    assert code.used == set(STATES), "no longer there"
    return found


def test_every_action_that_the_code_writes_has_words_and_no_words_are_left_over(
    written: dict[str, set[str]],
) -> None:
    assert len(written) > 150
    missing = {code: sorted(places) for code, places in written.items() if code not in said}
    assert not missing, "say these in the app's trail_words.py"
    assert set(said) <= set(written), "nothing writes these any more"


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_they_read_as_what_somebody_did(language: str) -> None:
    with override(language):
        words = {code: did(code) for code in said}
        areas = by_area()
    assert all(
        one and one[0].islower() and "_" not in one and not one.endswith(".") for one in words.values()
    )
    assert len(set(words.values())) == len(words), "two actions read the same"
    assert sum(len(actions) for _area, actions in areas) == len(words)


def test_portuguese_has_its_own() -> None:
    with override("en"):
        english = {code: did(code) for code in said}
    with override("pt-br"):
        assert [code for code in said if did(code) == english[code]] == []
