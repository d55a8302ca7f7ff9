"""What is entered of a server of tools, clean: its address, a command's name, a token, a header."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from byoc.databases import in_words
from byoc.tools import command_names
from humana.kernel.egress import Origin
from humana.kernel.errors import Invalid
from humana.kernel.text import clean_line

LONGEST_SECRET, LONGEST_PATH = 4_000, 400
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_USUAL_PORT = {"http": 80, "https": 443}
#: Headers that say how a request travels, or that the protocol itself sets.
OURS = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length",
    "content-type", "cookie", "expect", "forwarded", "host", "keep-alive", "last-event-id", "origin", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
})  # fmt: skip
#: The same, by how they begin.
OURS_TOO = ("mcp-", "proxy-", "sec-", "x-forwarded-")


def address(url: object) -> tuple[str, str]:
    """Origin and path; Invalid or EgressRefused for what two parsers could read differently."""
    text = clean_line(url, field="url", limit=LONGEST_PATH + 280)
    with in_words():
        origin = Origin.of(text)
    parts = urlsplit(text)
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise Invalid(_("Leave out what comes after “?” or “#” in the address."), field="url")
    if len(parts.path) > LONGEST_PATH:
        raise Invalid(_("The path is too long."), field="url", code="too_long")
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    usual = _USUAL_PORT[origin.scheme] == origin.port
    return f"{origin.scheme}://{host}" + ("" if usual else f":{origin.port}"), parts.path


def command(name: object) -> str:
    """The name of a program that the installation offers; nothing else is ever run."""
    if not isinstance(name, str) or name not in command_names():
        message = _("This installation has no command of this name. Choose one of what is offered.")
        raise Invalid(message, field="command", code="unknown_command")
    return name


def token(value: object) -> str:
    """One word, sent as it is."""
    return _sendable(value, "token")


def header(name: object, value: object) -> tuple[str, str]:
    """Name and value of a header, sent as they are; an empty value forgets it."""
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        message = _("The name of a header has letters, digits and hyphens, at most 64.")
        raise Invalid(message, field="headers", code="bad_header")
    if name.lower() in OURS or name.lower().startswith(OURS_TOO):
        message = _("The header %(name)s is not yours to set.") % {"name": name}
        raise Invalid(message, field="headers", code="reserved_header")
    return name.title(), _sendable(value, "headers") if value != "" else ""


def short_name(name: str) -> str:
    """What the names of its tools begin with: small letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].strip("-") or "tools"


def _sendable(value: object, field: str) -> str:
    text = value.strip() if isinstance(value, str) else value
    if (
        not isinstance(text, str)
        or not text
        or not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", text)
    ):
        message = _("Only visible characters of ASCII can be sent in a header.")
        raise Invalid(message, field=field, code="bad_characters")
    if len(text) > LONGEST_SECRET:
        raise Invalid(_("This is too long."), field=field, code="too_long")
    return text
