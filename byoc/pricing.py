"""What an answer cost. Unknown is None, never nothing.

    the endpoint's own table    {"currency": "BRL", "models": {"gpt-4o": {"input": "14.00", …}}}
    an organization's table     the same, for all of its endpoints
    the list prices of vendors  genai-prices, as they were when the package was made; never fetched
    the models of ours          cost nothing; other people's servers do not unless a table says so

The first that knows the model decides. Prices are per million tokens; `cached` is the price of input
that the provider had in its cache, that of `input` where it is not given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from django.utils.translation import gettext as _

from byoc.contracts import ModelCard, Usage
from humana.kernel.errors import Invalid

MILLION = Decimal(1_000_000)
CURRENCY = "USD"
SMALLEST = Decimal("0.00000001")  # the ledger keeps eight places
#: How genai-prices calls the vendor behind each type; whoever else serves a model has prices of its own.
VENDORS = {"openai": "openai", "azure": "azure", "anthropic": "anthropic", "google": "google"}
_NAMES = frozenset({"input", "output", "cached"})
EVERY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class Price:
    """`source` is "table", "genai-prices" or "own"; `version` says which state of it."""

    amount: Decimal
    currency: str
    source: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """Per million tokens. None is not known: what it would price has no price."""

    input: Decimal | None = None
    output: Decimal | None = None
    cached: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal | None:
        fresh = usage.input_tokens - usage.cached_tokens
        cached = self.input if self.cached is None else self.cached
        parts = [(fresh, self.input), (usage.cached_tokens, cached), (usage.output_tokens, self.output)]
        total = Decimal(0)
        for tokens, rate in parts:
            if tokens and rate is None:
                return None
            total += tokens * (rate or Decimal(0))
        return total / MILLION


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Somebody's own prices. `EVERY_MODEL` prices what is not named."""

    currency: str = CURRENCY
    models: Mapping[str, Rates] = field(default_factory=dict)
    version: str = ""

    def price(self, name: str, usage: Usage) -> Price | None:
        rates = self.models.get(name) or self.models.get(EVERY_MODEL)
        amount = rates.cost(usage) if rates else None
        return None if amount is None else Price(_kept(amount), self.currency, "table", self.version)


def price_of(card: ModelCard, usage: Usage | None, *tables: Mapping[str, Any]) -> Price | None:
    """The price of what was used; None when it is not known, or the tokens are not.

    `tables` are asked after the endpoint's own, in order. Raises nothing: a table that cannot be read
    prices nothing, for an answer is never lost to its price.
    """
    if usage is not None:
        for table in (card.prices, *tables):
            for name in dict.fromkeys((card.model, card.priced_as or card.model)):
                if found := _read_or_empty(table).price(name, usage):
                    return found
    if card.builtin or card.type == "embedded":
        return Price(Decimal(0), CURRENCY, "own")
    return None if usage is None else _list_price(card, usage)


def read_prices(data: Any) -> PriceTable:
    """A table as somebody wrote it. Raises Invalid, saying what to change. {} is an empty one."""
    if not isinstance(data, Mapping) or set(data) - {"currency", "models"}:
        raise Invalid(_("Prices have a currency and models, and nothing else."), field="prices")
    currency, models = data.get("currency", CURRENCY), data.get("models", {})
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isalpha():
        raise Invalid(_("The currency is three letters, like USD or BRL."), field="prices")
    if not isinstance(models, Mapping):
        raise Invalid(_("Name each model with its prices."), field="prices")
    rates = {str(name): _rates(str(name), row) for name, row in models.items()}
    digest = hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()
    return PriceTable(currency.upper(), rates, digest[:12])


def _rates(name: str, row: Any) -> Rates:
    if not isinstance(row, Mapping) or not row or set(row) - _NAMES:
        sentence = _("The prices of %(model)s are input, output and cached, per million tokens.")
        raise Invalid(sentence % {"model": name}, field="prices")
    return Rates(**{key: _number(name, value) for key, value in row.items()})


def _number(name: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value)) if isinstance(value, str | int | float | Decimal) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not 0 <= number < MILLION:
        sentence = _("A price of %(model)s is not a number like 2.50.")
        raise Invalid(sentence % {"model": name}, field="prices")
    return number


def _read_or_empty(data: Mapping[str, Any]) -> PriceTable:
    try:
        return read_prices(data) if data else PriceTable()
    except Invalid:
        return PriceTable()


def _list_price(card: ModelCard, usage: Usage) -> Price | None:
    import genai_prices

    vendor = VENDORS.get(card.type)
    if vendor is None:
        return None
    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
    )
    try:
        found = genai_prices.calc_price(counted, card.priced_as or card.model, provider_id=vendor)
    except (LookupError, ValueError):
        return None
    return Price(_kept(found.total_price), CURRENCY, "genai-prices", _state_of_the_list())


@lru_cache(maxsize=1)
def _state_of_the_list() -> str:
    return version("genai-prices")


def _kept(amount: Decimal) -> Decimal:
    return amount.quantize(SMALLEST)
