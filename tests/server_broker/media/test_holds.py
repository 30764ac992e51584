"""A file that somebody holds outlives its time; each hold has a reason, stands on record and is shown."""

import hashlib
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from server_broker.accounts.models import User
from server_broker.attendance.models import Touch
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Station
from server_broker.media.files import COUNTY, MediaFolder
from server_broker.media.holds import HoldRefused, lift_hold, set_hold
from server_broker.media.models import Blob, LegalHold
from server_broker.media.retention import EXPIRED, drop_expired
from server_broker.media.uploads import UploadRefused, take_upload
from server_broker.retention.keepings import PICTURES_KEPT, blobs_kept
from tests.cast import (
    ADMINISTRATOR,
    CLERK,
    COUNTY_OFFICER,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SHILI,
    TOWNSHIP_OFFICER,
    TOWNSHIP_OPERATOR,
    YANGBAN,
    ZHANG,
    Account,
)
from tests.server_broker.county import FictionalCounty, make_county, signed_in, snapshot, touch, user_of
from tests.server_broker.picture_sender import jpeg
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db


def days(count: int) -> timedelta:
    return timedelta(days=count)


def drop(after: timedelta) -> int:
    return drop_expired(NOW + after, kept=blobs_kept(), otherwise=PICTURES_KEPT)


def put(station: str, data: bytes, *, purpose: str = "touch", about: Touch | None = None) -> Blob:
    """Store a file as if the station had sent it whole."""
    folder, digest = MediaFolder(settings.HOME.media), hashlib.sha256(data).digest()
    folder.write(station, digest, [(0, data)])
    assert folder.finish(station, digest, size=len(data))
    blob = snapshot(Station.objects.get(pk=station), digest, size=len(data), purpose=purpose, about=about)
    Blob.objects.filter(pk=blob.pk).update(completed_at=NOW)
    return blob


def is_there(blob: Blob) -> bool:
    return MediaFolder(settings.HOME.media).path(bytes(blob.sha256)).is_file()


@pytest.fixture(autouse=True)
def county() -> FictionalCounty:
    return make_county()


def test_a_held_picture_outlives_its_time_and_goes_when_it_is_lifted() -> None:
    blob = put(SHILI, jpeg(shade=11))
    set_hold(blob, reason="村民举报，配合调查", by=user_of(OPERATOR), of=(), now=NOW)
    assert drop(days(500)) == 0
    assert is_there(blob)
    lift_hold(blob, reason="调查结束", by=user_of(OPERATOR), of=(), now=NOW + days(500))
    assert drop(days(500)) == 1
    assert not is_there(blob)
    assert Blob.objects.get(pk=blob.pk).evicted_reason == EXPIRED
    said = AuditEntry.objects.filter(action__startswith="media.").order_by("id").values_list("action", "detail")
    assert list(said) == [("media.held", {"reason": "村民举报，配合调查"}), ("media.released", {"reason": "调查结束"})]


def test_each_purpose_has_its_own_time() -> None:
    kept = {
        purpose: put(SHILI, jpeg(shade=20 + number), purpose=purpose) for number, purpose in enumerate(blobs_kept())
    }
    drop(days(91))
    assert {purpose for purpose, blob in kept.items() if is_there(blob)} == {"voice", "record", "clip", "paper"}
    drop(days(181))
    assert {purpose for purpose, blob in kept.items() if is_there(blob)} == {"record", "clip", "paper"}
    drop(days(3 * 365 + 1))
    assert not any(is_there(blob) for blob in kept.values())


def test_a_hold_keeps_the_bytes_that_another_station_s_expired_picture_shares() -> None:
    data = jpeg(shade=12)
    held, other = put(SHILI, data), put(YANGBAN, data)
    set_hold(held, reason="保留", by=user_of(OPERATOR), of=(), now=NOW)
    assert drop(days(100)) == 1
    assert is_there(held)
    assert Blob.objects.get(pk=other.pk).evicted_reason == EXPIRED


