"""The second factor: a time-based one-time password (RFC 6238) from a telephone.

System and security administrators must show it before any page opens. Other accounts must show it before they use a
power that needs it (`powers.PROVEN`), such as a command to a station or a live view. The device is set up at the first
use. If a telephone is lost, a recovery code counts instead (`accounts.recovery`). Without one somebody at the county's
machine resets it (``cunhui-server reset-second-factor``).
"""

import base64
import hashlib
import math
import secrets

import segno
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_otp import verify_token

from protocol.decisions import AccessReset
from server_broker.accounts.models import RecoveryCode, Role, SecondFactor, User
from server_broker.accounts.powers import PROVEN, may
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.trust.sealing import make_sealing_key

NEEDED_BEFORE_ANY_PAGE = (Role.SYSTEM, Role.SECURITY)
TOKEN_DIGITS = 6
SECRET_BYTES = 20
"""As RFC 4226 (section 4) recommends."""
MOST_BEGUN = 8
"""Most unfinished set-ups of one account."""


def is_due(user: User) -> bool:
    """Return whether accounts of this role must show the second factor before any page opens."""
    return user.role in NEEDED_BEFORE_ANY_PAGE


SET, RESET = "account.second_factor_set", "account.second_factor_reset"
"""Of entries in the audit log."""


def is_of_use(user: User) -> bool:
    """Return whether this account has a power that needs the second factor."""
    return any(may(user, power) for power in PROVEN)


def device_of(user: User) -> SecondFactor | None:
    """Return the account's device, or None before its set-up is finished."""
    return SecondFactor.objects.filter(user=user, confirmed=True).order_by("pk").first()


def begin(user: User) -> SecondFactor:
    """Return a new device. It counts once a token of it was shown.

    Several sessions of one account may set up a device at the same time. The first one that shows a right token wins,
    and the others' set-ups are deleted. There may be `MOST_BEGUN` at a time; then the oldest is deleted. If each new
    one deleted all earlier ones, two sessions could keep each other from ever finishing.

    Raises:
        SealBroken: The county has lost the key with which it seals secrets.
    """
    with transaction.atomic():
        # Locked, so that two sessions don't count the same set-ups. Other rows that refer to the account need not wait
        # (``no_key``).
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        begun_before = SecondFactor.objects.filter(user=user, confirmed=False).order_by("-pk")
        SecondFactor.objects.filter(pk__in=list(begun_before.values_list("pk", flat=True)[MOST_BEGUN - 1 :])).delete()
        # While there is a device, a key that is missing was lost. A new one in its place would open no device.
        if not SecondFactor.objects.exists():
            make_sealing_key(settings.HOME)
        device: SecondFactor = SecondFactor.objects.create(
            user=user,
            confirmed=False,
            digits=TOKEN_DIGITS,
            key=SecondFactor.sealed(user, secrets.token_bytes(SECRET_BYTES)),
        )
        return device


def begun(user: User, pk: int | None) -> SecondFactor | None:
    """Return the device ``pk`` if its set-up is not finished yet."""
    return SecondFactor.objects.filter(user=user, confirmed=False, pk=pk).first()


def prove(user: User, device: SecondFactor, token: str) -> bool:
    """Return whether ``token`` is right now. The first right token finishes the device's set-up.

    django-otp accepts each token once, and makes a guesser wait longer after each wrong token. If two sessions set up a
    device at the same time, only the first counts. Otherwise a stranger's second device could stay unnoticed.

    Raises:
        SealBroken: The device's secret does not open.
    """
    with transaction.atomic():
        # Locked, so that two set-ups of one account that end at the same time are decided one after the other.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not device.confirmed and device_of(user) is not None:
            return False
        if verify_token(user, device.persistent_id, token) is None:  # type: ignore[no-untyped-call]
            return False
        if not device.confirmed:
            SecondFactor.objects.filter(pk=device.pk).update(confirmed=True)
            SecondFactor.objects.filter(user=user, confirmed=False).delete()
            # The digest tells the device from another one that somebody puts into the database.
            detail: Detail = {"account": user.pk, "device": mark_of(device)}
            entry = record(user.get_username(), SET, user.get_username(), detail)
            decide(entry, AccessReset(account=user.pk, means="second_factor"))
        record(user.get_username(), "account.signed_in", detail={"by": "second factor"})
    return True


def wait_s(device: SecondFactor) -> int:
    """Return for how many seconds no token of the device is looked at, because a wrong one was typed."""
    now = SecondFactor.objects.filter(pk=device.pk).first()  # a set-up that another session finished first is gone
    if now is None:
        return 0
    allowed, why = now.verify_is_allowed()
    until = None if allowed or why is None else why.get("locked_until")
    return 0 if until is None else max(1, math.ceil((until - timezone.now()).total_seconds()))


def token_is_right(user: User, token: str) -> bool:
    """Return whether ``token`` is right now, of the account's device. It counts once, as for `prove`.

    Raises:
        SealBroken: The device's secret does not open.
    """
    device = device_of(user)
    return device is not None and verify_token(user, device.persistent_id, token) is not None  # type: ignore[no-untyped-call]


def reset(user: User, *, actor: str) -> bool:
    """Delete the account's devices and recovery codes, so that its next sign-in sets up a new device.

    Returns:
        Whether there was a device.
    """
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        forgotten, _ = SecondFactor.objects.filter(user=user).delete()
        if forgotten:
            entry = record(actor, RESET, user.get_username(), {"account": user.pk})
            decide(entry, AccessReset(account=user.pk, means="second_factor"))
    return forgotten > 0


def mark_of(device: SecondFactor) -> str:
    """Return what the audit log knows a device by. Its secret has 160 random bits, so nobody finds it by a digest."""
    return hashlib.sha256(b"cunhui device 1\x00" + bytes(device.bin_key)).hexdigest()


def picture(device: SecondFactor) -> str:
    """Return a QR code (ISO/IEC 18004) as SVG, from which an authenticator app takes the secret and the account's name.

    It holds an address ``otpauth://totp/…``, as all such apps read it (Google Authenticator's "Key Uri Format").
    """
    code = segno.make(device.config_url, error="m", micro=False)
    return code.svg_inline(dark="#000", light="#fff", omitsize=True)


def secret_text(device: SecondFactor) -> str:
    """Return the device's secret for typing into an authenticator app: Base32 (RFC 4648) in groups of four."""
    text = base64.b32encode(device.bin_key).decode("ascii").rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
