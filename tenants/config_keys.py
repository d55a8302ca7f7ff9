"""What is configured of organizations, sessions and sign-in."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.utils.translation import gettext, npgettext_lazy
from django.utils.translation import gettext_lazy as _

from humana.kernel.errors import Invalid
from tenants.config.catalogue import declare
from tenants.config.kinds import Line, OneOf, Open, Whole, YesNo
from tenants.config.spoken import Seconds

_UPPER = "global organization"


def _known_zone(zone: str) -> None:
    if zone and zone not in zoneinfo.available_timezones():
        message = gettext("There is no such time zone. Write it as America/Sao_Paulo.")
        raise Invalid(message, field="value", code="unknown_time_zone")


SESSION_AGE = declare(
    "session.max_age",
    Seconds(60, 30 * 86_400, _("seconds")),
    default=30 * 86_400,
    label=_("Longest session"),
    help=_("Whoever signed in longer ago than this signs in again."),
    layers=f"{_UPPER} team user",
    caps=_UPPER,
    floors="global",
    effect="every page, API call by session and stream (`tenants/middleware.py`, `tenants/sessions.py`)",
)
LANGUAGE = declare(
    "tenant.language",
    Open(OneOf(tuple(settings.LANGUAGES)), _("as the browser asks")),
    default=None,
    label=_("Language of the pages"),
    help=_("For members who have not chosen one themselves."),
    layers=f"{_UPPER} team",
    effect="pages of members without a language of their own (`tenants/customs.py`)",
)
TIME_ZONE = declare(
    "tenant.time_zone",
    Line(64),
    default="",
    label=_("Time zone of the pages"),
    help=_("For members who have not chosen one themselves, such as America/Sao_Paulo."),
    layers=f"{_UPPER} team",
    check_further=_known_zone,
    effect="times on pages of members without a time zone of their own (`tenants/customs.py`)",
)
PASSWORD_LENGTH = declare(
    "authentication.password_length",
    Whole(8, 64, npgettext_lazy("unit", "character", "characters")),
    default=10,
    label=_("Shortest password"),
    help=_("Of passwords chosen from now on. Who is in several organizations follows the strictest."),
    layers=_UPPER,
    floors="global",
    effect="choosing a password (`tenants/passwords.py`)",
)
TWO_STEP = declare(
    "authentication.two_step",
    YesNo(),
    default=False,
    label=_("Members must use two-step sign-in"),
    help=_("Whoever signs in with a password needs a code from an app too, from their next step on."),
    layers=_UPPER,
    effect="every page, API call by session and stream of members with a password (`tenants/two_step.py`);"
    " keys are no sign-ins",
)
KEY_DAYS = declare(
    "authentication.key_days",
    Open(Whole(1, 3_650, npgettext_lazy("unit", "day", "days")), _("without end")),
    default=None,
    label=_("Longest life of an API key"),
    help=_("In days, of keys made from now on. Empty: a key may last until it is revoked."),
    layers=_UPPER,
    caps="global",
    effect="making an API key (`tenants/services/keys.py`)",
)
ENCRYPTION_LEVEL = declare(
    "encryption.level",
    OneOf(
        (("standard", _("As the regulations ask")), ("sealed", _("All of it must be sealed"))), ordered=True
    ),
    default="standard",
    label=_("Encryption of the trail"),
    help=_("Whether every entry is marked as one that must be kept sealed, whatever the regulations ask."),
    layers=_UPPER,
    floors="global",
    effect="entries of the trail, `encryption_required` (`audit/services/trail.py`); where all is sealed,"
    " search in chats keeps no words (`chats/searching.py`)",
)
STATEMENT_SECONDS = declare(
    "database.statement_seconds",
    Seconds(1, 600, _("seconds")),
    default=60,
    label=_("Time for one statement"),
    help=_("How long one statement may take in a database of your own."),
    layers=_UPPER,
    caps="global",
    effect="PostgreSQL and MariaDB of one organization (`tenants/db/statement_time.py`); SQLite has none",
)
