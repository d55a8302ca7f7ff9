"""Values, policies and brand with the organization in hand; companions in a support session.

Saving goes through the services, so the very next answer follows the change.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from companions.admin.previews import look_at_policy, no_error
from companions.audience_names import names
from companions.check_words import checks_words
from companions.models import Brand, BrandAsset, BrandVersion, Companion, Policy, PolicyVersion, Value
from companions.queries import placement_of
from companions.services.companions import edit_companion, pause_companion, remove_companion, resume_companion
from companions.services.policies import drop_value, keep_value, publish_brand, publish_policy
from tenants.console import ContentAdmin, InHandAdmin, Versions
from tenants.console_actions import confirmed
from tenants.console_forms import Lines


class Versioned(forms.ModelForm):
    """Carries the version that was read, so that nobody overwrites what they have not seen."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen" in self.fields:
            self.fields["seen"].initial = None if self.instance._state.adding else self.instance.version

    @property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "seen"]


class BrandForm(Versioned):
    restrictions = Lines(label=_("do's and don'ts"), required=False, help_text=_("One on each line."))


class CompanionForm(Versioned):
    starters = Lines(label=_("example questions"), required=False, help_text=_("One on each line."))


def _stands_for(obj: Any, kept: Any) -> None:
    """The service saved a row of its own; the form's object becomes it."""
    obj.pk, obj.version = kept.pk, kept.version
    obj._state.adding = False


@admin.register(Value)
class ValueAdmin(InHandAdmin):
    main_only = True
    form = Versioned
    list_display = ("title", "description", "position", "version")
    fields = ("title", "description", "position", "seen")

    def save_model(self, request: HttpRequest, obj: Value, form: Any, change: bool) -> None:
        kept = keep_value(
            value=obj if change else None,
            title=obj.title,
            description=obj.description,
            position=obj.position,
            version=form.cleaned_data["seen"],
        )
        _stands_for(obj, kept)

    def delete_model(self, request: HttpRequest, obj: Value) -> None:
        drop_value(value=obj)


class PolicyForm(Versioned):
    audience = forms.JSONField(
        label=_("applies to"),
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("{} is every companion. Otherwise lists of ids under teams, positions and companions."),
    )
    checks = forms.JSONField(
        label=_("checks"),
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text=_('A list such as [{"kind": "pii", "stage": "output", "classes": ["cpf"]}].'),
    )

    def clean_audience(self) -> Any:
        return self.cleaned_data["audience"] or {}

    def clean_checks(self) -> Any:
        return self.cleaned_data["checks"] or []


class PolicyVersions(Versions):
    model = PolicyVersion
    fields = readonly_fields = (
        "number", "named_then", "regulation", "requirement", "active", "reach", "checked", "mode",
        "created_at",
    )  # fmt: skip
    verbose_name_plural = _("published versions")

    @admin.display(description=_("name"))
    def named_then(self, obj: PolicyVersion) -> str:
        return obj.named

    @admin.display(description=_("applies to"))
    def reach(self, obj: PolicyVersion) -> str:
        return names().words(obj.audience)

    @admin.display(description=_("checks"))
    def checked(self, obj: PolicyVersion) -> str:
        return "; ".join(checks_words(obj.checks)) or "–"

    def open_to(self, request: HttpRequest) -> bool:
        return True


@admin.register(Policy)
class PolicyAdmin(InHandAdmin):
    """Never deleted: answers point at its versions. It is put out of force. A look publishes nothing."""

    change_form_before_template = "admin/policy_preview.html"

    main_only = True
    may_delete = False
    form = PolicyForm
    list_display = ("name", "regulation", "active", "reach", "mode", "position", "version")
    list_filter = ("active", "regulation", "mode")
    fields = (
        "name", "regulation", "requirement", "active", "audience", "checks", "mode", "position", "seen",
    )  # fmt: skip
    inlines = (PolicyVersions,)

    @admin.display(description=_("applies to"))
    def reach(self, obj: Policy) -> str:
        return names().words(obj.audience)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> Any:
        no_error(request, context)
        return super().render_change_form(request, context, **kwargs)

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        look_at_policy(request, obj)
        kept = publish_policy(
            policy=obj if change else None,
            name=obj.name,
            regulation=obj.regulation,
            requirement=obj.requirement,
            active=obj.active,
            audience=obj.audience,
            checks=obj.checks,
            mode=obj.mode,
            position=obj.position,
            version=form.cleaned_data["seen"],
        )
        _stands_for(obj, kept)


