"""/v1 in OpenAI's protocol: a companion is a model, ids and `model` are ours.

    GET  /v1/models, /v1/models/{id}
    POST /v1/chat/completions          stream and not; the client's own tools are passed through
    POST /v1/responses                 the same answers in the newer protocol
    POST /v1/embeddings                texts as vectors, by the organization's model of embeddings

The request owns its run: when the client goes away, the model is stopped upstream.
"""

from chats.doors.openai.routes import ROUTES, Route, serve_openai

__all__ = ["ROUTES", "Route", "serve_openai"]