@pytest.mark.parametrize("reason", ["", "  \n ", "长" * 201])
def test_a_hold_needs_a_reason(reason: str) -> None:
    blob = put(SHILI, jpeg(shade=13))
    with pytest.raises(HoldRefused):
        set_hold(blob, reason=reason, by=user_of(OPERATOR), of=(), now=NOW)
    assert not LegalHold.objects.exists()
    assert not AuditEntry.objects.filter(action="media.held").exists()


def test_there_is_one_hold_at_a_time_and_none_on_what_is_gone() -> None:
    blob = put(SHILI, jpeg(shade=14))
    with pytest.raises(HoldRefused, match="没有在保留"):
        lift_hold(blob, reason="x", by=user_of(OPERATOR), of=(), now=NOW)
    set_hold(blob, reason="一", by=user_of(OPERATOR), of=(), now=NOW)
    with pytest.raises(HoldRefused, match="已经保留了"):
        set_hold(blob, reason="二", by=user_of(OPERATOR), of=(), now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        LegalHold.objects.create(blob=blob, reason="三", set_by="x", set_at=NOW)
    lift_hold(blob, reason="完", by=user_of(OPERATOR), of=(), now=NOW)
    drop(days(91))
    with pytest.raises(HoldRefused, match="不在了"):
        set_hold(blob, reason="晚了", by=user_of(OPERATOR), of=(), now=NOW)


def test_the_picture_s_page_sets_shows_and_lifts_a_hold() -> None:
    blob = put(SHILI, jpeg(shade=15))
    page = signed_in(COUNTY_OFFICER)
    page.post(f"/snapshots/{blob.pk}/hold/", {"reason": "复议取证"})
    html = page.get(f"/snapshots/{blob.pk}/").content.decode()
    assert "正在保留" in html
    assert "复议取证" in html
    assert LegalHold.objects.get().set_by == COUNTY_OFFICER.username
    page.post(f"/snapshots/{blob.pk}/release/", {"reason": ""})
    assert LegalHold.objects.get().lifted_at is None
    page.post(f"/snapshots/{blob.pk}/release/", {"reason": "复议结束"})
    assert "没有保留" in page.get(f"/snapshots/{blob.pk}/").content.decode()


def test_who_may_only_look_can_t_hold_and_elsewhere_is_absent() -> None:
    blob = put(SHILI, jpeg(shade=16))
    assert signed_in(ADMINISTRATOR).post(f"/snapshots/{blob.pk}/hold/", {"reason": "x"}).status_code == 403
    assert signed_in(OTHER_TOWNSHIP_OFFICER).post(f"/snapshots/{blob.pk}/hold/", {"reason": "x"}).status_code == 404
    assert not LegalHold.objects.exists()


def held_by(account: Account, blob: Blob) -> None:
    assert signed_in(account).post(f"/snapshots/{blob.pk}/hold/", {"reason": "调查取证"}).status_code == 302
    assert LegalHold.objects.filter(blob=blob, lifted_at=None, set_by=account.username).exists()


def is_lifted_by(account: Account, blob: Blob) -> bool:
    page = signed_in(account)
    offered = "取消保留" in page.get(f"/snapshots/{blob.pk}/").content.decode()
    page.post(f"/snapshots/{blob.pk}/release/", {"reason": "不查了"})
    lifted = not LegalHold.objects.filter(blob=blob, lifted_at=None).exists()
    assert offered == lifted, "the page offers what is possible"
    return lifted


def test_a_hold_is_lifted_by_its_setter_or_by_who_sees_as_much() -> None:
    blob = put(SHILI, jpeg(shade=30))
    held_by(COUNTY_OFFICER, blob)
    assert not is_lifted_by(TOWNSHIP_OFFICER, blob)
    page = signed_in(TOWNSHIP_OFFICER).get(f"/snapshots/{blob.pk}/").content.decode()
    assert "要由本人或上级来取消" in page
    assert drop(days(500)) == 0
    assert is_lifted_by(OPERATOR, blob)
    held_by(TOWNSHIP_OFFICER, blob)
    assert not is_lifted_by(CLERK, blob)
    assert is_lifted_by(TOWNSHIP_OPERATOR, blob)
    held_by(CLERK, blob)
    assert is_lifted_by(CLERK, blob)


def test_what_the_setter_saw_then_counts_and_not_what_they_see_now() -> None:
    blob = put(SHILI, jpeg(shade=31))
    held_by(COUNTY_OFFICER, blob)
    User.objects.filter(username=COUNTY_OFFICER.username).update(region=CLERK.region)
    assert not is_lifted_by(TOWNSHIP_OFFICER, blob)
    assert is_lifted_by(COUNTY_OFFICER, blob)


def test_a_hold_of_before_that_was_kept_takes_the_whole_county() -> None:
    blob = put(SHILI, jpeg(shade=32))
    LegalHold.objects.create(blob=blob, reason="早先", set_by="li-ren", set_at=NOW)
    assert not is_lifted_by(TOWNSHIP_OPERATOR, blob)
    assert is_lifted_by(COUNTY_OFFICER, blob)


def test_nobody_holds_or_releases_the_picture_of_their_own_touch(county: FictionalCounty) -> None:
    own = touch(county.stations[SHILI], ZHANG.token)
    blob = put(SHILI, jpeg(shade=33), about=own)
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    page = signed_in(TOWNSHIP_OFFICER)
    said = page.post(f"/snapshots/{blob.pk}/hold/", {"reason": "先留着"}, follow=True).content.decode()
    assert "这是您自己的事" in said
    assert "这是您自己打卡的图片" in said
    assert not LegalHold.objects.exists()
    held_by(CLERK, blob)
    assert not is_lifted_by(TOWNSHIP_OFFICER, blob)
    # A touch by number is somebody's too.
    by_number = touch(county.stations[SHILI], b"", seq=2, person_number=ZHANG.number)
    second = put(SHILI, jpeg(shade=34), about=by_number)
    held_by(CLERK, second)
    assert not is_lifted_by(TOWNSHIP_OFFICER, second)
    assert is_lifted_by(TOWNSHIP_OPERATOR, second)


def test_a_person_s_file_is_the_county_s_own_and_ends_as_its_purpose_says() -> None:
    folder, account = MediaFolder(settings.HOME.media), user_of(OPERATOR)
    blob = take_upload(folder, jpeg(shade=17), purpose="paper", account=account, now=NOW)
    data = MediaFolder(settings.HOME.media).path(bytes(blob.sha256)).read_bytes()
    again = take_upload(folder, data, purpose="paper", account=account, now=NOW)
    assert (blob.origin, blob.station_id, blob.uploaded_by, blob.judged_type) == ("county", None, account, "image/jpeg")
    assert again.pk == blob.pk
    assert folder.has_of(COUNTY, bytes(blob.sha256))
    assert drop(days(3 * 365 - 1)) == 0
    assert drop(days(3 * 365 + 1)) == 1
    assert not is_there(blob)
    assert signed_in(OPERATOR).get(f"/snapshots/{blob.pk}/").status_code == 404  # no station's, so no page of a station


def test_an_upload_that_is_not_what_its_purpose_allows_leaves_nothing() -> None:
    folder, account = MediaFolder(settings.HOME.media), user_of(OPERATOR)
    before = sorted(settings.HOME.media.rglob("*"))
    for data, purpose in ((b"%PDF-1.7 x", "touch"), (b"", "paper"), (b"<html>", "paper"), (jpeg()[:200], "paper")):
        with pytest.raises(UploadRefused):
            take_upload(folder, data, purpose=purpose, account=account, now=NOW)
    assert not Blob.objects.exists()
    assert [path for path in settings.HOME.media.rglob("*") if path.is_file() and path not in before] == []


def test_a_blob_has_one_origin() -> None:
    for wrong in ({"station_id": None}, {"origin": "county"}):
        blob = put(SHILI, jpeg(shade=18 + len(wrong)))
        with pytest.raises(IntegrityError), transaction.atomic():
            Blob.objects.filter(pk=blob.pk).update(**wrong)
        blob.delete()
