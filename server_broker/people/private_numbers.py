"""Keep people's identity and mobile numbers sealed, find a person by one, and show one to whoever says why."""

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from protocol.decisions import Decided, PersonChanged
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.people.models import NumberSeen, Person, PersonRecord, PrivateNumber
from server_broker.people.number_forms import WORDS, NumberKind, masked
from server_broker.trust.number_keys import (
    NumberKeys,
    kept_keys,
    make_number_keys,
    prepare_next,
    present_keys,
    put_in_force,
)
from server_broker.trust.sealing import SealBroken, seal_bytes, unseal_bytes

KEPT_AFTER_LEAVING = dt.timedelta(days=365)
LOST = "密钥打不开号码：请从备份恢复 trust 文件夹里的 numbers.key"
IS_ANOTHERS = "身份证号已登记在另一个人名下，请核对是不是同一个人"
_LOCK = 0x6E756D62
"""Key of PostgreSQL's advisory lock: "numb". Whoever seals holds a share of it until COMMIT; who changes keys, all."""
_AT_A_TIME = 1_000


class NumberRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def sealing_keys() -> NumberKeys:
    """Return the keys to seal with until this transaction ends. The first ones are made.

    Raises:
        NumberRefused: There are sealed numbers, and their keys are lost.
    """
    _lock(shared=True)
    if not PrivateNumber.objects.exists():
        make_number_keys(settings.HOME)
    try:
        return present_keys(settings.HOME)
    except SealBroken as error:
        raise NumberRefused(LOST) from error


def seal_into(row: PrivateNumber, number: str, keys: NumberKeys) -> PrivateNumber:
    """Put a number into its row, which the caller saves."""
    row.sealed = seal_bytes(keys.sealing, number.encode(), of=_of(row))
    row.index, row.key = keys.index_of(row.kind, number), keys.id
    return row


def opened(row: PrivateNumber, kept: dict[str, NumberKeys]) -> str:
    """Return the number of a row.

    Raises:
        SealBroken: Its key is lost, or somebody has changed or exchanged it in the database.
    """
    if row.key not in kept:
        raise SealBroken("the keys of a number are lost")
    return unseal_bytes(kept[row.key].sealing, bytes(row.sealed), of=_of(row)).decode()


def _of(row: PrivateNumber) -> str:
    return f"{row.kind} {row.person_id} {row.version}"


