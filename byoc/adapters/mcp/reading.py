"""What a call gave, as text for a model: what is no text is described in brackets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock


def text_of(result: CallToolResult) -> str:
    """Its blocks, one below the other; where there are none, its data as JSON."""
    blocks = [_block(one) for one in result.content]
    if not blocks and result.structured_content is not None:
        blocks = [json.dumps(result.structured_content, ensure_ascii=False)]
    return "\n\n".join(blocks)


def _block(block: ContentBlock) -> str:
    readers: dict[str, Any] = {
        "text": lambda one: one.text,
        "image": lambda one: _binary("an image", one.mime_type, one.data),
        "audio": lambda one: _binary("a recording", one.mime_type, one.data),
        "resource_link": lambda one: f"[a link to a resource: {one.name}, {one.uri}]",
        "resource": lambda one: _resource(one.resource),
    }
    text: str = readers.get(block.type, lambda _: "[something that cannot be shown]")(block)
    return text


def _resource(resource: Any) -> str:
    if hasattr(resource, "text"):
        return f"[a resource: {resource.uri}]\n{resource.text}"
    return _binary(f"a resource: {resource.uri}", resource.mime_type, resource.blob)


def _binary(what: str, media_type: str | None, coded: str) -> str:
    """`coded` is base64: three bytes in four characters."""
    return f"[{what}, {media_type or 'of an unknown type'}, {len(coded) * 3 // 4} bytes, not shown]"