@admin.register(Brand)
class BrandAdmin(InHandAdmin):
    main_only = True
    may_delete = False
    form = BrandForm
    list_display = ("__str__", "voice_and_tone", "style", "version")
    fields = ("voice_and_tone", "style", "restrictions", "seen")

    def has_add_permission(self, request: HttpRequest, *parent: Any) -> bool:
        return super().has_add_permission(request, *parent) and not Brand.objects.exists()

    def save_model(self, request: HttpRequest, obj: Brand, form: Any, change: bool) -> None:
        kept = publish_brand(
            voice_and_tone=obj.voice_and_tone,
            style=obj.style,
            restrictions=obj.restrictions,
            version=form.cleaned_data["seen"],
        )
        _stands_for(obj, kept)


@admin.register(BrandVersion)
class BrandVersionAdmin(InHandAdmin):
    main_only = True
    may_add = may_change = may_delete = False
    list_display = ("number", "voice_and_tone", "style", "created_at")


@admin.register(BrandAsset)
class BrandAssetAdmin(InHandAdmin):
    """What there is, not what is in it: the file is the organization's."""

    main_only = True
    may_add = may_change = may_delete = False
    list_display = ("name", "kind", "media_type", "size", "created_at")
    list_filter = ("kind",)
    fields = readonly_fields = ("name", "kind", "media_type", "size", "digest", "version", "created_at")


@admin.register(Companion)
class CompanionAdmin(ContentAdmin):
    """Removing hides it with its chats; the organization can bring it back."""

    may_change = may_delete = True
    form = CompanionForm
    list_display = ("name", "slug", "language", "state", "version", "place", "isolation", "place_state")
    list_filter = ("state", "language")
    search_fields = ("name", "slug", "purpose")
    fields = ("name", "slug", "purpose", "base_prompt", "language", "model", "starters", "state", "seen")
    readonly_fields = ("slug", "state")
    actions = ("pause", "resume")
    EDITED = ("name", "purpose", "base_prompt", "language", "model", "starters")

    def get_fields(self, request: HttpRequest, obj: Companion | None = None) -> tuple[str, ...]:
        """The base prompt of a companion that lives elsewhere is there, not in its entry."""
        here = obj is None or obj.placement_id is None
        return tuple(name for name in self.fields if here or name != "base_prompt")

    @admin.display(description=_("place"))
    def place(self, obj: Companion) -> str:
        return str(placement_of(obj) or "–")

    @admin.display(description=_("isolation"))
    def isolation(self, obj: Companion) -> str:
        place = placement_of(obj)
        return place.get_isolation_display() if place else "–"

    @admin.display(description=_("state of the place"))
    def place_state(self, obj: Companion) -> str:
        place = placement_of(obj)
        return place.get_state_display() if place else "–"

    def save_model(self, request: HttpRequest, obj: Companion, form: Any, change: bool) -> None:
        told = form.cleaned_data
        changes: Any = {name: told[name] for name in self.EDITED if name in told}
        _stands_for(obj, edit_companion(companion=obj, version=form.cleaned_data["seen"], **changes))

    def delete_model(self, request: HttpRequest, obj: Companion) -> None:
        remove_companion(companion=obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its chats stay, and are nobody's to list here."""
        return [str(one) for one in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    @confirmed(description=_("Pause"), question=_("Nobody can ask these companions anything until resumed."))
    def pause(self, request: HttpRequest, queryset: QuerySet[Companion]) -> None:
        for companion in queryset:
            pause_companion(companion=companion)

    @confirmed(description=_("Resume"), question=_("People can ask these companions again."))
    def resume(self, request: HttpRequest, queryset: QuerySet[Companion]) -> None:
        for companion in queryset:
            resume_companion(companion=companion)
