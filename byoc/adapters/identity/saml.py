"""SAML: metadata of the identity provider, by address or as it was pasted; and when its certificate ends."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from byoc.adapters.identity import fields
from byoc.adapters.identity.base import Looked, _, refused
from byoc.contracts import Finding

_MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_KEY = "{http://www.w3.org/2000/09/xmldsig#}"


class SAML(Looked):
    """Nothing in the metadata is asked: its addresses are only judged."""

    asks = fields.SAML

    async def _look(self) -> AsyncIterator[Finding]:
        entity = _entity(_parsed(await self._metadata()), str(self.spec.options.get("entity_id") or ""))
        yield Finding("fact", "entity", "%(entity)s", {"entity": entity.get("entityID", "")[:300]})
        provider = entity.find(f"{_MD}IDPSSODescriptor")
        if provider is None:
            sentence = _("The metadata is not that of an identity provider: it has no IDPSSODescriptor.")
            raise refused("no_provider", sentence, "metadata")
        services = provider.findall(f"{_MD}SingleSignOnService")
        if not services:
            raise refused("no_sign_in", _("The metadata names no SingleSignOnService."), "metadata")
        for one in services:
            await self.judged(one.get("Location"), "SingleSignOnService")
        yield _judged(_certificates(provider))

    async def _metadata(self) -> bytes:
        pasted = str(self.spec.options.get("metadata") or "")
        if pasted:
            return pasted.encode()
        if not self.spec.url:
            raise refused(
                "not_configured", _("Give the address of the metadata, or the metadata itself."), "url"
            )
        return await self.fetched(self.spec.url)


def _parsed(document: bytes) -> Any:
    """Entities and document types are refused: they reach for files and addresses, and grow without end."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise refused("malformed", _("The metadata cannot be read as XML."), "metadata") from None


def _entity(root: Any, wanted: str) -> Any:
    found = [root] if root.tag == f"{_MD}EntityDescriptor" else root.findall(f".//{_MD}EntityDescriptor")
    named = [one for one in found if one.get("entityID") and wanted in ("", one.get("entityID"))]
    if not named:
        sentence = _("The metadata names no such entity (entityID). Check the field Entity.")
        raise refused("no_entity", sentence, "entity_id")
    if len(named) > 1:
        raise refused("several", _("The metadata describes several entities. Say which one."), "entity_id")
    return named[0]


def _certificates(provider: Any) -> list[Any]:
    """Those that answers are signed with. Raises Refused where there is none."""
    from cryptography.x509 import load_der_x509_certificate

    found = []
    for key in provider.findall(f"{_MD}KeyDescriptor"):
        if key.get("use") in (None, "signing"):
            for one in key.iter(f"{_KEY}X509Certificate"):
                try:
                    plain = base64.b64decode("".join((one.text or "").split()), validate=True)
                    found.append(load_der_x509_certificate(plain))
                except (binascii.Error, ValueError):
                    sentence = _("A certificate in the metadata cannot be read.")
                    raise refused("malformed", sentence, "metadata") from None
    if not found:
        sentence = _("The metadata has no certificate that answers are signed with.")
        raise refused("no_certificate", sentence, "metadata")
    return found


def _judged(certificates: list[Any]) -> Finding:
    """By the one that lasts longest: an old one may stand beside its successor. How long before its end it is
    warned of is the organization's to say (`sso.certificate_days`)."""
    now = datetime.now(UTC)
    begun = [one for one in certificates if one.not_valid_before_utc <= now]
    if not begun:
        raise refused("not_yet_valid", _("The certificate in the metadata is not valid yet."), "metadata")
    ends = max(one.not_valid_after_utc for one in begun)
    told = {"day": f"{ends:%Y-%m-%d}", "expires_at": ends}
    if ends <= now:
        sentence = _(
            "The certificate ended on %(day)s. Let the provider renew it, then enter its metadata anew."
        )
        raise refused("expired", sentence, "metadata", **told)
    return Finding("fact", "certificate", _("The certificate is valid until %(day)s."), told)
