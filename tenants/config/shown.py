"""The catalogue as a page shows it: each key with its value here, why it holds, and what may be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from humana.kernel.text import said_when
from tenants.config.catalogue import GROUPS, LAYER_LABELS, ConfigKey, in_groups
from tenants.config.resolver import Explained, Subject, explain
from tenants.config.rules import Entry
from tenants.config.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody sent that was refused: the key, what they typed in each field, and why not."""

    key: str
    texts: dict[str, str]
    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a key's form."""

    name: str
    label: str
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key at one layer. `may_edit` is about the person, `held` about the layers above."""

    told: Explained
    layer: str
    may_edit: bool
    typed: Typed | None = None

    @property
    def key(self) -> ConfigKey[Any]:
        return self.told.key

    @property
    def from_here(self) -> bool:
        return self.told.settled.layer == self.layer

    @property
    def has_own(self) -> bool:
        return self.told.own is not None and self.told.own.has_value

    @property
    def layer_label(self) -> str:
        return str(LAYER_LABELS[self.told.settled.layer])

    @property
    def held(self) -> bool:
        """Locked further up: nothing said here would count."""
        return self.told.above.lock is not None

    @property
    def editable(self) -> bool:
        return self.may_edit and not self.held

    @property
    def seen(self) -> int:
        """What the form saw, so that nobody's change is written over unseen."""
        return self.told.own.version if self.told.own else 0

    @property
    def value(self) -> Field:
        own = self.told.own
        shown = own.value if own and own.has_value else self.told.settled.value
        return self._field("value", _("Value"), "" if self.key.secret else self.key.kind.write(shown))

    @property
    def bounds(self) -> list[Field]:
        """The cap and the floor that may be set here for this layer and those below."""
        wanted = [("floor", _("At least"), self.key.floors), ("cap", _("At most"), self.key.caps)]
        return [self._field(name, label, self._bound(name)) for name, label, at in wanted if self.layer in at]

    @property
    def may_lock(self) -> bool:
        return self.key.locks_at(self.layer)

    @property
    def locked_here(self) -> bool:
        return self.told.own is not None and self.told.own.locked

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Why the value holds, as pairs of a term and what it is."""
        settled = self.told.settled
        found = [(_("Says"), self._said(settled.chosen))]
        found += [(_("Stands in for"), self._said(one)) for one in reversed(settled.overrode)]
        if settled.chosen is not None and not self.key.secret:
            found.append((_("Default"), self.key.kind.shown(self.key.default)))
        if settled.lock is not None:
            found.append((_("Locked by"), _who(settled.lock)))
        found += [(_("Not heard"), self._said(one)) for one in settled.unheard]
        for label, bound, by in (
            (_("At least"), settled.floor, settled.floor_by),
            (_("At most"), settled.cap, settled.cap_by),
        ):
            if by is not None:
                found.append((label, f"{self.key.kind.shown(bound)} · {_who(by)}"))
        return found

    @property
    def problem(self) -> str:
        """What was refused and belongs to no field that is shown."""
        fields = {"value", *(one.name for one in self.bounds)} if self.editable else set()
        return self.typed.problem if self.typed and self.typed.field not in fields else ""

    def _said(self, entry: Entry | None) -> str:
        if entry is None:
            return f"{LAYER_LABELS['default']}: {self.key.kind.shown(self.key.default) or '–'}"
        value = _("set") if self.key.secret else self.key.kind.shown(entry.value)
        return f"{value} · {_who(entry)}"

    def _bound(self, name: str) -> str:
        own = getattr(self.told.own, name, None)
        return "" if own is None else self.key.kind.write(own)

    def _field(self, name: str, label: str, text: str) -> Field:
        if self.typed is None:
            return Field(name, label, text)
        problem = self.typed.problem if self.typed.field == name else ""
        return Field(name, label, self.typed.texts.get(name, text), problem)


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    title: str
    settings: Sequence[Setting]


def grouped(
    known: Snapshot,
    *,
    layer: str,
    subject: Subject,
    may_edit: bool,
    group: str = "",
    words: str = "",
    typed: Typed | None = None,
) -> list[Group]:
    """Every key that may be set at this layer, by group; `words` narrow by label, help and name."""
    found = []
    for name, keys in in_groups():
        rows = [
            Setting(
                explain(key, subject, known=known, at=layer),
                layer,
                may_edit,
                typed if typed and typed.key == key.name else None,
            )
            for key in keys
            if layer in key.layers and group in ("", name) and _fits(key, words)
        ]
        if rows:
            found.append(Group(name, str(GROUPS[name]), rows))
    return found


def _fits(key: ConfigKey[Any], words: str) -> bool:
    text = f"{key.name} {key.label} {key.help}".casefold()
    return all(word in text for word in words.casefold().split())


def _who(entry: Entry) -> str:
    moment = said_when(entry.set_at) if entry.set_at else ""
    return " · ".join(filter(None, (str(LAYER_LABELS[entry.layer]), entry.set_by, moment)))
