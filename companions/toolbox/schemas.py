"""A tool's schema for its arguments: refused where it lies, and arguments that do not fit it.

A schema is judged before anything is checked by it: it names nothing outside of itself, does not go round
in circles, does not grow when its references are followed, and runs no expression that could take forever
(those are RE2's; what RE2 does not know is left to the server to check). Its library is loaded with the
first schema.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

#: Bytes of a schema, how deep it may be, and how many parts it has once its references are followed.
MOST_BYTES, DEEPEST, MOST_PARTS = 32 * 1024, 24, 4_000
#: Bytes of the arguments of one call.
MOST_ARGUMENTS = 64 * 1024
#: Bytes that one expression may need once it is compiled.
MOST_MEMORY = 4 << 20
#: References that are found out only while something is checked.
_MOVING = ("$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor")
#: Below these, keys are names that the tool chose, not words of the language.
_NAMES = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
#: Below these, everything is data.
_DATA = frozenset({"enum", "const", "default", "examples", "required"})


class BadSchema(Exception):
    """`code` is one of the reasons that `companions.tool_words` has words for."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def judged(schema: Any) -> dict[str, Any]:
    """The schema as it is kept, without what says where it is from. Raises BadSchema."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise BadSchema("no_object")
    if _depth(schema) > DEEPEST:
        raise BadSchema("too_deep")
    text = json.dumps(schema, ensure_ascii=False)
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise BadSchema("too_large")
    if "\\u0000" in text or any("\ud800" <= one <= "\udfff" for one in text):  # nobody can keep them
        raise BadSchema("bad_schema")
    kept = {name: value for name, value in schema.items() if name != "$id"}
    _walk(kept)
    _is_one(kept)
    return kept


def misfit(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with the arguments, in English with the path to it; None where they fit."""
    if _depth(arguments) > 2 * DEEPEST:
        return "they are nested too deeply"
    if len(json.dumps(arguments, ensure_ascii=False).encode(errors="replace")) > MOST_ARGUMENTS:
        return "they are too long"
    from jsonschema.exceptions import best_match
    from referencing import Registry

    try:
        error = best_match(_validator(schema)(schema, registry=Registry()).iter_errors(arguments))
    except (RecursionError, ValueError, TypeError):
        return "they could not be checked"
    if error is None:
        return None
    path = "".join(f"[{one!r}]" if isinstance(one, int) else f".{one}" for one in error.absolute_path)
    return f"arguments{path}: {error.message}"[:300]


def _depth(value: Any) -> int:
    """How deep it is nested; stops counting soon after what is allowed anywhere."""
    level, deep = [value], 0
    while level and deep <= 3 * DEEPEST:
        level = [below for one in level for below in _below(one)]
        deep += 1
    return deep


def _below(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _is_one(schema: dict[str, Any]) -> None:
    from jsonschema import FormatChecker, SchemaError

    try:
        _validator(schema).check_schema(schema, format_checker=FormatChecker(formats=()))
    except (SchemaError, RecursionError, ValueError, TypeError):
        raise BadSchema("bad_schema") from None


def _walk(root: dict[str, Any]) -> None:
    """Every part with its references followed; raises BadSchema where that does not end soon."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    parts = 0
    while waiting:
        part, followed = waiting.pop()
        parts += 1
        if parts > MOST_PARTS:
            raise BadSchema("too_large")
        if isinstance(part, dict):
            waiting += [(one, followed) for one in _parts(part)]
            waiting += [(one, (*followed, ref)) for ref, one in _referred(root, part, followed)]
        elif isinstance(part, list):
            waiting += [(one, followed) for one in part]


def _parts(part: dict[str, Any]) -> Iterator[Any]:
    for word, value in part.items():
        if word in _MOVING or word == "$id":
            raise BadSchema("outward")
        if word == "patternProperties":
            raise BadSchema("pattern_names")
        if word.lower() == "x-mcp-header":
            raise BadSchema("in_headers")
        if word in _NAMES and isinstance(value, dict):
            yield from value.values()
        elif word not in _DATA:
            yield value


def _referred(
    root: dict[str, Any], part: dict[str, Any], followed: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    ref = part.get("$ref")
    if ref is None:
        return
    if not isinstance(ref, str) or not ref.startswith("#"):
        raise BadSchema("outward")
    if ref in followed or ref in ("#", "#/"):
        raise BadSchema("circle")
    yield ref, _at(root, ref)


def _at(root: Any, ref: str) -> Any:
    """What a JSON pointer names inside the schema."""
    if not ref.startswith("#/"):
        raise BadSchema("bad_ref")
    for step in ref[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(root, dict) or name not in root:
            raise BadSchema("bad_ref")
        root = root[name]
    return root


def _validator(schema: Mapping[str, Any]) -> Any:
    """Of the version of JSON Schema that it says it is, with expressions of ours."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend, validator_for

    return extend(validator_for(schema, default=Draft202012Validator), {"pattern": _pattern})


def _pattern(validator: Any, expression: Any, instance: Any, schema: Any) -> Iterator[Exception]:
    from jsonschema import ValidationError

    if not isinstance(instance, str) or not isinstance(expression, str):
        return
    known = _compiled(expression)
    if known is not None and known.search(instance) is None:
        yield ValidationError(f"{instance!r} does not match {expression!r}")


@functools.lru_cache(maxsize=256)
def _compiled(expression: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors, options.max_mem = False, MOST_MEMORY
    try:
        return re2.compile(expression, options)
    except re2.error:
        return None
