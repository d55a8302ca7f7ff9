"""Which value holds: whatever is said at the layers, told again the slow and obvious way."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humana.kernel.errors import Invalid, Misconfigured
from tenants.config.catalogue import LAYERS, ConfigKey, declare
from tenants.config.kinds import Json, Kind, Line, Listed, Number, OneOf, Open, Whole, YesNo
from tenants.config.rules import Entry, settle
from tenants.config.spoken import Seconds

MOST = 9
NUMBERS = range(MOST + 1)
LEVELS = tuple(f"level-{number}" for number in NUMBERS)
DEFAULT = 5


def key_of(kind: Kind[Any], default: Any, **options: Any) -> ConfigKey[Any]:
    """A key that is in no catalogue."""
    told = {"layers": LAYERS, "caps": LAYERS, "floors": LAYERS, **options}
    return ConfigKey(name="llm.test", kind=kind, default=default, label="", help="", effect="", **told)


NUMBER = key_of(Whole(0, MOST), DEFAULT)
LEVEL = key_of(OneOf(tuple((name, name) for name in LEVELS), ordered=True), LEVELS[DEFAULT])

bounds = st.none() | st.sampled_from(NUMBERS)
entries = st.builds(
    Entry,
    layer=st.sampled_from(LAYERS),
    subject=st.none(),
    has_value=st.booleans(),
    value=st.sampled_from(NUMBERS),
    locked=st.booleans(),
    cap=bounds,
    floor=bounds,
)
#: From the uppermost to the nearest; several teams may stand above one another.
chains = st.lists(entries, max_size=7).map(
    lambda found: sorted(found, key=lambda one: LAYERS.index(one.layer))
)


def heard(chain: list[Entry]) -> list[Entry]:
    """Everything down to the first lock that there may be; the nearest layer locks nothing."""
    for index, entry in enumerate(chain):
        if entry.locked and entry.layer != LAYERS[-1]:
            return chain[: index + 1]
    return chain


def permitted(chain: list[Entry]) -> set[int]:
    """Every value that nobody above forbids; who forbids all that is left gets the nearest of it."""
    left = set(NUMBERS)
    for entry in heard(chain):
        if entry.floor is not None:
            left = {one for one in left if one >= entry.floor} or {max(left)}
        if entry.cap is not None:
            left = {one for one in left if one <= entry.cap} or {min(left)}
    return left


def slowly(chain: list[Entry]) -> int:
    said = [entry.value for entry in heard(chain) if entry.has_value]
    wanted = said[-1] if said else DEFAULT
    return min(permitted(chain), key=lambda one: abs(one - wanted))


@given(chains)
def test_numbers_are_settled_as_told_slowly(chain: list[Entry]) -> None:
    assert settle(NUMBER, chain).value == slowly(chain)


@given(chains)
def test_ordered_choices_are_settled_like_numbers(chain: list[Entry]) -> None:
    def level(number: int | None) -> str | None:
        return None if number is None else LEVELS[number]

    named = [
        replace(one, value=level(one.value), cap=level(one.cap), floor=level(one.floor)) for one in chain
    ]
    assert settle(LEVEL, named).value == LEVELS[slowly(chain)]


@given(chains, entries)
def test_a_lower_layer_never_leaves_what_those_above_permit(chain: list[Entry], last: Entry) -> None:
    below = [*chain, replace(last, layer="user")]
    assert settle(NUMBER, below).value in permitted(chain)


@given(chains, st.lists(entries, max_size=3))
def test_below_a_lock_nothing_counts(chain: list[Entry], more: list[Entry]) -> None:
    locked = [*(one for one in chain if one.layer == "global"), Entry("global", locked=True)]
    before = settle(NUMBER, locked).value
    below = [replace(one, layer="team") for one in more]
    told = settle(NUMBER, [*locked, *below])
    assert told.value == before
    assert len(told.unheard) >= sum(one.has_value for one in below)


@pytest.mark.parametrize("value", [False, 0, "", (), None])
def test_what_is_false_or_empty_is_a_value(value: Any) -> None:
    key = key_of(Json(), "default")
    told = settle(
        key, [Entry("global", has_value=True, value="x"), Entry("user", has_value=True, value=value)]
    )
    assert (told.value, told.layer) == (value, "user")
    assert [one.value for one in told.overrode] == ["x"]


def test_without_a_value_at_any_layer_the_default_holds() -> None:
    told = settle(NUMBER, [Entry("organization", value=7)])
    assert (told.value, told.layer, told.overrode) == (DEFAULT, "default", [])


def test_the_default_keeps_within_the_bounds_too() -> None:
    assert settle(NUMBER, [Entry("global", cap=3)]).value == 3


def test_nothing_chosen_counts_as_more_than_any_number() -> None:
    key = key_of(Open(Whole(0, MOST)), None)
    assert settle(key, [Entry("user", floor=4)]).value is None
    assert settle(key, [Entry("global", cap=4)]).value == 4


def test_a_cap_of_a_list_is_what_may_be_on_it_at_all() -> None:
    key = key_of(Open(Listed()), None, floors=())
    cap = Entry("global", cap=("a", "b"))
    assert settle(key, [cap]).value == ("a", "b")
    wider = Entry("organization", cap=("a", "c"), has_value=True, value=("c", "a"))
    assert settle(key, [cap, wider]).value == ("a",)
    assert settle(key, [cap, wider, Entry("user", has_value=True, value=None)]).value == ("a",)


def test_a_layer_that_the_key_does_not_have_says_nothing() -> None:
    key = key_of(YesNo(), default=True, layers=("global", "user"), caps=(), floors=())
    said = Entry("team", uuid.uuid4(), has_value=True, value=False, locked=True)
    assert settle(key, [said, Entry("user", has_value=True, value=True)]).layer == "user"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Whole(0, 10), " 7 ", 7),
        (Seconds(0, 90_000), "86400", 86_400),
        (Number(0, 2), "0,7", 0.7),
        (YesNo(), "false", False),
        (Line(), "  two  words ", "two words"),
        (Listed(), "a\n\n b \na", ("a", "b")),
        (Json(), '{"a": [1]}', {"a": [1]}),
        (Open(Whole(0, 10)), "", None),
    ],
)
def test_what_people_write_is_read_and_shown_again(kind: Kind[Any], text: str, value: Any) -> None:
    assert kind.read(text) == value
    assert kind.read(kind.write(value)) == value
    assert kind.shown(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Whole(0, 10), 11),
        (Whole(0, 10), True),
        (Whole(0, 10), "7"),
        (Whole(0, 10), 7.0),
        (Number(0, 2), float("nan")),
        (Number(0, 2), float("inf")),
        (YesNo(), 1),
        (YesNo(), "true"),
        (Line(5), "too long"),
        (Line(), "\x00"),
        (Line(), "\ud800"),
        (Listed(), "a"),
        (Listed(most=1), ["a", "b"]),
        (Listed(), [{}]),
        (Json(), {"a": float("nan")}),
        (Json(), "\x00"),
        (OneOf((("a", "A"),)), "b"),
        (OneOf((("a", "A"),)), []),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(kind: Kind[Any], value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        kind.check(value)
    assert refusal.value.field == "value"


@pytest.mark.parametrize("text", ["", "1e3", "٣", "1 000", "0x1", "-", "9" * 40])
def test_numbers_are_written_in_digits(text: str) -> None:
    with pytest.raises(Invalid):
        Whole(0, 10_000).read(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "nothing.of_ours"},
        {"layers": "galaxy"},
        {"layers": ""},
        {"layers": "organization", "caps": "global"},
        {"kind": YesNo(), "default": True, "caps": "organization"},
    ],
)
def test_a_key_that_contradicts_itself_stops_the_start(wrong: dict[str, Any]) -> None:
    plain = {"name": "llm.never", "kind": Whole(0, 9), "default": 1, "layers": "organization", "effect": ""}
    with pytest.raises(Misconfigured):
        declare(**{"label": "", "help": "", **plain, **wrong})


def test_a_default_that_cannot_be_stops_the_start() -> None:
    with pytest.raises(Invalid):
        declare("llm.never", Whole(0, 9), default=10, label="", help="", layers="user", effect="")
