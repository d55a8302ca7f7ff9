"""Metadata of an identity provider with a real certificate."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def metadata(*, days: int = 365, certificate: bool = True, location: str = "https://127.0.0.1/sso") -> str:
    """As a provider publishes it; its certificate ends in so many days."""
    plain = f"<d:X509Certificate>{_certificate(days)}</d:X509Certificate>"
    key = f"<d:KeyInfo><d:X509Data>{plain}</d:X509Data></d:KeyInfo>"
    described = f'<m:KeyDescriptor use="signing">{key}</m:KeyDescriptor>' if certificate else ""
    return (
        '<?xml version="1.0"?><m:EntityDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata"'
        ' xmlns:d="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example/entity">'
        '<m:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{described}<m:SingleSignOnService"
        f' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{location}"/>'
        "</m:IDPSSODescriptor></m:EntityDescriptor>"
    )


def _certificate(days: int) -> str:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
