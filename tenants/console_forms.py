"""Forms of the operators' console."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from humana.kernel.errors import HumanaError
from humana.kernel.text import clean_line
from tenants.config.catalogue import GROUPS, config_keys, in_groups
from tenants.models import ConfigValue, Isolation, Membership, Organization, Placement, Plan
from tenants.models.organizations import Regulation, slug_rule
from tenants.permissions import BUILT_IN_ROLES, permissions
from tenants.queries import pools, roles_of
from tenants.services.config import UNSET
from tenants.services.seats import take_seats
from tenants.services.support import LONGEST

#: A hundred years, in days.
MOST_DAYS = 36_500
State = Organization.State


class Refusable(forms.BaseModelForm):  # type: ignore[type-arg]
    """A form that says what a service refused, and knows whose row it makes."""

    refusal: HumanaError | None = None
    organization: Organization | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label)  # as Django writes those it makes itself
        if self.organization is not None and self.instance.organization_id is None:
            self.instance.organization = self.organization

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            self.add_error(*self._refused(self.refusal))
        return cleaned

    def _refused(self, refusal: HumanaError) -> tuple[str | None, str]:
        """At which field, and what; where it is about a part of the field, with the way to that part."""
        path, said = refusal.field or "", str(refusal.message)
        field = re.split(r"[.\[]", path)[0]
        if field not in self.fields:
            return None, said
        return field, said if field == path else f"{path}: {said}"

    def _get_validation_exclusions(self) -> set[str]:
        """What must be unique is so within the organization, which no form shows."""
        without: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return without - {"organization"}


def with_refusal(form: type[Any], refusal: HumanaError | None) -> type[Any]:
    return type(form.__name__, (Refusable, form), {"refusal": refusal})


class Lines(forms.CharField):
    """A list of texts, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class ZoneForm(forms.ModelForm):  # type: ignore[type-arg]
    """People and organizations in a time zone that there is."""

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone and zone not in zoneinfo.available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write it as America/Sao_Paulo."))
        return zone


