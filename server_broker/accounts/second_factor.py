"""The second factor: a time-based one-time password (RFC 6238) from a telephone.

Administrators, who make accounts or shut stations out, show it before any page. Everybody else shows it before a deed
that asks for it (`powers.PROVEN`): who lets stations in or shuts them out, orders, sets or looks into a room proves
more than a password. The first time sets the device up; a lost telephone is answered by whoever has the county's
machine (``cunhui-server reset-second-factor``), never by web.
"""

import base64

from django.db import transaction
from django_otp import verify_token
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts.models import Role, User
from server_broker.accounts.powers import PROVEN, may
from server_broker.audit.log import record

AT_THE_DOOR = (Role.SYSTEM, Role.SECURITY)
TOKEN_DIGITS = 6
MOST_BEGUN = 8
"""Set-ups of one account under way at once."""


def is_due(user: User) -> bool:
    """Return whether accounts of this role show a second factor before any page."""
    return user.role in AT_THE_DOOR


def is_of_use(user: User) -> bool:
    """Return whether a second factor opens anything for this account."""
    return any(may(user, power) for power in PROVEN)


def device_of(user: User) -> TOTPDevice | None:
    """Return the device that the account proves itself with, or None before the first set-up."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk").first()


def begin(user: User) -> TOTPDevice:
    """Return a new device that counts once a token of it was shown.

    Several sessions of one account may each have begun: the first that shows its token ends the others' set-up. Of
    `MOST_BEGUN` the oldest makes way. If each new one forgot those before it, sessions that begin in turn would keep
    one another from ever ending it.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        begun_before = TOTPDevice.objects.filter(user=user, confirmed=False).order_by("-pk")
        TOTPDevice.objects.filter(pk__in=list(begun_before.values_list("pk", flat=True)[MOST_BEGUN - 1 :])).delete()
        device: TOTPDevice = TOTPDevice.objects.create(user=user, confirmed=False, digits=TOKEN_DIGITS)
        return device


def begun(user: User, pk: int | None) -> TOTPDevice | None:
    """Return the device ``pk`` while its set-up is under way."""
    return TOTPDevice.objects.filter(user=user, confirmed=False, pk=pk).first()


def prove(user: User, device: TOTPDevice, token: str) -> bool:
    """Return whether ``token`` is the device's now; the first right one ends its set-up.

    django-otp lets each token count once and makes a guesser wait longer after each wrong one. Of two set-ups at once
    the first counts: a second device would stay with whoever holds it, unknown to the other.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not device.confirmed and device_of(user) is not None:
            return False
        if verify_token(user, device.persistent_id, token) is None:  # type: ignore[no-untyped-call]
            return False
        if not device.confirmed:
            TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
            TOTPDevice.objects.filter(user=user, confirmed=False).delete()
            record(user.get_username(), "account.second_factor_set", user.get_username())
        record(user.get_username(), "account.signed_in", detail={"by": "second factor"})
    return True


def reset(user: User, *, actor: str) -> bool:
    """Forget the account's devices, so that its next sign-in sets up a new one; return whether there was one."""
    with transaction.atomic():
        forgotten, _ = TOTPDevice.objects.filter(user=user).delete()
        if forgotten:
            record(actor, "account.second_factor_reset", user.get_username())
    return forgotten > 0


def secret_text(device: TOTPDevice) -> str:
    """Return the device's secret as people type it into an authenticator: Base32 (RFC 4648) in groups of four."""
    text = base64.b32encode(device.bin_key).decode("ascii").rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
