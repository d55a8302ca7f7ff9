"""Values to YAML as a person would write it: one order, long texts in blocks, no anchors and no tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

#: The version of the format; what reads it says which it knows.
FORMAT = 1
_HEAD = f"""\
# The structure of an organization, as Humana exports and imports it (docs/structure-file.md).
# What an entry does not say stays as it is. Things are named, never numbered.
humana: {FORMAT}
"""
#: Characters of one line; a longer text stands in a block of its own.
LONG = 80
#: Line ends that a block would not bring back as they were.
_ODD_ENDS = frozenset("\r\x85\u2028\u2029")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists stand a step to the right of what they are of."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not _ODD_ENDS.isdisjoint(text):
        style = '"'
    elif "\n" in text or len(text) > LONG:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(told: Any) -> str:
    """The same told gives the same text, to the character."""
    text: str = yaml.dump(
        told, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False
    )
    return text


def whole(sections: Mapping[str, Any]) -> str:
    """The file: its head, then each section with a line between."""
    return "\n".join([_HEAD, *(dump({name: told}) for name, told in sections.items())])