class PersonForm(ZoneForm):
    language = forms.ChoiceField(
        label=_("language"),
        choices=[("", _("The browser's")), *settings.LANGUAGES],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


class OrganizationForm(ZoneForm):
    language = forms.ChoiceField(
        label=_("language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )
    regulations = forms.MultipleChoiceField(
        label=_("regulations"),
        choices=Regulation.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    retention_days = forms.IntegerField(
        label=_("keep the trail for (days)"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty keeps it for good. A regulation may ask for longer."),
    )

    def clean_state(self) -> str:
        """Founding, moving and removing are processes; by hand it is only opened and suspended."""
        was, wanted = self.instance.state, self.cleaned_data["state"]
        if wanted != was and not {was, wanted} <= {State.ACTIVE, State.SUSPENDED}:
            raise forms.ValidationError(_("By hand an organization can only be suspended or made active."))
        return str(wanted)


class PlacementForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_name(self) -> str:
        try:
            return clean_line(self.cleaned_data["name"], field="name", limit=80)
        except HumanaError as refusal:
            raise forms.ValidationError(str(refusal.message)) from None

    def clean_state(self) -> str:
        """Making a placement is a process; by hand only a pool that was made is closed and opened again."""
        was, wanted = self.instance.state, self.cleaned_data["state"]
        settled = {Placement.State.READY, Placement.State.CLOSED}
        is_pool = self.instance.isolation == Isolation.ROW and bool(self.instance.migrated)
        if wanted != was and not ({was, wanted} <= settled and is_pool):
            raise forms.ValidationError(
                _("By hand only a pool that is ready can be closed, or opened again.")
            )
        return str(wanted)


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """Roles and permissions as they are declared, and the organization's own roles."""

    role = forms.ChoiceField(label=_("role"), widget=UnfoldAdminSelectWidget)
    extra_permissions = forms.MultipleChoiceField(
        label=_("extra permissions"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    withheld_permissions = forms.MultipleChoiceField(
        label=_("withheld permissions"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def clean_state(self) -> str:
        """Who is brought back takes a seat, as everywhere."""
        wanted = str(self.cleaned_data["state"])
        if wanted != self.instance.state and wanted == Membership.State.ACTIVE:
            try:
                take_seats()
            except HumanaError as refusal:
                raise forms.ValidationError(str(refusal.message)) from None
        return wanted

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(role.slug, role.name) for role in roles_of(self.instance.organization)]
        declared = [(name, one.label) for name, one in permissions.items()]
        for field, choices in {
            "role": [*BUILT_IN_ROLES.items(), *own],
            "extra_permissions": declared,
            "withheld_permissions": declared,
        }.items():
            if field in self.fields:
                self.fields[field].choices = choices  # type: ignore[attr-defined]


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    permissions = forms.MultipleChoiceField(
        label=_("permissions"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "permissions" in self.fields:
            declared = [(name, one.label) for name, one in permissions.items()]
            self.fields["permissions"].choices = declared  # type: ignore[attr-defined]


class SupportForm(forms.Form):
    """Why, for how long, and who agreed."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("The customer reads it in their trail."),
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=1,
        max_value=LONGEST,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("It ends by itself after that; at most four hours."),
    )
    consent = forms.CharField(
        label=_("Who agreed"),
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The person on the customer's side, if you asked."),
    )


class FoundForm(forms.Form):
    """A new organization, who owns it, and where it will live."""

    organization = forms.CharField(
        label=_("Name of the organization"), max_length=120, widget=UnfoldAdminTextInputWidget
    )
    slug = forms.CharField(
        label=_("Address"),
        max_length=50,
        required=False,
        validators=[slug_rule],
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty is made of the name."),
    )
    email = forms.EmailField(
        label=_("E-mail of its owner"),
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("A person of the customer's, never an operator."),
    )
    person = forms.CharField(
        label=_("Name of its owner"),
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Only where nobody signs in with this e-mail yet."),
    )
    plan = forms.ChoiceField(label=_("Plan"), choices=Plan.choices, widget=UnfoldAdminSelectWidget)
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )
    place = forms.ChoiceField(
        label=_("Where it lives"),
        initial="plan",
        widget=UnfoldAdminSelectWidget,
        help_text=_("By plan: Free and Pro in a pool, Business in a schema, Enterprise in a database."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pools = {f"pool-{pool.id}": pool for pool in pools()}
        self.fields["place"].choices = [  # type: ignore[attr-defined]
            ("plan", _("As its plan has it")),
            ("pool", _("A shared pool: the least loaded one")),
            *((key, _pool_with_load(pool)) for key, pool in self.pools.items()),
            ("schema", _("A schema of its own on our servers")),
            ("database", _("A database of its own on our servers")),
        ]

    @property
    def wanted(self) -> dict[str, Any]:
        """The place, as `found_organization` takes it. Of a valid form."""
        place: str = self.cleaned_data["place"]
        isolation = {"pool": Isolation.ROW, "schema": Isolation.SCHEMA, "database": Isolation.DATABASE}
        return {"pool": self.pools.get(place), "isolation": isolation.get(place)}


def _pool_with_load(pool: Any) -> str:
    told = {"name": pool.name, "used": pool.used, "capacity": pool.capacity}
    if pool.capacity is None:
        return gettext("The shared pool “%(name)s”: %(used)d there") % told
    return gettext("The shared pool “%(name)s”: %(used)d of %(capacity)d there") % told


class ConfigValueForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is said about one key, read as the key takes it. An empty value says nothing."""

    layer = "global"
    text = forms.CharField(
        label=_("value"),
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("As the key takes it; true or false, one text on each line. Empty: no value here."),
    )
    cap_text = forms.CharField(label=_("at most"), required=False, widget=UnfoldAdminTextInputWidget)
    floor_text = forms.CharField(label=_("at least"), required=False, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = ConfigValue
        fields = ("key", "locked")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" in self.fields:
            self.fields["key"] = forms.ChoiceField(choices=self._keys(), widget=UnfoldAdminSelectWidget)
        key = config_keys.get(self.instance.key) if self.instance.key in config_keys else None
        if key is None:
            return
        for field, name in (("text", "value"), ("cap_text", "cap"), ("floor_text", "floor")):
            kept = getattr(self.instance, name)
            if field in self.fields and kept is not None and not key.secret:
                self.fields[field].initial = key.kind.write(tuple(kept) if isinstance(kept, list) else kept)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        name = cleaned.get("key") or self.instance.key
        if name in config_keys:
            self.said = self._said(name, cleaned)
        return cleaned

    def _said(self, name: str, cleaned: dict[str, Any]) -> dict[str, Any]:
        """Each field that cannot be is told its own problem."""
        key = config_keys.get(name)
        told: dict[str, Any] = {"locked": bool(cleaned.get("locked"))}
        for field, what in (("text", "value"), ("cap_text", "cap"), ("floor_text", "floor")):
            written = cleaned.get(field) or ""
            try:
                if written.strip():
                    told[what] = key.read(written) if what == "value" else key.kind.read(written)
                elif not (key.secret and what == "value"):
                    told[what] = UNSET if what == "value" else None
            except HumanaError as refusal:
                self.add_error(field, str(refusal.message))
        return told

    def _keys(self) -> list[tuple[str, Any]]:
        """Those that may be set at this layer, in groups."""
        return [
            (str(GROUPS[group]), [(key.name, f"{key.label} ({key.name})") for key in here])
            for group, keys in in_groups()
            if (here := [key for key in keys if self.layer in key.layers])
        ]
