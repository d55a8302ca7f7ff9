"""What the types of monitoring ask for."""

from __future__ import annotations

from byoc.contracts.fields import Field, TypeSpec


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


WEB = {"https": 443, "http": 80}
ROLES = ("metrics", "logs", "alerts")
_TRACES = Field("traces", _("Traces go there too"), "bool", default=True)
TYPES = (
    TypeSpec("monitoring", "datadog", "Datadog", (
        Field("url", _("Address"), "url", default="https://api.datadoghq.com", required=True, most=600),
        Field("key", _("API key"), "secret", required=True, most=400),
        Field("api_version", _("Version of the API"), "choice", default="v2",
              choices=(("v1", "v1"), ("v2", "v2"))),
        Field("otlp_url", _("Address of the agent"), "text", most=600,
              help=_("The OTLP port of your Datadog agent, for example https://agent.example:8443. Without "
                     "one, traces, metrics and logs are not sent.")),
        _TRACES,
    ), ROLES, WEB),
    TypeSpec("monitoring", "newrelic", "New Relic", (
        Field("url", _("Address"), "url", default="https://otlp.nr-data.net", required=True, most=600),
        Field("key", _("License key"), "secret", required=True, most=400),
        _TRACES,
    ), ROLES, WEB),
    TypeSpec("monitoring", "grafana", "Grafana Cloud", (
        Field("url", _("Address"), "url", required=True, most=600,
              help=_("That of the OTLP gateway, with its path.")),
        Field("instance", _("Instance"), required=True, most=40),
        Field("key", _("Token"), "secret", required=True, most=400),
        Field("alerts_url", _("Address of Alertmanager"), "text", most=600),
        _TRACES,
    ), ROLES, WEB),
    TypeSpec("monitoring", "custom", _("Another that speaks OTLP"), (
        Field("url", _("Address"), "url", required=True, most=600),
        Field("header_name", _("Name of the header with the key"), default="Authorization", most=80),
        Field("key", _("What the header says"), "secret", most=400),
        Field("alerts_url", _("Address of Alertmanager"), "text", most=600),
        _TRACES,
    ), ROLES, WEB),
    TypeSpec("monitoring", "webhook", _("Signed webhooks"), (
        Field("url", _("Address"), "url", required=True, most=600),
        Field("key", _("Secret to sign with"), "secret", required=True, most=200,
              help=_("At least 24 random bytes in base64, with or without “whsec_” before it.")),
    ), ("alerts",), WEB),
)  # fmt: skip
