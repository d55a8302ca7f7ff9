"""What the asynchronous door answers, told to OpenAPI: the events of a run."""

from __future__ import annotations

from typing import Any

EVENTS = "/api/v1/runs/{run_id}/events"
_EXAMPLE = """id: 1763925000000-0
event: state
data: {"state": "thinking"}

id: 1763925000400-0
event: text
data: {"text": "The budget"}

id: 1763925001000-0
event: tool
data: {"call": "4f1c02a9d", "name": "time__now", "state": "ok", "arguments": "{}", "said": "…", "ms": 12, …}

id: 1763925002000-0
event: done
data: {"state": "done", "error": null, "message_id": "0199…"}
"""


def document_events(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """A postprocessing hook: the route is no view of Django's."""
    reading = result["paths"]["/api/v1/runs/{run_id}/"]["get"]
    error = reading["responses"]["default"]
    stream = {"type": "string", "description": "Server-sent events."}
    result["paths"][EVENTS] = {
        "get": {
            "operationId": "followRun",
            "summary": "Follow an answer as it is written",
            "description": (
                "Server-sent events from the beginning, or from where `Last-Event-ID` left off. `state` says "
                "queued, waiting, thinking, switched or streaming; `text` is a piece of the answer; "
                "`tool` tells a use of a tool as a CallShape, again each time something becomes of it (while "
                "its `state` is asking, POST /api/v1/runs/{run_id}/calls/ allows or declines it); "
                "`saved` replaces all pieces before it by the whole text so far; "
                "`done` is the last one, or `refused`, with `code` and `message`, once the caller may no "
                "longer read. Reading never starts an answer, and closing the connection never stops one."
            ),
            "parameters": [
                *reading["parameters"],
                _parameter("Last-Event-ID", "header", "The id of the last event you have."),
                _parameter("after", "query", "The same, for clients that cannot send headers."),
            ],
            "tags": ["runs"],
            "security": reading["security"],
            "responses": {
                "200": {
                    "description": "The events of the run.",
                    "content": {
                        "text/event-stream": {"schema": stream, "examples": {"answer": {"value": _EXAMPLE}}}
                    },
                },
                "default": error,
            },
        }
    }
    return result


def _parameter(name: str, place: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": place, "description": description, "schema": {"type": "string"}}
