"""Time zones by the place people know, in their language: “São Paulo, Brasil” for America/Sao_Paulo."""

from __future__ import annotations

import unicodedata
import zoneinfo
from functools import cache

from django.utils.translation import get_language, to_locale


def zone_name(zone: str) -> str:
    """The city and its country; what the zone itself calls it where nobody has words for it, such as UTC."""
    return _name(zone, get_language() or "en")


def zones() -> list[tuple[str, str]]:
    """Every zone that is a place, once, with its name: by name, as people look for theirs."""
    return _zones(get_language() or "en")


@cache
def _zones(language: str) -> list[tuple[str, str]]:
    best: dict[str, str] = {}
    for zone in sorted(zoneinfo.available_timezones()):
        if "/" in zone and not zone.startswith("Etc/"):
            name = _name(zone, language)
            best[name] = max(best.get(name, zone), zone, key=_apt)
    return sorted(((zone, name) for name, zone in best.items()), key=lambda one: _plain(one[1]))


@cache
def _name(zone: str, language: str) -> str:
    from babel import Locale  # some megabytes, for pages that few open
    from babel.core import get_global
    from babel.dates import get_timezone_location

    locale = Locale.parse(to_locale(language))
    canonical = get_global("zone_aliases").get(zone, zone)
    country = locale.territories.get(get_global("zone_territories").get(canonical, ""))
    if "/" not in zone or country is None:
        return zone.rpartition("/")[2].replace("_", " ")
    city = get_timezone_location(zone, locale=locale, return_city=True).rpartition("/")[2]
    return city if city == country else f"{city}, {country}"


def _apt(zone: str) -> tuple[bool, int]:
    """Of names of one zone: the one that says the city itself, and among those the more exact."""
    city = _plain(_name(zone, "en").partition(",")[0])
    return _plain(zone.rpartition("/")[2].replace("_", " ")) == city, len(zone)


def _plain(text: str) -> str:
    spelled = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in spelled if not unicodedata.combining(one))
