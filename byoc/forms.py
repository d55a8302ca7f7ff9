"""The form of an endpoint: grown from what its type asks for, on pages and in the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from byoc.board import kept_secrets
from byoc.contracts.fields import Field, TypeSpec
from byoc.describing import LAST, LINES, Entry
from byoc.entering import LONGEST, values_of
from byoc.forms_models import CURRENCY_FIELD, LIMIT, ModelRows, Row
from byoc.models import Endpoint
from humana.kernel.egress import EgressRefused
from humana.kernel.errors import HumanaError

#: What a type asks for stands under this prefix: a bucket's region is not the endpoint's.
VALUE = "value_"
#: By the kind of a field: the widget of a page.
WIDGETS: dict[str, Callable[..., forms.Widget]] = {
    "url": forms.URLInput,
    "text": forms.TextInput,
    "lines": forms.Textarea,
    "secret": forms.PasswordInput,
    "int": forms.NumberInput,
    "decimal": forms.NumberInput,
    "bool": forms.CheckboxInput,
    "choice": forms.Select,
}
#: Nobody's browser should remember a customer's secret, nor put the reader's own there.
_UNREMEMBERED = {"autocomplete": "new-password", "spellcheck": "false"}
_KEPT = gettext_lazy("Kept. Leave it empty to keep it; another address needs it again.")
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class EndpointForm(forms.Form):
    """`asked` says which fields; `endpoint` is the one to change, None for a new one.

    A secret is never shown again, neither the one that is kept nor one that was typed.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        asked: TypeSpec,
        endpoint: Endpoint | None = None,
        zone: str = "",
        widgets: Mapping[str, Callable[..., forms.Widget]] = WIDGETS,
    ) -> None:
        self.asked, self.endpoint, self.widgets = asked, endpoint, widgets
        self.kept = kept_secrets(endpoint) if endpoint else frozenset()
        values = values_of(asked, endpoint) if endpoint else {}
        super().__init__(data, initial=_described(endpoint, asked, zone))
        self.fields |= self._describing_first()
        for one in asked.fields:
            self.fields[VALUE + one.name] = self._field(one, values)
        self.fields |= self._describing_last()
        self.models = ModelRows(endpoint, data, widgets) if asked.kind == "llm" else None
        if self.models is not None:
            self.fields |= self._of_models(self.models)
        if endpoint is not None:
            self.fields["seen"] = forms.IntegerField(required=False, widget=forms.HiddenInput)
            self.initial["seen"] = endpoint.version

    @property
    def first(self) -> list[forms.BoundField]:
        """What is asked at once."""
        return [self[name] for name in self.fields if name not in self._further | self._rowed]

    @property
    def further(self) -> list[forms.BoundField]:
        """What has a usual value and is rarely changed."""
        return [self[name] for name in self.fields if name in self._further]

    @property
    def further_open(self) -> bool:
        return any(one.errors for one in self.further)

    @property
    def plain(self) -> list[forms.BoundField]:
        """All that stands in no row."""
        return [self[name] for name in self.fields if name not in self._rowed]

    @property
    def model_rows(self) -> list[Row]:
        """What its models can do and cost; none but for language models."""
        return self.models.rows(self) if self.models else []

    @property
    def rows_open(self) -> bool:
        return any(self[name].errors for name in self._rowed)

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if self.models is not None:
            self.models.judge(self)
        return told

    @property
    def lost_a_secret(self) -> bool:
        """What was typed is shown again after a mistake, but not what is secret."""
        return self.is_bound and not self.is_valid() and any(self.data.get(name) for name in self._secrets)

    def entry(self) -> Entry:
        """Of a valid form."""
        told = self._described()
        return Entry(kind=self.asked.kind, type=self.asked.type, values=self._values(), **told)

    def changes(self) -> dict[str, Any]:
        """The same for an endpoint that is there: a secret left empty stays as it is."""
        values = {
            name: value
            for name, value in self._values().items()
            if VALUE + name not in self._unnamed or value
        }
        return {**self._described(), "values": values}

    @property
    def version(self) -> int | None:
        return self.cleaned_data.get("seen")

    def refuse(self, refusal: HumanaError) -> None:
        """What a service said, at the field it is about; what may not be dialled, at the address."""
        field = "url" if refusal.code == EgressRefused.default_code else refusal.field or ""
        places = [name for name in (f"{VALUE}{field}", field) if name in self.fields]
        self.add_error(places[0] if places else None, str(refusal.message))

    @property
    def _further(self) -> frozenset[str]:
        usual = {
            VALUE + one.name for one in self.asked.fields if one.kind != "url" and one.default is not None
        }
        bounds = {VALUE + one.name for one in self.asked.fields if one.kind == "int" and not one.required}
        limits = {name for name in self.fields if name.startswith(LIMIT)}
        return frozenset(usual | bounds | limits | {"region", "tags", "rank"})

    @property
    def _rowed(self) -> frozenset[str]:
        return frozenset(name for name in self.fields if name.startswith("model_") or name == CURRENCY_FIELD)

    @property
    def _secrets(self) -> set[str]:
        return {VALUE + one.name for one in self.asked.fields if one.kind == "secret"}

    @property
    def _unnamed(self) -> set[str]:
        """What is sealed, secret or not."""
        return {VALUE + one.name for one in self.asked.fields if one.kind == "secret" or one.sealed}

    def _values(self) -> dict[str, Any]:
        return {one.name: self.cleaned_data.get(VALUE + one.name) for one in self.asked.fields}

    def _described(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            name: self.cleaned_data[name]
            for name in ("name", "role", "zone", "region")
            if name in self.fields
        }
        tags = [one.strip() for one in self.cleaned_data["tags"].split(",") if one.strip()]
        rows = self.models.told(self.cleaned_data) if self.models else {}
        return {**told, **rows, "tags": tags, "rank": self.cleaned_data["rank"] or 0}

    def _of_models(self, models: ModelRows) -> dict[str, forms.Field]:
        self.initial = {**self.initial, **models.initial}
        return models.fields()

    def _field(self, one: Field, values: Mapping[str, Any]) -> forms.Field:
        sealed = one.kind == "secret" or one.sealed
        kept = sealed and one.name in self.kept
        common: dict[str, Any] = {
            "label": _(one.label),
            "required": one.required and one.kind != "bool" and not kept,
            "help_text": _KEPT if kept else _(one.help) if one.help else "",
            "widget": self._widget(one),
            "initial": None if sealed else values.get(one.name, one.default),
        }
        if one.kind == "int":
            return forms.IntegerField(min_value=one.least, max_value=one.most, **common)
        if one.kind == "bool":
            return forms.BooleanField(**common)
        if one.kind == "choice":
            choices = [(value, _(label)) for value, label in one.choices]
            return forms.ChoiceField(choices=choices if one.required else [("", "–"), *choices], **common)
        return forms.CharField(max_length=one.most or LONGEST, strip=one.kind != "secret", **common)

    def _widget(self, one: Field) -> forms.Widget:
        make = self.widgets[one.kind]
        if one.kind == "secret":
            return make(attrs=_UNREMEMBERED)
        return make(attrs=_PLAIN if one.kind in {"url", "text", "lines"} else None)

    def _describing_first(self) -> dict[str, forms.Field]:
        labels = dict(Endpoint.Role.choices)
        roles = [(role, labels.get(role, role)) for role in self.asked.roles]
        fields: dict[str, forms.Field] = {
            "name": self._line("name", gettext_lazy("Name"), gettext_lazy("What people call it.")),
        }
        if len(roles) > 1:
            fields["role"] = forms.ChoiceField(
                label=gettext_lazy("What it serves as"), choices=roles, widget=self.widgets["choice"]()
            )
        else:
            fields["role"] = forms.ChoiceField(choices=roles, initial=roles[0][0], widget=forms.HiddenInput)
        return fields

    def _describing_last(self) -> dict[str, forms.Field]:
        zone = gettext_lazy(
            "Where its data stays, such as br. What serves must be in the organization's zone."
        )
        contract = gettext_lazy("Your words for what was agreed with the provider, with commas between.")
        rank = gettext_lazy("Of several in the same role, the smallest number comes first.")
        fields: dict[str, forms.Field] = {
            "zone": self._line("zone", gettext_lazy("Sovereignty zone"), zone),
            "region": self._line("region", gettext_lazy("Region"), ""),
            "tags": forms.CharField(
                label=gettext_lazy("Contract"), required=False, max_length=400, help_text=contract,
                widget=self.widgets["text"](attrs=_PLAIN),
            ),
            "rank": forms.IntegerField(
                label=gettext_lazy("Order"), required=False, min_value=0, max_value=LAST, help_text=rank,
                widget=self.widgets["int"](),
            ),
        }  # fmt: skip
        if "region" in self.asked.names:
            del fields["region"]  # the service's own says it
        return fields

    def _line(self, name: str, label: Any, help_text: Any) -> forms.CharField:
        return forms.CharField(
            label=label, max_length=LINES[name], required=name == "name", help_text=help_text,
            widget=self.widgets["text"](attrs=_PLAIN),
        )  # fmt: skip


def _described(endpoint: Endpoint | None, asked: TypeSpec, zone: str) -> dict[str, Any]:
    if endpoint is None:
        return {"zone": zone, "role": asked.roles[0], "rank": 0}
    told = {name: getattr(endpoint, name) for name in ("name", "role", "zone", "region", "rank")}
    return {**told, "tags": ", ".join(endpoint.tags)}
