"""What the types of language models ask for."""

from __future__ import annotations

from byoc.contracts.fields import Field, TypeSpec


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


WEB = {"https": 443, "http": 80}
ROLES = ("primary", "fallback", "embedding")

_KEY = Field("key", _("Key"), "secret", required=True, most=4_000)
_OWN_KEY = Field(
    "key", _("Key"), "secret", most=4_000, help=_("Leave it empty where the server asks for none.")
)
_MODEL = Field(
    "model", _("Model"), required=True, most=120, help=_("As the service names it, for example gpt-5.4-mini.")
)
_TIMES = (
    Field("connect_seconds", _("Seconds to connect"), "int", default=5, least=1, most=60),
    Field("first_seconds", _("Seconds to the first word"), "int", default=60, least=1, most=600),
    Field("idle_seconds", _("Seconds of silence afterwards"), "int", default=30, least=1, most=600),
    Field("total_seconds", _("Seconds for a whole answer"), "int", default=300, least=1, most=3_600),
    Field("attempts", _("Attempts before the first word"), "int", default=3, least=1, most=10),
)
_LIMITS = (
    Field("requests_per_minute", _("Requests a minute"), "int", least=1, most=1_000_000),
    Field("tokens_per_minute", _("Tokens a minute"), "int", least=1, most=1_000_000_000),
    Field("places", _("Answers at the same time"), "int", least=1, most=10_000),
)


def _address(usual: str, *, required: bool = False) -> Field:
    return Field("url", _("Address"), "url", required=required, default=usual, most=600)


def _type(name: str, label: str, *fields: Field) -> TypeSpec:
    return TypeSpec("llm", name, label, (*fields, *_TIMES, *_LIMITS), ROLES, WEB)


TYPES = (
    _type("openai", "OpenAI", _address("https://api.openai.com/v1"), _KEY, _MODEL),
    _type(
        "azure", "Azure OpenAI",
        Field("url", _("Address"), "url", required=True, most=600,
              help=_("That of the resource, for example https://name.openai.azure.com.")),
        _KEY, _MODEL,
        Field("api_version", _("Version of the API"), default="2024-10-21", required=True, most=40),
    ),
    _type(
        "google", "Google Gemini", _address("https://generativelanguage.googleapis.com"), _KEY, _MODEL,
        Field("api_version", _("Version of the API"), default="v1beta", required=True, most=40),
    ),
    _type("anthropic", "Anthropic", _address("https://api.anthropic.com"), _KEY, _MODEL),
    _type(
        "custom", _("Another that speaks OpenAI's protocol"),
        Field("url", _("Address"), "url", required=True, most=600,
              help=_("With /v1 where the server has it.")),
        _OWN_KEY, _MODEL,
    ),
    _type(
        "local", _("On your own network"),
        Field("url", _("Address"), "url", required=True, most=600,
              help=_("An operator has to grant an address that is not public.")),
        _OWN_KEY, _MODEL,
    ),
)  # fmt: skip
