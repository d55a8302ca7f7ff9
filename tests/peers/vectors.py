"""Vectors of the scripted model: the same for the same text, and longer than 1."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Any

DIMENSIONS = 8


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    digest = hashlib.sha256(text.encode()).digest()
    return [float(byte) - 128.0 for byte in digest[:dimensions]]


def embedded(body: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's answer to `input`, or Google's to `requests`."""
    if "requests" in body:
        texts = [request["content"]["parts"][0]["text"] for request in body["requests"]]
        return {"embeddings": [{"values": vector(text)} for text in texts]}
    dimensions = int(body.get("dimensions", DIMENSIONS))
    packed = body.get("encoding_format") == "base64"
    data = [
        {
            "index": number,
            "embedding": _packed(vector(text, dimensions)) if packed else vector(text, dimensions),
        }
        for number, text in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": sum(len(text.split()) for text in body["input"])}
    return {"object": "list", "data": list(reversed(data)), "model": body["model"], "usage": usage}


def _packed(numbers: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
