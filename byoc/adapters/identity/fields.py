"""What the types of identity ask for."""

from __future__ import annotations

from byoc.contracts.fields import Field, TypeSpec


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


_WEB = {"https": 443, "http": 80}

OIDC = TypeSpec(
    "identity", "oidc", "OpenID Connect",
    (
        Field("url", _("Issuer"), "url", required=True, most=600, help=_(
            "As the provider writes it, for example https://login.example.com/tenant."
        )),
        Field("client_id", _("Client"), required=True, most=400),
        Field("client_secret", _("Secret of the client"), "secret", required=True, most=4_000),
    ),
    ("sso",), _WEB,
)  # fmt: skip
SAML = TypeSpec(
    "identity", "saml", "SAML",
    (
        Field("url", _("Address of the metadata"), "url", most=600, help=_(
            "Either this, or the metadata itself below."
        )),
        Field("metadata", _("Metadata (XML)"), "lines", most=200_000),
        Field("entity_id", _("Entity"), most=600, help=_(
            "Which one, where the metadata describes several: its entityID."
        )),
    ),
    ("sso",), _WEB,
)  # fmt: skip
SCIM = TypeSpec(
    "identity", "scim", "SCIM",
    (
        Field("url", _("Address"), "url", required=True, most=600, help=_(
            "The base, for example https://directory.example.com/scim/v2."
        )),
        Field("token", _("Bearer token"), "secret", required=True, most=4_000),
    ),
    ("directory",), _WEB,
)  # fmt: skip
LDAP = TypeSpec(
    "identity", "ldap", "LDAP",
    (
        Field("url", _("Address"), "url", required=True, most=600, help="ldaps://directory.example.com"),
        Field("bind_dn", _("User"), required=True, sealed=True, most=400, help=_("Its whole name (DN).")),
        Field("password", _("Password"), "secret", required=True, most=1_000),
        Field("base", _("Search base"), required=True, most=400, help="ou=people,dc=example,dc=com"),
        Field("filter", _("Filter"), default="(objectClass=person)", most=400),
        Field("page_size", _("Entries a page"), "int", default=500, least=1, most=1_000),
        Field("authority", _("Certificate of the authority (PEM)"), "lines", most=20_000, help=_(
            "Only where the server's certificate is by an authority of your own."
        )),
    ),
    ("sso", "directory"), {"ldaps": 636, "ldap": 389},
)  # fmt: skip

TYPES = (OIDC, SAML, SCIM, LDAP)
