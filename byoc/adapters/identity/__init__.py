"""Where a customer's people sign in, and the directory that knows them.

oidc, saml, scim, ldap   one adapter per protocol
base                     findings and health, one document fetched within limits
fields                   what each type asks for
"""

from __future__ import annotations

from collections.abc import Callable

from byoc.adapters.identity.ldap import LDAP
from byoc.adapters.identity.oidc import OIDC
from byoc.adapters.identity.saml import SAML
from byoc.adapters.identity.scim import SCIM
from byoc.contracts import EndpointSpec, IdentityAdapter
from humana.kernel import egress
from humana.kernel.registry import Registry

Maker = Callable[[EndpointSpec, egress.Guard], IdentityAdapter]

#: The adapter for each `EndpointSpec.type`. The contract suite runs over all of them.
ADAPTERS: Registry[Maker] = Registry("type of identity")
ADAPTERS.add("oidc", OIDC)
ADAPTERS.add("saml", SAML)
ADAPTERS.add("scim", SCIM)
ADAPTERS.add("ldap", LDAP)


def make(spec: EndpointSpec, guard: egress.Guard) -> IdentityAdapter:
    """The adapter for `spec`. Raises Misconfigured; dials nothing yet."""
    return ADAPTERS.get(spec.type)(spec, guard)
