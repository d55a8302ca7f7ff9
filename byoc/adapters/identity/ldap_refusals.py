"""What to change, by what ldap3 raised or the directory answered; its own words are told to nobody."""

from __future__ import annotations

from byoc.adapters.identity.base import Refused, _, refused

#: Results that ldap3 does not raise (RFC 4511, 4.1.9).
TIME_LIMIT, SIZE_LIMIT, REFERRAL = 3, 4, 10


def of_signing_in(error: Exception) -> Refused:
    """Why nobody was let in."""
    from ldap3.core import exceptions as known

    if isinstance(error, known.LDAPInvalidDNSyntaxResult | known.LDAPInvalidDnError):
        sentence = _("The directory cannot read the user. Enter its whole name (DN).")
        return refused("unauthorized", sentence, "bind_dn")
    if isinstance(
        error,
        known.LDAPInvalidCredentialsResult
        | known.LDAPInappropriateAuthenticationResult
        | known.LDAPNoSuchObjectResult
        | known.LDAPUnwillingToPerformResult
        | known.LDAPPasswordIsMandatoryError
        | known.LDAPUserNameIsMandatoryError,
    ):
        return nobody_let_in()
    return _of_the_network(error)


def nobody_let_in() -> Refused:
    sentence = _("The directory refuses the user or the password. Check both.")
    return refused("unauthorized", sentence, "password")


def not_encrypted() -> Refused:
    sentence = _("The directory does not encrypt here. Let it offer StartTLS, or enter its ldaps:// address.")
    return refused("not_encrypted", sentence, "url")


def of_reading(error: Exception) -> Refused:
    """Why its people cannot be read."""
    from ldap3.core import exceptions as known

    if isinstance(
        error, known.LDAPNoSuchObjectResult | known.LDAPInvalidDNSyntaxResult | known.LDAPInvalidDnError
    ):
        return no_base()
    if isinstance(error, known.LDAPInvalidFilterError):
        return refused("bad_request", _("The filter cannot be read. Check its brackets."), "filter")
    if isinstance(error, known.LDAPInsufficientAccessRightsResult):
        sentence = _("The user may not read there. Let it read the search base.")
        return refused("unauthorized", sentence, "bind_dn")
    if isinstance(error, known.LDAPAdminLimitExceededResult):  # too many, or no pages at all
        sentence = _(
            "The directory refuses a page of so many entries. Enter fewer, or let the user read pages."
        )
        return refused("page_refused", sentence, "page_size")
    return _of_the_network(error)


def no_base() -> Refused:
    sentence = _("There is no such search base in the directory. Check it.")
    return refused("no_base", sentence, "base")


def _of_the_network(error: Exception) -> Refused:
    if "certificate" in str(error).lower():
        sentence = _("No encrypted connection could be made. Check the directory's certificate and its name.")
        return refused("not_certified", sentence, "url")
    return refused(
        "unreachable", _("The directory does not answer. Check address, port and firewall."), "url"
    )
