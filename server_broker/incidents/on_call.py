"""值守表: who is on call on which days, the days on which nobody is, and a telephone that is sealed and masked."""

import re
import unicodedata
from collections.abc import Collection
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from server_broker.accounts.models import User
from server_broker.accounts.powers import ROLES_WITH, Power, may
from server_broker.accounts.scope import Viewer, in_scope, regions_of, scope
from server_broker.audit.log import Detail, record, told_reason
from server_broker.incidents.models import OnCall
from server_broker.people.number_forms import masked
from server_broker.regions.models import region_chain
from server_broker.trust.sealing import SealBroken, make_sealing_key, seal, unseal

LOOK_AHEAD_DAYS = 14
MAX_AHEAD_DAYS = 366
MAX_TELEPHONE = 20
_TELEPHONE = re.compile(r"\+?[0-9][0-9-]{5,18}[0-9]")
_WHOLE_MOBILE = 11


class OnCallRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


def turns_seen_by(viewer: Viewer) -> QuerySet[OnCall]:
    """Return the turns of the viewer's region, of those around it, and of those in it."""
    own = scope(viewer)
    if own is None:
        return OnCall.objects.none()
    around = OnCall.objects.filter(region__code__in=region_chain(own))
    inside = OnCall.objects.filter(region__in=regions_of(viewer).values("identity"))
    return (around | inside).select_related("user", "region")


def on_call_today(viewer: Viewer, *, today: date) -> list[OnCall]:
    """Return who is on call today for the viewer's region or one around it, the nearest region first."""
    own = scope(viewer)
    if own is None:
        return []
    chain = region_chain(own)
    found = OnCall.objects.filter(region__code__in=chain, first_day__lte=today, last_day__gte=today)
    return sorted(found.select_related("user", "region"), key=lambda turn: (-chain.index(turn.region.code), turn.pk))


def gaps(turns: Collection[OnCall], *, today: date) -> list[tuple[date, date]]:
    """Return the spans, first and last day, of the next `LOOK_AHEAD_DAYS` on which nobody is on call."""
    spans: list[tuple[date, date]] = []
    for day in (today + timedelta(days=ahead) for ahead in range(LOOK_AHEAD_DAYS)):
        if any(turn.first_day <= day <= turn.last_day for turn in turns):
            continue
        if spans and spans[-1][1] == day - timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def accounts_for(editor: User) -> QuerySet[User]:
    """Return the accounts that may be put on call by ``editor``: open ones of its regions that see stations."""
    found = User.objects.filter(region__in=regions_of(editor), role__in=ROLES_WITH[Power.SEE_FLEET], is_active=True)
    return found.select_related("region").order_by("region", "username")


def add_turn(
    editor: User, *, account: User | None, first_day: date | None, last_day: date | None, telephone: str, today: date
) -> OnCall:
    """Put an account on call for the editor's region.

    Raises:
        OnCallRefused: A day or the account is missing or not possible, the telephone is none, or it is on call already.
    """
    region = editor.region
    if not may(editor, Power.EDIT_ON_CALL) or region is None:
        raise OnCallRefused("您不能改值守表")
    if account is None or not accounts_for(editor).filter(pk=account.pk).exists():
        raise OnCallRefused("请选管辖范围内能看站点的账号")
    if first_day is None or last_day is None or not first_day <= last_day:
        raise OnCallRefused("请写明从哪天到哪天，后一天不能早于前一天")
    if last_day < today or last_day > today + timedelta(days=MAX_AHEAD_DAYS):
        raise OnCallRefused("值守的日子要在今天到一年以内")
    number = _telephone(telephone)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=account.pk)
        if OnCall.objects.filter(
            user=account, region=region, first_day__lte=last_day, last_day__gte=first_day
        ).exists():
            raise OnCallRefused("这个账号那几天已经在值守")
        turn = OnCall.objects.create(user=account, region=region, first_day=first_day, last_day=last_day)
        if number:
            make_sealing_key(settings.HOME)
            turn.telephone = seal(settings.HOME, number.encode(), of=_of(turn))
            turn.save(update_fields=["telephone"])
        detail: Detail = {"from": str(first_day), "to": str(last_day), "region": region.code}
        record(editor.get_username(), "on_call.set", account.get_username(), detail)
    return turn


def remove_turn(editor: User, turn: OnCall) -> None:
    """Take a turn off the list, with its telephone.

    Raises:
        OnCallRefused: It is not the editor's to change.
    """
    if not may(editor, Power.EDIT_ON_CALL) or not in_scope(editor, turn.region.code):
        raise OnCallRefused("这一条不归您改")
    with transaction.atomic():
        detail: Detail = {"from": str(turn.first_day), "to": str(turn.last_day), "region": turn.region.code}
        record(editor.get_username(), "on_call.removed", turn.user.get_username(), detail)
        turn.delete()


def masked_telephone(turn: OnCall) -> str:
    """Return the telephone as pages show it; empty if there is none."""
    if not turn.telephone:
        return ""
    try:
        number = _opened(turn)
    except SealBroken:
        return "打不开"
    # The mask for mobile numbers would show a short number whole.
    return masked(number) if len(number) >= _WHOLE_MOBILE else f"{'*' * (len(number) - 3)}{number[-3:]}"


def shown_telephone(turn: OnCall, *, viewer: User, reason: str) -> str:
    """Return the telephone in full, and put on record who asked for it and why.

    Raises:
        OnCallRefused: The reason says nothing, there is no telephone, or it does not open.
    """
    told = told_reason(reason, refused=OnCallRefused)
    if not turn.telephone:
        raise OnCallRefused("没有登记电话")
    try:
        number = _opened(turn)
    except SealBroken as error:
        raise OnCallRefused("密钥打不开这个号码：请从备份恢复 trust 文件夹") from error
    record(viewer.get_username(), "on_call.number_seen", turn.user.get_username(), {"reason": told})
    return number


def _opened(turn: OnCall) -> str:
    return unseal(settings.HOME, turn.telephone, of=_of(turn)).decode()


def _of(turn: OnCall) -> str:
    return f"telephone of turn {turn.pk}"


def _telephone(written: str) -> str:
    plain = re.sub(r"[\s()（）]", "", unicodedata.normalize("NFKC", written[: 4 * MAX_TELEPHONE]))
    if plain and not _TELEPHONE.fullmatch(plain):
        raise OnCallRefused("电话只写数字和短横，7 到 20 位；不填也可以")
    return plain
