"""What a correction rests on: a picture that is held, somebody who was there, a paper; until it is decided."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.attendance.models import Touch
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.media.files import MediaFolder
from server_broker.media.holds import set_hold
from server_broker.media.models import Blob, LegalHold
from server_broker.people.models import Person
from server_broker.requests.asking import Wish
from server_broker.requests.cases import case_of
from server_broker.requests.deciding import decide_case, prospect
from server_broker.requests.exhibits import ADDED, MOST, Nearby, add_paper, add_snapshot, add_witness, touches_nearby
from server_broker.requests.models import CountyRequest, Deputy, Exhibit, Outcome
from server_broker.requests.months import NoMonths
from server_broker.requests.refused import RequestRefused
from tests.cast import (
    COUNTY_OFFICER,
    LI,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    TOWNSHIP_OFFICER,
    UNKNOWN_CARD,
    YANGBAN,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, snapshot, touch, user_of
from tests.server_broker.picture_sender import jpeg
from tests.server_broker.requests.asked_here import MONDAY, asks, days, duty, key, refuses

pytestmark = pytest.mark.django_db

NOW = begin_of(MONDAY) + dt.timedelta(days=1, hours=9)
SAID = "李示例看见她在开会"


def at(hour: int, minute: int = 0) -> dt.datetime:
    return begin_of(MONDAY) + dt.timedelta(hours=hour, minutes=minute)


class EachTwice(NoMonths):
    """Every correction needs a second approver."""

    def corrections(self, person: Person, day: dt.date) -> int:
        return 0


def anybody(one: Nearby) -> bool:
    return True


@pytest.fixture
def li(county: FictionalCounty) -> Person:
    return county.add(LI)


@pytest.fixture
def asked(county: FictionalCounty) -> CountyRequest:
    """Zhang missed the arrival of Monday morning."""
    zhang = county.people[ZHANG]
    duty(zhang)
    wish = Wish(
        kind="correction",
        window=zhang.windows.get().pk,
        day=MONDAY,
        mark="arrival",
        mark_at=at(8, 20),
        note="卡忘在家里",
    )
    return asks(zhang, wish, at=NOW)


def touched(county: FictionalCounty, card: bytes, when: dt.datetime, *, station: str = SHILI, seq: int = 1) -> Touch:
    return touch(county.stations[station], card, at=when, seq=seq)


def pictured(county: FictionalCounty, one: Touch) -> Blob:
    content = jpeg(shade=one.seq)
    return snapshot(county.stations[SHILI], hashlib.sha256(content).digest(), size=len(content), about=one)


def witnessed(asked: CountyRequest, one: Touch, note: str = SAID) -> Exhibit:
    return add_witness(asked, one.pk, may_choose=anybody, note=note, by=user_of(TOWNSHIP_OFFICER), now=NOW)


def refused(why: str, asked: CountyRequest, one: Touch, note: str = SAID) -> None:
    with pytest.raises(RequestRefused, match=why):
        witnessed(asked, one, note)
    assert not asked.exhibits.exists()


def test_a_picture_bears_on_it_and_is_held(county: FictionalCounty, asked: CountyRequest, li: Person) -> None:
    one = touched(county, LI.token, at(8, 15))
    blob = pictured(county, one)
    made = add_snapshot(asked, one.pk, may_choose=anybody, by=user_of(TOWNSHIP_OFFICER), now=NOW)
    assert (made.kind, made.blob, made.touched_at, made.witness) == ("snapshot", blob, at(8, 15), None)
    hold = LegalHold.objects.get(blob=blob)
    assert (hold.reason, hold.set_by) == (f"{asked.number} 号补卡的凭据", TOWNSHIP_OFFICER.username)
    assert AuditEntry.objects.get(action=ADDED).detail == {"kind": "snapshot", "number": asked.number}
    with pytest.raises(RequestRefused, match="已经加过"):
        add_snapshot(asked, one.pk, may_choose=anybody, by=user_of(TOWNSHIP_OFFICER), now=NOW)
    bare = touched(county, LI.token, at(8, 40), seq=2)
    with pytest.raises(RequestRefused, match="没有图片"):
        add_snapshot(asked, bare.pk, may_choose=anybody, by=user_of(TOWNSHIP_OFFICER), now=NOW)


def test_the_account_s_own_picture_is_nothing_it_brings_in(
    county: FictionalCounty, asked: CountyRequest, li: Person
) -> None:
    own, other = user_of(TOWNSHIP_OFFICER), user_of(COUNTY_OFFICER)
    own.person = li
    own.save()
    one = touched(county, LI.token, at(8, 15))
    blob = pictured(county, one)
    set_hold(blob, reason="别的案子", by=other, of=[], now=NOW)
    with pytest.raises(OwnAffair):
        add_snapshot(asked, one.pk, may_choose=anybody, by=own, now=NOW)
    # What is held for another reason stays held for that one.
    assert add_snapshot(asked, one.pk, may_choose=anybody, by=other, now=NOW).blob == blob
    assert LegalHold.objects.get(blob=blob).reason == "别的案子"


def test_somebody_who_was_there_bears_witness(county: FictionalCounty, asked: CountyRequest, li: Person) -> None:
    one = touched(county, LI.token, at(8, 15))
    made = witnessed(asked, one)
    assert (made.kind, made.witness, made.note, made.blob) == ("witness", li, SAID, None)
    assert made.station_id == SHILI
    with pytest.raises(RequestRefused, match="已经加过"):
        witnessed(asked, one)


def test_who_was_not_there_or_is_nobody_bears_none(county: FictionalCounty, asked: CountyRequest, li: Person) -> None:
    refused("本人不能给自己作证", asked, touched(county, ZHANG.token, at(8, 20)))
    refused("不知道是谁", asked, touched(county, UNKNOWN_CARD, at(8, 21), seq=2))
    refused("离这个班太远", asked, touched(county, LI.token, at(6), seq=3))
    refused("离这个班太远", asked, touched(county, LI.token, at(8, 30), station=YANGBAN, seq=4))
    fine = touched(county, LI.token, at(8, 31), seq=5)
    refused("至少 4 个字", asked, fine, note="在")
    refused("身份证", asked, fine, note="他的证是 11010519491231002X")
    assert [one.row.touch.seq for one in touches_nearby(asked)] == [1, 2, 5]


def test_a_paper_is_judged_by_its_bytes(asked: CountyRequest, tmp_path: Path) -> None:
    folder, by = MediaFolder(tmp_path), user_of(TOWNSHIP_OFFICER)

    def adds(data: bytes, note: str = "镇里的会议签到表") -> Exhibit:
        return add_paper(asked, data, note=note, by=by, now=NOW, folder=folder)

    for data in (b"", b"<html>", b"PK\x03\x04 a workbook", b"\xff\xd8\xff no picture", bytes(9 * 2**20)):
        with pytest.raises(RequestRefused, match="JPEG、PNG 图片或 PDF"):
            adds(data)
    with pytest.raises(RequestRefused, match="至少 4 个字"):
        adds(jpeg(), note="")
    assert not Blob.objects.filter(purpose="paper").exists()
    picture = jpeg()
    made = adds(picture)
    assert made.blob is not None
    assert (made.kind, made.blob.purpose, made.blob.judged_type) == ("paper", "paper", "image/jpeg")
    assert adds(b"%PDF-1.7 of an office").note == "镇里的会议签到表"
    with pytest.raises(RequestRefused, match="已经加过"):
        adds(picture)


def test_what_is_decided_or_no_correction_takes_none(
    county: FictionalCounty, asked: CountyRequest, li: Person, tmp_path: Path
) -> None:
    one = touched(county, LI.token, at(8, 15))
    leave = asks(county.people[ZHANG], days(7), at=NOW)
    with pytest.raises(RequestRefused, match="只有补卡要凭据"):
        witnessed(leave, one)
    refuses(TOWNSHIP_OFFICER, asked, at=NOW)
    refused("已经定了", asked, one)


def test_nobody_adds_to_their_own_and_not_without_end(
    county: FictionalCounty, asked: CountyRequest, li: Person
) -> None:
    for number in range(MOST):
        witnessed(asked, touched(county, LI.token, at(8, number), seq=number + 1))
    with pytest.raises(RequestRefused, match=f"最多 {MOST} 份"):
        witnessed(asked, touched(county, LI.token, at(9), seq=20))
    own = user_of(TOWNSHIP_OFFICER)
    own.person = county.people[ZHANG]
    own.save()
    with pytest.raises(OwnAffair):
        witnessed(asked, touched(county, LI.token, at(9, 1), seq=21))


def test_who_bears_witness_does_not_decide(county: FictionalCounty, asked: CountyRequest, li: Person) -> None:
    secretary = user_of(SECRETARY)
    secretary.person = li
    secretary.save()
    add_witness(asked, touched(county, LI.token, at(8, 15)).pk, may_choose=anybody, note=SAID, by=secretary, now=NOW)
    for outcome in (Outcome.ACCEPTED, Outcome.REFUSED):
        with pytest.raises(
            RequestRefused, match="您是这条补卡的证人，不能由您来定；请另一位审批人，或者镇办、县里来定"
        ):
            decide_case(key(asked), outcome, text="她一早就在", user=secretary, at=NOW)
    case = case_of(key(asked))
    assert case is not None
    assert "您是这条补卡的证人" in prospect(case, secretary, NOW).obstacle
    decide_case(key(asked), Outcome.ACCEPTED, text="", user=user_of(TOWNSHIP_OFFICER), at=NOW)


def test_nor_does_a_deputy_by_what_the_witness_lent(county: FictionalCounty, asked: CountyRequest, li: Person) -> None:
    own, deputy = user_of(TOWNSHIP_OFFICER), user_of(OTHER_TOWNSHIP_OFFICER)
    own.person = li
    own.save()
    day = timezone.localdate(NOW)
    Deputy.objects.create(lender=own, deputy=deputy, first=day, last=day, reason="去县里开会", named_at=NOW)
    case = case_of(key(asked))
    assert case is not None
    assert prospect(case, deputy, NOW).obstacle == ""
    witnessed(asked, touched(county, LI.token, at(8, 15)))
    assert prospect(case, deputy, NOW).obstacle == "要村里来定，您在这里没有审批权限"


def test_who_has_decided_does_not_bear_witness_afterwards(
    county: FictionalCounty, asked: CountyRequest, li: Person
) -> None:
    secretary = user_of(SECRETARY)
    secretary.person = li
    secretary.save()

    decide_case(key(asked), Outcome.ACCEPTED, text="", user=secretary, at=NOW, months=EachTwice())
    refused("他已经定过这条补卡，不能再作证", asked, touched(county, LI.token, at(8, 15)))
