"""What a correction rests on besides the person's word: a snapshot, somebody who was there, a paper.

Whoever decides looks at it, so it is added while the request waits, and stays as it is. An officer writes it down, who
is not the person, because a telephone brings no files in.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import is_own_affair, refuse_own_affair
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import TouchRow, happened_between, touch_rows
from server_broker.audit.log import LEAST_REASON, Detail, record
from server_broker.decisions.stream import decide
from server_broker.guard.answers import reason_against
from server_broker.media.files import MediaFolder
from server_broker.media.holds import set_hold
from server_broker.media.models import Blob, LegalHold
from server_broker.media.uploads import UploadRefused, take_upload
from server_broker.requests.cases import SECOND, cases_here, of_county
from server_broker.requests.kinds import CORRECTION
from server_broker.requests.models import Answer, CountyRequest, Exhibit, ExhibitKind
from server_broker.requests.months import RULES_OWN
from server_broker.requests.reading import OPEN
from server_broker.requests.refused import RequestRefused

ADDED = "request.exhibit_added"
MOST = 6
"""Of one request."""
PAPER = "paper"
"""The purpose under which a file is judged and kept."""
_BEFORE, _AFTER = (dt.timedelta(minutes=count) for count in (RULES_OWN.open_before, RULES_OWN.open_after))
"""So long before and after a window somebody who touched was there."""
_MOST_TOUCHES = 60
_NOT_NEARBY = "没有这次打卡，或者离这个班太远"


@dataclass(frozen=True, slots=True)
class Nearby:
    """Somebody's touch around the window of a correction, with its picture."""

    row: TouchRow
    picture: Blob | None


type Chooses = Callable[[Nearby], bool]


def touches_nearby(asked: CountyRequest) -> list[Nearby]:
    """Return the dated touches around a correction's window at its village's stations, the first first."""
    if asked.window is None or asked.begin_at is None or asked.end_at is None:
        return []
    near = happened_between(asked.begin_at - _BEFORE, asked.end_at + _AFTER)
    touches = Touch.objects.filter(near, station__village=asked.window.village_id)
    rows = touch_rows(list(touches.select_related("station__village").order_by("wall", "pk")[:_MOST_TOUCHES]))
    pictures = {
        (blob.station_id, bytes(blob.about_epoch or b""), blob.about_seq): blob
        for blob in Blob.objects.filter(
            station__in={row.touch.station_id for row in rows},
            about_seq__in=[row.touch.seq for row in rows],
            viewable=True,
        )
    }
    found = [Nearby(row, pictures.get((row.touch.station_id, bytes(row.touch.epoch), row.touch.seq))) for row in rows]
    return sorted((one for one in found if one.row.dated), key=lambda one: one.row.at)


def witnesses_of(asked: CountyRequest | None) -> set[int]:
    """Return the keys of the people who bear witness in a correction. They do not decide it."""
    if asked is None or asked.kind != CORRECTION:
        return set()
    found = asked.exhibits.filter(kind=ExhibitKind.WITNESS, witness__isnull=False)
    return {pk for pk in found.values_list("witness", flat=True) if pk is not None}


def add_snapshot(asked: CountyRequest, touch: int, *, may_choose: Chooses, by: User, now: dt.datetime) -> Exhibit:
    """Have the picture of a touch nearby bear on a correction, and keep it from being deleted.

    Args:
        touch: Key of the touch.
        may_choose: Says whether the account sees what it would choose. What it does not see is not there for it.

    Raises:
        RequestRefused: The request waits for nobody, or there is no such picture.
        OwnAffair: It is the account's own request, or its own touch.
        HoldRefused: The picture is gone.
    """
    with transaction.atomic():
        asked = _locked(asked, by)
        one = _nearby(asked, touch, may_choose)
        if one.picture is None:
            raise RequestRefused("这次打卡没有图片")
        people = [] if one.row.person is None else [one.row.person.pk]
        refuse_own_affair(by.username, people)
        if not LegalHold.objects.filter(blob=one.picture, lifted_at=None).exists():
            set_hold(one.picture, reason=f"{asked.number} 号补卡的凭据", by=by, of=people, now=now)
        return _add(asked, _of_touch(asked, ExhibitKind.SNAPSHOT, one, by, now, blob=one.picture), by)


