"""Recovery codes: ten texts on paper, each of which counts once in place of a token of the second factor.

Who has lost the telephone shows one, and then sets up another telephone in the browser. Without them somebody at the
county's machine has to reset the second factor.
"""

import hashlib
import secrets
import unicodedata

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from protocol.decisions import AccessReset
from server_broker.accounts.models import RecoveryCode, SecondFactor, User
from server_broker.accounts.second_factor import device_of
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide

MADE = "account.recovery_codes_made"
"""Of entries in the audit log."""
CODES = 10
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without what looks alike on paper: 0 and O, 1 and I and L."""
CODE_LETTERS = 16
"""79 random bits: nobody finds a code by trying, here or on a copy of the database."""
_GROUP = 4
_SALT = "server_broker.accounts.recovery"


def make_codes(user: User) -> list[str]:
    """Return ten new codes, which are shown this once. The account's earlier ones count no more.

    Call this only in a session that has shown the second factor.
    """
    codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS)) for _ in range(CODES)]
    hashes = [_hash(user, code) for code in codes]
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=one) for one in hashes)
        detail: Detail = {"account": user.pk, "codes": mark_of_codes(hashes)}
        entry = record(user.get_username(), MADE, user.get_username(), detail)
        decide(entry, AccessReset(account=user.pk, means="second_factor"))
    return [grouped(code) for code in codes]


def codes_left(user: User) -> int:
    """Return how many codes of the account nobody has used."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def use_code(user: User, typed: str) -> SecondFactor | None:
    """Use a code, and return the account's device, for which it stands; None if it is wrong or used already."""
    with transaction.atomic():
        # Locked, so that of two uses at the same time one finds it used.
        code = (
            RecoveryCode.objects.select_for_update()
            .filter(user=user, code_hash=_hash(user, _letters(typed)), used_at=None)
            .first()
        )
        device = device_of(user)
        if code is None or device is None:
            return None
        code.used_at = timezone.now()
        code.save(update_fields=["used_at"])
        detail: Detail = {"by": "recovery code", "left": codes_left(user)}
        record(user.get_username(), "account.signed_in", detail=detail)
    return device


def looks_like_a_code(typed: str) -> bool:
    """Tell whether somebody typed a recovery code and not a token, which has six digits."""
    return len(_letters(typed)) == CODE_LETTERS


def grouped(code: str) -> str:
    """Return a code as it is shown: groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def mark_of_codes(hashes: list[str]) -> str:
    """Return what the audit log knows ten codes by, used or not, so that nobody adds one in the database."""
    return hashlib.sha256("\n".join(["cunhui recovery codes 1", *sorted(hashes)]).encode()).hexdigest()


def _letters(typed: str) -> str:
    plain = unicodedata.normalize("NFKC", typed[:64]).upper()
    return "".join(letter for letter in plain if letter in LETTERS)


def _hash(user: User, code: str) -> str:
    # With the county's secret, so that a copy of the database is not enough to make a row for a code of one's own.
    return salted_hmac(_SALT, f"{user.pk} {code}", algorithm="sha256").hexdigest()
