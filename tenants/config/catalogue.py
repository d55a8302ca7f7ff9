"""Every key there is, declared once, in the `config_keys.py` of the app that it is about.

    ANSWER_TOKENS = declare("llm.max_output_tokens", Open(Whole(1, 1_000_000)), default=None, …)
    resolve(ANSWER_TOKENS)

Form, API, console and the table of docs/configuration.md grow from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from django.utils.translation import gettext_lazy as _

from humana.kernel.errors import Misconfigured
from humana.kernel.registry import Registry
from tenants.config.kinds import Kind

T = TypeVar("T")
TeamOf = Literal["member", "companion"]

#: From the uppermost to the nearest. The nearest that has a value decides, unless one above says no.
LAYERS = ("global", "organization", "team", "user")
LAYER_LABELS: dict[str, Any] = {
    "default": _("Default"),
    "global": _("Humana"),
    "organization": _("Organization"),
    "team": _("Team"),
    "user": _("Personal"),
}
GROUPS: dict[str, Any] = {
    "llm": _("Models"),
    "budgets": _("Budgets"),
    "limits": _("Limits"),
    "chats": _("Chats"),
    "tools": _("Tools"),
    "knowledge": _("Knowledge"),
    "documents": _("Documents"),
    "messages": _("Messages between companions"),
    "tenant": _("Organization"),
    "session": _("Sessions"),
    "authentication": _("Sign-in"),
    "sso": _("Single sign-on"),
    "encryption": _("Encryption"),
    "storage": _("Storage"),
    "database": _("Databases"),
    "monitoring": _("Monitoring"),
    "infrastructure": _("Your infrastructure"),
}


@dataclass(frozen=True, eq=False)
class ConfigKey(Generic[T]):
    """One key. `name` is `<group>.<what>`; `effect` says where its value is used, for docs.

    `caps` and `floors` are the layers that may bound those below. `team_of` says whose team counts:
    the member's, or the companion's for what its answers are made with. `check_further` raises Invalid
    for a value of the right kind that cannot be all the same.
    """

    name: str
    kind: Kind[T]
    default: T
    label: Any
    help: Any
    layers: tuple[str, ...]
    effect: str
    lockable: bool = True
    caps: tuple[str, ...] = ()
    floors: tuple[str, ...] = ()
    team_of: TeamOf = "member"
    check_further: Callable[[T], None] | None = None

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]

    @property
    def secret(self) -> bool:
        return self.kind.secret

    def locks_at(self, layer: str) -> bool:
        """Whether a lock may be put there: there must be a layer below that it could hold."""
        return self.lockable and layer in self.layers[:-1]

    def check(self, value: object) -> T:
        """The value as it is kept; Invalid says what to change."""
        found = self.kind.check(value)
        if self.check_further is not None:
            self.check_further(found)
        return found

    def read(self, text: str) -> T:
        """The same, from what a person typed."""
        return self.check(self.kind.read(text))


config_keys: Registry[ConfigKey[Any]] = Registry("configuration key")


def declare(
    name: str,
    kind: Kind[T],
    *,
    default: T,
    label: Any,
    help: Any,  # noqa: A002  as Django calls it
    layers: str,
    effect: str,
    lockable: bool = True,
    caps: str = "",
    floors: str = "",
    team_of: TeamOf = "member",
    check_further: Callable[[T], None] | None = None,
) -> ConfigKey[T]:
    """Declare a key once; `layers`, `caps` and `floors` are names with spaces between."""
    key = ConfigKey(
        name=name,
        kind=kind,
        default=default,
        label=label,
        help=help,
        layers=_in_order(name, layers),
        effect=effect,
        lockable=lockable,
        caps=_in_order(name, caps),
        floors=_in_order(name, floors),
        team_of=team_of,
        check_further=check_further,
    )
    _consistent(key)
    config_keys.add(name, key)
    return key


def in_groups() -> list[tuple[str, list[ConfigKey[Any]]]]:
    """All keys, by group in the order of `GROUPS`, then by name."""
    keys = [key for _name, key in config_keys.items()]
    return [(group, found) for group in GROUPS if (found := [key for key in keys if key.group == group])]


def _in_order(name: str, layers: str) -> tuple[str, ...]:
    wanted = set(layers.split())
    if not wanted <= set(LAYERS):
        raise Misconfigured(f"{name}: unknown layers {wanted - set(LAYERS)}")
    return tuple(layer for layer in LAYERS if layer in wanted)


def _consistent(key: ConfigKey[Any]) -> None:
    if key.group not in GROUPS or not key.layers:
        raise Misconfigured(f"{key.name}: name a group that there is, and a layer")
    if not {*key.caps, *key.floors} <= set(key.layers):
        raise Misconfigured(f"{key.name}: bounds are set where values are")
    if (key.caps and "cap" not in key.kind.bounds) or (key.floors and "floor" not in key.kind.bounds):
        raise Misconfigured(f"{key.name}: this kind has no such bounds")
    if not key.secret:
        key.check(key.default)
