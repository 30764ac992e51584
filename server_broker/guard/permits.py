"""Numbers that may be published all the same: one person asks with a reason, another one agrees, either may end it."""

import unicodedata
from datetime import datetime

from django.db import IntegrityError, transaction

from protocol.decisions import Decided
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import record, told_reason
from server_broker.decisions.stream import decide
from server_broker.guard.check_digits import is_identity, passes_luhn
from server_broker.guard.models import Permit
from server_broker.regions.models import Region

FEWEST_DIGITS, MOST_DIGITS = 7, 25
LONGEST_OWNER = 40
_CARD_LENGTHS = range(16, 20)


class PermitRefused(Exception):
    """Nothing changed. The message is Chinese."""


def digits_of(written: str) -> str:
    """Return a number as digits, however it is written; empty if there is anything else in it."""
    plain = unicodedata.normalize("NFKC", written).upper()
    kept = "".join(sign for sign in plain if sign not in " -()_.·—/\t")
    return kept if kept.isascii() and (kept.isdecimal() or (kept[:-1].isdecimal() and kept[-1] == "X")) else ""


def ask_permit(number: str, *, owner: str, region: Region, reason: str, actor: str, at: datetime) -> Permit:
    """Ask that a number may be published in a region.

    Raises:
        PermitRefused: It is no number, surely that of a person or a card, or somebody asked for it before.
    """
    digits = digits_of(number)
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        raise PermitRefused(f"号码须是 {FEWEST_DIGITS} 到 {MOST_DIGITS} 位数字")
    if _is_a_persons(digits):
        raise PermitRefused("身份证号和银行卡号不能公开，谁也不能放行，请从内容里删掉")
    owner, reason = " ".join(owner.split()), told_reason(reason, refused=PermitRefused)
    if not 0 < len(owner) <= LONGEST_OWNER:
        raise PermitRefused(f"请写明是谁的号码，最多 {LONGEST_OWNER} 个字")
    try:
        with transaction.atomic():
            permit = Permit.objects.create(
                number=digits, owner=owner, region=region, reason=reason, asked_by=actor, asked_at=at
            )
            _decided("permit.asked", permit, actor, reason)
    except IntegrityError as error:
        raise PermitRefused("这个号码在这里已经有人申请过了") from error
    return permit


def agree_permit(permit: Permit, *, reason: str, actor: str, at: datetime) -> None:
    """Agree that a number may be published. From then on the guard lets it pass in its region.

    Raises:
        PermitRefused: It no longer waits.
        OwnAffair: The actor asked for it.
    """
    reason = told_reason(reason, refused=PermitRefused)
    with transaction.atomic():
        row = _locked(permit)
        if row.agreed_at is not None:
            raise PermitRefused("已经有人同意过了")
        refuse_own_affair(actor, asked_by=row.asked_by)
        row.agreed_by, row.agreed_at, row.agreed_reason = actor, at, reason
        row.save(update_fields=["agreed_by", "agreed_at", "agreed_reason"])
        _decided("permit.agreed", row, actor, reason)


def end_permit(permit: Permit, *, reason: str, actor: str, at: datetime) -> None:
    """Refuse a number, or end that it may be published. What was published stays until somebody withdraws it.

    Raises:
        PermitRefused: It has ended already.
    """
    reason = told_reason(reason, refused=PermitRefused)
    with transaction.atomic():
        row = _locked(permit)
        row.ended_by, row.ended_at, row.ended_reason = actor, at, reason
        row.save(update_fields=["ended_by", "ended_at", "ended_reason"])
        _decided("permit.ended", row, actor, reason)


def _locked(permit: Permit) -> Permit:
    row = Permit.objects.select_for_update().get(pk=permit.pk)
    if row.ended_at is not None:
        raise PermitRefused("已经取消了")
    return row


def _decided(action: str, permit: Permit, actor: str, reason: str) -> None:
    # The number stands in the row alone: the log can only grow.
    entry = record(actor, action, str(permit.pk), {"reason": reason, "region": permit.region_id})
    decide(entry, Decided(action=action, subject=str(permit.pk)), [permit])


def _is_a_persons(digits: str) -> bool:
    if len(digits) == 18 and is_identity(digits):
        return True
    return len(digits) in _CARD_LENGTHS and digits.isdecimal() and digits.startswith("62") and passes_luhn(digits)
