"""OpenID Connect: what the provider says of itself, and the keys that it signs with."""

from __future__ import annotations

from collections.abc import AsyncIterator

from byoc.adapters.identity import fields
from byoc.adapters.identity.base import Looked, _, refused
from byoc.contracts import Finding

#: Signatures that we would accept: by a key pair, and none that the client's secret makes.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
NAMED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OIDC(Looked):
    """The issuer's discovery document and its keys."""

    asks = fields.OIDC

    async def _look(self) -> AsyncIterator[Finding]:
        issuer = self.spec.url
        document = await self.fetched_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            sentence = _("The provider calls itself “%(issuer)s”. Enter exactly that as the issuer.")
            raise refused("another_issuer", sentence, "url", issuer=str(document.get("issuer"))[:200])
        for name in NAMED:
            await self.judged(document.get(name), name)
        keys = await self._keys(str(document["jwks_uri"]))  # who has none names no method either
        told = document.get("id_token_signing_alg_values_supported")
        known = (
            ALGORITHMS.intersection(one for one in told if isinstance(one, str))
            if isinstance(told, list)
            else ()
        )
        if not known:
            sentence = _("The provider signs with no method that we accept. Let it use RS256 or ES256.")
            raise refused("no_algorithm", sentence)
        yield Finding("fact", "algorithms", ", ".join(sorted(known)))
        yield keys
        methods = document.get("code_challenge_methods_supported")
        if isinstance(methods, list) and "S256" not in methods:
            yield Finding("warn", "no_pkce", _("The provider does not support PKCE (S256). Let it do so."))

    async def _keys(self, url: str) -> Finding:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        document = await self.fetched_json(url)
        try:
            keys = KeySet.import_key_set(document)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise refused(
                "no_keys", _("The provider's keys cannot be read. See what its jwks_uri gives.")
            ) from None
        usable = [one for one in keys.keys if one.key_type in {"RSA", "EC", "OKP"}]
        if not usable:
            raise refused(
                "no_keys", _("The provider publishes no key that signs. See what its jwks_uri gives.")
            )
        return Finding("fact", "keys", _("%(count)d keys"), {"count": len(usable)})
