"""Time zones are chosen by the place people know."""

from __future__ import annotations

import zoneinfo

import pytest
from django.utils.translation import override

from humana.kernel.zones import zone_name, zones
from tenants.forms_settings import with_zone


@pytest.mark.parametrize(
    ("language", "zone", "told"),
    [
        ("pt-br", "America/Sao_Paulo", "São Paulo, Brasil"),
        ("en", "America/Sao_Paulo", "Sao Paulo, Brazil"),
        ("pt-br", "Europe/Lisbon", "Lisboa, Portugal"),
        ("pt-br", "America/Argentina/Buenos_Aires", "Buenos Aires, Argentina"),
        ("pt-br", "Asia/Kolkata", "Kolkata, Índia"),
        ("pt-br", "Brazil/East", "São Paulo, Brasil"),
        ("en", "Asia/Singapore", "Singapore"),
        ("en", "UTC", "UTC"),
        ("en", "America/Nowhere_Known", "Nowhere Known"),
    ],
)
def test_a_zone_is_called_by_its_city_and_country(language: str, zone: str, told: str) -> None:
    with override(language):
        assert zone_name(zone) == told


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_each_place_is_offered_once_by_name(language: str) -> None:
    with override(language):
        offered = zones()
    names = [name for _zone, name in offered]
    assert len(names) == len(set(names)) > 350
    assert {zone for zone, _name in offered} <= zoneinfo.available_timezones()
    assert {"America/Sao_Paulo", "America/New_York", "Asia/Kolkata", "Europe/Kyiv"} <= dict(offered).keys()
    assert not [name for name in names if "/" in name or "_" in name]


def test_what_was_chosen_by_another_name_stays_chosen() -> None:
    with override("pt-br"):
        offered = with_zone("Brazil/East")
        assert offered[0] == ("Brazil/East", "São Paulo, Brasil")
        assert [one for one, name in offered if name == "São Paulo, Brasil"] == ["Brazil/East"]
        assert with_zone("America/Bahia") == with_zone("") == zones()
