"""Of tests with many cases alike, some run every time and all of them with the batteries.

`@pytest.mark.in_turn(5)` keeps every fifth case of a test; the others become batteries. Cases that walk round
something themselves, pairs of placements for one, take a number without a common divisor, or it would be the
same few pairs each time.
"""

from __future__ import annotations

from collections import Counter

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "in_turn(n): every n-th case runs every time, all with the batteries")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before `-m` chooses."""
    seen: Counter[tuple[str, str]] = Counter()
    for item in items:
        turn = item.get_closest_marker("in_turn")
        if turn is None or item.get_closest_marker("battery"):
            continue
        name = (item.nodeid.partition("::")[0], getattr(item, "originalname", item.name))
        if seen[name] % turn.args[0]:
            item.add_marker(pytest.mark.battery)
        seen[name] += 1