def set_number(person: Person, kind: NumberKind, number: str, *, actor: str, reason: str) -> None:
    """Have this be the person's number, in its one form (`number_forms.read_number`). The one before is erased.

    Raises:
        NumberRefused: It is so already, it is another person's, or the keys are lost.
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    try:
        with transaction.atomic():
            keys = sealing_keys()
            Person.objects.select_for_update().get(pk=person.pk)
            row = PrivateNumber.objects.filter(person=person, kind=kind).first()
            if row is None:
                row = PrivateNumber(person=person, kind=kind)
            elif _is(row, number):
                raise NumberRefused(f"{WORDS[kind]}本来就是这个")
            else:
                row.version += 1
            seal_into(row, number, keys).save()
            detail: Detail = {"kind": kind, "reason": reason}
            entry = record(actor=actor, action="person.number_set", subject=person.number, detail=detail)
            decide(entry, PersonChanged(person=person.pk), [row])
    except IntegrityError as error:
        raise NumberRefused(f"这个{IS_ANOTHERS}") from error


def _is(row: PrivateNumber, number: str) -> bool:
    try:
        return opened(row, kept_keys(settings.HOME)) == number
    except SealBroken:  # whatever it was, it is replaced
        return False


def erase_number(person: Person, kind: NumberKind, *, actor: str, reason: str) -> None:
    """Erase a person's number.

    Raises:
        NumberRefused: There is none.
        OwnAffair: The actor is this person.
    """
    refuse_own_affair(actor, [person.pk])
    with transaction.atomic():
        row = PrivateNumber.objects.select_for_update().filter(person=person, kind=kind).first()
        if row is None:
            raise NumberRefused(f"没有登记{WORDS[kind]}")
        PrivateNumber.objects.filter(pk=row.pk).delete()
        detail: Detail = {"kind": kind, "reason": reason}
        entry = record(actor=actor, action="person.number_erased", subject=person.number, detail=detail)
        decide(entry, PersonChanged(person=person.pk), [row])


def reveal(person: Person, kind: NumberKind, *, account: User, reason: str, now: dt.datetime) -> str:
    """Return a person's number in full, and keep who has seen it and why, for the person and for the auditor.

    Raises:
        NumberRefused: There is none, or it does not open.
    """
    with transaction.atomic():
        row = PrivateNumber.objects.filter(person=person, kind=kind).first()
        if row is None:
            raise NumberRefused(f"没有登记{WORDS[kind]}")
        try:
            number = opened(row, kept_keys(settings.HOME))
        except SealBroken as error:
            raise NumberRefused(LOST) from error
        region = account.region.name if account.region is not None else ""
        seen = NumberSeen.objects.create(
            person=person,
            kind=kind,
            at=now,
            account=account.get_username(),
            office=f"{region} {account.role_word}".strip(),
            reason=reason,
        )
        detail: Detail = {"kind": kind, "reason": reason}
        action = "person.number_seen"
        entry = record(actor=account.get_username(), action=action, subject=person.number, detail=detail)
        decide(entry, Decided(action=action, subject=person.number), [seen])
    return number


def people_with(kind: NumberKind, number: str, *, among: QuerySet[Person]) -> QuerySet[Person]:
    """Return the people who have exactly this number."""
    indexes = [keys.index_of(kind, number) for keys in kept_keys(settings.HOME).values()]
    held = PrivateNumber.objects.filter(kind=kind, index__in=indexes)
    return among.filter(pk__in=held.values("person"))


def masks_of(person: Person) -> dict[NumberKind, str]:
    """Return the person's numbers as pages show them, by kind. What does not open is shown as a sentence."""
    kept = kept_keys(settings.HOME)
    rows = {row.kind: row for row in PrivateNumber.objects.filter(person=person)}
    return {kind: _mask(rows[kind], kept) for kind in WORDS if kind in rows}


def _mask(row: PrivateNumber, kept: dict[str, NumberKeys]) -> str:
    try:
        return masked(opened(row, kept))
    except SealBroken:
        return "打不开"


def replace_number_keys(*, actor: str, reason: str) -> int:
    """Seal every number by new keys and index it anew, and return how many there are. The old keys are gone then.

    Cut off at any point, it is completed by the next call.

    Raises:
        NumberRefused: A number does not open by the keys that are there. The keys stay as they are.
    """
    home = settings.HOME
    with transaction.atomic():
        # Before the new keys are there, so that whoever seals from now on waits, and then finds them.
        _lock(shared=False)
        kept, new = kept_keys(home), prepare_next(home)
        rows = PrivateNumber.objects.exclude(key=new.id).order_by("pk")
        count = 0
        try:
            while some := list(rows[:_AT_A_TIME]):
                for row in some:
                    seal_into(row, opened(row, kept), new)
                PrivateNumber.objects.bulk_update(some, ["sealed", "index", "key"])
                count += len(some)
        except SealBroken as error:
            raise NumberRefused(LOST) from error
        entry = record(actor, "county.number_keys_replaced", "", {"reason": reason[:200], "count": count})
        decide(entry, Decided(action="county.number_keys_replaced"))
    put_in_force(home)
    return count


def erase_numbers_of_gone(now: dt.datetime) -> int:
    """Erase the numbers of people who left long ago, and return how many were erased."""
    gone = PersonRecord.objects.known().filter(left=True, valid_from__lte=now - KEPT_AFTER_LEAVING).at(now)
    rows = PrivateNumber.objects.filter(person__in=gone.values("subject")).select_related("person")
    return sum(1 for row in rows if _erased(row))


def _erased(row: PrivateNumber) -> bool:
    kind: NumberKind = "identity" if row.kind == "identity" else "mobile"
    erase_number(row.person, kind, actor="service", reason="离开已满一年")
    return True


def _lock(*, shared: bool) -> None:
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
