"""Whoever lost their second step is let in without one again, by somebody who may answer for it."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from humana.kernel.errors import Conflict, NotAllowed
from tenants.devices import sign_out_elsewhere
from tenants.models import ApiKey, Membership, User
from tenants.permissions import MEMBERS
from tenants.ranks import judge_touch
from tenants.services.members import hold_owners
from tenants.services.structuring import hold, judge
from tenants.transactions import control_atomic
from tenants.two_step import has_second_step, tell


def reset_second_step(*, member: Membership, who: Membership, key: ApiKey | None = None) -> None:
    """Their app and recovery codes count no more, and they are signed out everywhere: the password alone
    lets them in, until they set it up again.

    NotAllowed for oneself, for who may more, and for somebody who signs in for more than this organization:
    nobody here may answer for the others (`forget_second_step` is for operators). Conflict where there is
    none.
    """
    judge(member, MEMBERS)
    with control_atomic():
        hold_owners()
        row = hold(Membership, who.id)
        judge_touch(member, row, key=key)
        user = row.user
        if user.is_staff or _elsewhere(row):
            message = _(
                "This person does not sign in for this organization alone: ask an operator of Humana."
            )
            raise NotAllowed(message, code="not_only_here")
        forget_second_step(user=user)


def forget_second_step(*, user: User) -> None:
    """The same for anybody; who may is the caller's to see to."""
    with control_atomic():
        if not has_second_step(user.id):
            raise Conflict(_("This person has no second step."), code="no_second_step")
        Authenticator.objects.filter(user=user).delete()
        tell(user, "reset")
        sign_out_elsewhere(user)


def _elsewhere(row: Membership) -> bool:
    return Membership.objects.filter(user=row.user_id).exclude(id=row.id).exists()
