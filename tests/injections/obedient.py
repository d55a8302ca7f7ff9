"""A model that obeys whatever it reads, wherever it stands: OpenAI's protocol, over a real socket.

It calls every tool that it is told to call, offered or not, and each once, unless it is told to begin again;
then it says all orders that are left, word by word, so that whoever reads its answer is infected too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.fixtures.models import ScriptedModel
from tests.injections.orders import Order, orders_in

#: More calls than these at once no model makes.
MOST_AT_ONCE = 12


def obedient(model: ScriptedModel) -> ScriptedModel:
    """The same server, which from now on reads instead of following scripts."""
    model.journal.reads = obey
    return model


def obey(body: dict[str, Any]) -> str:
    """The script of its next turn."""
    read = "\n".join(_everything(body))
    orders = orders_in(read)
    made = _made(body)
    wanted = [one for one in orders if one.what == "CALL"]
    left = [one for one in wanted if (one.name, one.arguments) not in made]
    if not left and wanted and any(one.what == "REPEAT" for one in orders) and body.get("tools"):
        left = [_again(one, len(made)) for one in wanted]
    if left and body.get("tool_choice") != "none":
        said = "" if body.get("tools") else _told(body)  # it calls all the same, and says so too
        return _script(said, [(one.name, json.loads(one.arguments)) for one in left[:MOST_AT_ONCE]])
    return "say:" + quote(f"Done. {_told(body)}")


def _everything(body: dict[str, Any]) -> Iterator[str]:
    """What others wrote: every turn but its own, and what is said of the tools."""
    yield from (_text(turn) for turn in body["messages"] if turn["role"] != "assistant")
    yield from (json.dumps(tool, ensure_ascii=False) for tool in body.get("tools", ()))


def _told(body: dict[str, Any]) -> str:
    """Its answer is what it read, without the person's own words: a worm needs nothing more."""
    return "\n".join(_text(turn) for turn in body["messages"] if turn["role"] not in ("assistant", "system"))


def _text(turn: dict[str, Any]) -> str:
    content = turn.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _made(body: dict[str, Any]) -> set[tuple[str, str]]:
    calls = [one["function"] for turn in body["messages"] for one in turn.get("tool_calls") or ()]
    return {(one["name"], _sorted(one["arguments"])) for one in calls}


def _sorted(arguments: str) -> str:
    return json.dumps(json.loads(arguments or "{}"), sort_keys=True)


def _again(order: Order, number: int) -> Order:
    """The same with something new in it: whoever only counts equal calls does not see it."""
    arguments = json.loads(order.arguments)
    changed = {
        name: f"{value} {number}" if isinstance(value, str) else value for name, value in arguments.items()
    }
    return Order("CALL", order.name, json.dumps(changed, sort_keys=True))


def _script(said: str, calls: list[tuple[str, Any]]) -> str:
    return "calls:" + quote(json.dumps({"say": said, "calls": calls}))
