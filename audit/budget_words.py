"""Budgets in people's words: what one is for, how full it is, and why an answer had no room."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.budgeting import Known, Rule, money
from audit.permissions import BUDGETS
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed
from tenants.queries import may_enter

#: How many people a sentence names.
NAMED = 2
SIGNS = {"BRL": "R$", "USD": "US$", "EUR": "€", "GBP": "£"}

_WHICH = {
    ("organization", "month"): gettext_lazy("your organization's budget for this month"),
    ("organization", "day"): gettext_lazy("your organization's budget for today"),
    ("team", "month"): gettext_lazy("your team's budget for this month"),
    ("team", "day"): gettext_lazy("your team's budget for today"),
    ("member", "month"): gettext_lazy("your own budget for this month"),
    ("member", "day"): gettext_lazy("your own budget for today"),
    ("companion", "month"): gettext_lazy("this companion's budget for this month"),
    ("companion", "day"): gettext_lazy("this companion's budget for today"),
}
_SHARE = {
    ("organization", "month"): gettext_lazy("your part of the organization's budget for this month"),
    ("organization", "day"): gettext_lazy("your part of the organization's budget for today"),
    ("team", "month"): gettext_lazy("your part of the team's budget for this month"),
    ("team", "day"): gettext_lazy("your part of the team's budget for today"),
    ("companion", "month"): gettext_lazy("your part of this companion's budget for this month"),
    ("companion", "day"): gettext_lazy("your part of this companion's budget for today"),
}


def which(rule: Rule) -> str:
    """As whoever asks a companion calls it."""
    told = _SHARE if rule.each else _WHICH
    return str(told.get((rule.scope, rule.period), _WHICH[rule.scope, rule.period]))


def percent(part: int, whole: int) -> int:
    """Rounded down, so that nothing is full before it is."""
    return 100 * part // whole if whole > 0 else 100


def amount(parts: int, rule: Rule) -> str:
    """Tokens, or money in its currency."""
    if not rule.in_money:
        return _("%(number)s tokens") % {"number": number_format(parts, force_grouping=True)}
    return priced(money(parts), rule.currency)


def priced(value: Decimal, currency: str) -> str:
    """Money as it is read; what is less than a hundredth says so."""
    sign = SIGNS.get(currency, currency)
    if 0 < value < Decimal("0.01"):
        return _("less than %(amount)s") % {"amount": f"{sign}\u00a0{number_format(Decimal('0.01'), 2)}"}
    return f"{sign}\u00a0{number_format(value, 2, force_grouping=True)}"


def no_room(rule: Rule, *, used: int, here: Known) -> str:
    """Why there is no answer, and whom to ask."""
    sentence = _(
        "There is no room left in %(budget)s: %(percent)s%% of it is used or set aside for answers under way."
        " It begins anew on %(day)s. %(people)s can give more."
    )
    return sentence % {
        "budget": which(rule),
        "percent": min(percent(used, rule.amount), 100),
        "day": day(rule.ends(here.today)),
        "people": whom_to_ask(),
    }


def no_price(rule: Rule) -> str:
    sentence = _(
        "This model has no price, and %(budget)s counts money, so it may not answer. %(people)s can give it a"
        " price on its endpoint's page, or choose another model."
    )
    return sentence % {"budget": which(rule), "people": whom_to_ask()}


def day(value: date) -> str:
    return date_format(value, "SHORT_DATE_FORMAT")


def whom_to_ask() -> str:
    """Those who may change budgets, by name; a few of them, owners first."""
    members = Membership.objects.filter(organization_id=current_tenant().organization_id)
    people = [
        one
        for one in members.select_related("user", "organization")
        if one.role != "member" and may_enter(one) and allowed(one, BUDGETS.name)
    ]
    people.sort(key=lambda one: (one.role != "owner", str(one.user)))
    names = [str(one.user) for one in people[:NAMED]]
    return _(" or ").join(names) or str(_("An administrator"))