def add_witness(
    asked: CountyRequest, touch: int, *, may_choose: Chooses, note: str, by: User, now: dt.datetime
) -> Exhibit:
    """Have somebody who was there bear witness: their touch shows that they were, and the note what they say.

    Args:
        may_choose: As of `add_snapshot`.

    Raises:
        RequestRefused: The request waits for nobody, the touch is nobody's, the person's own or that of who has
            decided the first step, or nothing is said.
        OwnAffair: It is the account's own request.
    """
    with transaction.atomic():
        asked = _locked(asked, by)
        one = _nearby(asked, touch, may_choose)
        if one.row.person is None or one.row.outcome == "lost":
            raise RequestRefused("这次打卡不知道是谁，不能作证")
        if one.row.person.pk == asked.person_id:
            raise RequestRefused("本人不能给自己作证")
        if _has_decided(asked, one.row.person.pk):
            raise RequestRefused("他已经定过这条补卡，不能再作证；请别的在场的人作证")
        return _add(asked, _of_touch(asked, ExhibitKind.WITNESS, one, by, now, note=_said(asked, note)), by)


def add_paper(
    asked: CountyRequest, data: bytes, *, note: str, by: User, now: dt.datetime, folder: MediaFolder
) -> Exhibit:
    """Have a paper bear on a correction, as a picture or a PDF.

    Raises:
        RequestRefused: The request waits for nobody, nothing is said of the paper, or the file is none of these.
        OwnAffair: It is the account's own request.
    """
    with transaction.atomic():
        asked = _locked(asked, by)
        said = _said(asked, note)
        try:
            blob = take_upload(folder, data, purpose=PAPER, account=by, now=now)
        except UploadRefused as refused:
            raise RequestRefused(f"{refused}（可以是 JPEG、PNG 图片或 PDF）") from refused
        made = Exhibit(asked=asked, kind=ExhibitKind.PAPER, blob=blob, note=said, added_by=by.username, added_at=now)
        if asked.exhibits.filter(blob=blob).exists():
            raise RequestRefused("这份材料已经加过")
        return _add(asked, made, by)


def _locked(asked: CountyRequest, by: User) -> CountyRequest:
    """Return the request, locked as for a decision.

    Raises:
        RequestRefused: It is none that waits, or it has enough of them.
    """
    CountyRequest.objects.select_for_update(no_key=True).get(pk=asked.pk)
    (case,) = cases_here(of_county().filter(pk=asked.pk))
    here = case.here
    assert here is not None
    if here.kind != CORRECTION:
        raise RequestRefused("只有补卡要凭据")
    if case.state not in (OPEN, SECOND):
        raise RequestRefused("这一条已经定了或撤回了，不能再加凭据")
    refuse_own_affair(by.username, [here.person_id])
    if here.exhibits.count() >= MOST:
        raise RequestRefused(f"一条补卡最多 {MOST} 份凭据")
    return here


def _nearby(asked: CountyRequest, touch: int, may_choose: Chooses) -> Nearby:
    found = next((one for one in touches_nearby(asked) if one.row.touch.pk == touch), None)
    if found is None or not may_choose(found):
        raise RequestRefused(_NOT_NEARBY)
    return found


def _has_decided(asked: CountyRequest, person: int) -> bool:
    said = Answer.objects.filter(asked=asked).values_list("actor", "lender")
    return any(is_own_affair(account, [person]) for one in said for account in one if account)


def _of_touch(
    asked: CountyRequest,
    kind: ExhibitKind,
    one: Nearby,
    by: User,
    now: dt.datetime,
    *,
    blob: Blob | None = None,
    note: str = "",
) -> Exhibit:
    touch = one.row.touch
    if asked.exhibits.filter(kind=kind, station=touch.station_id, epoch=touch.epoch, seq=touch.seq).exists():
        raise RequestRefused("这一份凭据已经加过")
    return Exhibit(
        asked=asked,
        kind=kind,
        blob=blob,
        witness=one.row.person if kind == ExhibitKind.WITNESS else None,
        station_id=touch.station_id,
        epoch=touch.epoch,
        seq=touch.seq,
        touched_at=one.row.at,
        note=note,
        added_by=by.username,
        added_at=now,
    )


def _said(asked: CountyRequest, note: str) -> str:
    said = " ".join(note.split())[:200]
    if len(said) < LEAST_REASON:
        raise RequestRefused("请写明这份凭据说明什么（至少 4 个字）")
    if against := reason_against(said, [asked.person.village_id]):
        raise RequestRefused(against)
    return said


def _add(asked: CountyRequest, made: Exhibit, by: User) -> Exhibit:
    made.save()
    detail: Detail = {"kind": str(made.kind), "number": asked.number}
    entry = record(by.username, ADDED, f"c{asked.pk}", detail)
    decide(entry, Decided(action=ADDED, subject=f"c{asked.pk}"), [made])
    return made
