"""What is configured of models, storage, databases, monitoring and their health."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext, npgettext_lazy
from django.utils.translation import gettext_lazy as _

from humana.kernel.errors import Invalid
from tenants.config.catalogue import declare
from tenants.config.kinds import Line, Listed, Number, Open, Paragraph, Whole, YesNo
from tenants.config.spoken import Bytes, Seconds

_UPPER = "global organization"


def _addresses(lines: tuple[str, ...]) -> None:
    for line in lines:
        try:
            validate_email(line)
        except ValidationError:
            message = gettext("This is not an e-mail address: %(address)s") % {"address": line}
            raise Invalid(message, field="value", code="not_an_address") from None


DEFAULT_MODEL = declare(
    "llm.default_model",
    Line(120),
    default="",
    label=_("Usual model"),
    help=_("For companions that name no model of their own. Empty: the first that is connected."),
    layers=f"{_UPPER} team",
    team_of="companion",
    effect="answers of companions (`companions/choosing.py`)",
)
ALLOWED_MODELS = declare(
    "llm.allowed_models",
    Open(Listed(), _("every model")),
    default=None,
    label=_("Models that may answer"),
    help=_("One on each line, by the name of the model or its endpoint. Unset: every model."),
    layers=f"{_UPPER} team",
    caps=_UPPER,
    team_of="companion",
    effect="answers of companions (`companions/choosing.py`)",
)
MAX_UPLOAD_BYTES = declare(
    "storage.max_upload_bytes",
    Bytes(1_024, 5 * 1024**3),
    default=50 * 1024**2,
    label=_("Largest file"),
    help=_("What is larger is refused as it comes in."),
    layers=_UPPER,
    caps="global",
    effect="every file that comes in, but for exports (`byoc/storage.py`)",
)
LINK_SECONDS = declare(
    "storage.link_seconds",
    Seconds(10, 7 * 86_400, _("seconds")),
    default=300,
    label=_("Life of a link to a file"),
    help=_("How long a signed link opens."),
    layers=_UPPER,
    caps=_UPPER,
    effect="every link to a file that is given out from then on (`byoc/storage.py`)",
)
EXPORT = declare(
    "monitoring.export",
    YesNo(),
    default=True,
    label=_("Send telemetry to your monitoring"),
    help=_("Spans, metrics and logs of this organization go to its own monitoring endpoint."),
    layers=_UPPER,
    effect="where telemetry goes (`byoc/telemetry/destinations.py`); off: as if none had been brought",
)
SAMPLE_RATE = declare(
    "monitoring.sample_rate",
    Number(0, 1),
    default=1.0,
    label=_("Share of requests that are traced"),
    help=_("From 0 (none) to 1 (each)."),
    layers=_UPPER,
    caps="global",
    effect="spans that are sent (`byoc/telemetry/destinations.py`)",
)
CERTIFICATE_DAYS = declare(
    "sso.certificate_days",
    Whole(1, 365, npgettext_lazy("unit", "day", "days")),
    default=30,
    label=_("Warn before a certificate expires"),
    help=_("How many days before a sign-in certificate expires the health report and a notice say so."),
    layers=_UPPER,
    floors="global",
    effect="report, notice and validation of sign-in endpoints (`byoc/expiring.py`)",
)
MAINTENANCE = declare(
    "infrastructure.maintenance",
    Paragraph(500),
    default="",
    label=_("Maintenance window"),
    help=_("When work is done on your infrastructure, in your words; goes into notices."),
    layers=_UPPER,
    effect="letters and webhooks (`byoc/services/notices.py`)",
)
NOTIFY = declare(
    "infrastructure.notify",
    Listed(most=20, limit=254),
    default=(),
    label=_("Whom to notify"),
    help=_("E-mail addresses, one on each line, that hear of failures, failovers and maintenance."),
    layers=_UPPER,
    check_further=_addresses,
    effect="notices to customers (`byoc/services/notices.py`)",
)
FAILOVER_AUTOMATIC = declare(
    "infrastructure.failover_automatic",
    YesNo(),
    default=True,
    label=_("Change over by itself"),
    help=_("When an endpoint fails, the next one takes over without anybody's doing."),
    layers=_UPPER,
    effect="failover (`byoc/services`)",
)
PROBE_SECONDS = declare(
    "infrastructure.probe_seconds",
    Seconds(10, 3_600, _("seconds")),
    default=60,
    label=_("Time between probes"),
    help=_("How often each endpoint is asked whether it is well."),
    layers=_UPPER,
    floors="global",
    effect="probes (`byoc/services/health.py`)",
)
BAD_PROBES = declare(
    "infrastructure.bad_probes",
    Whole(1, 20, npgettext_lazy("unit", "probe", "probes")),
    default=3,
    label=_("Bad probes until it counts as down"),
    help=_("In a row. More is calmer, fewer is quicker."),
    layers=_UPPER,
    effect="health (`byoc/services`)",
)
GOOD_PROBES = declare(
    "infrastructure.good_probes",
    Whole(1, 20, npgettext_lazy("unit", "probe", "probes")),
    default=2,
    label=_("Good probes until it counts as well again"),
    help=_("In a row. More is calmer, fewer is quicker."),
    layers=_UPPER,
    effect="health (`byoc/services`)",
)
