"""群众意见 in the console: each sees the questions of their own part of the county, and answers as their role may."""

from typing import Any

import pytest

from server_broker.console.askers import NAMELESS, NOT_SEEN
from server_broker.feedback.models import FeedbackRating, FeedbackStep, HelpContact
from server_broker.fleet.models import Alarm
from tests.cast import (
    COUNTY_OFFICER,
    OTHER_TOWNSHIP,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    WANG,
    YANGBAN,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, alarm, asked, event, signed_in, touch, user_of
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db


def test_each_sees_the_questions_of_their_own_part_and_nothing_else(county: FictionalCounty) -> None:
    here, there = asked(county.stations[SHILI]), asked(county.stations[YANGBAN], topic="roads")
    own, other = signed_in(TOWNSHIP_OFFICER), signed_in(OTHER_TOWNSHIP_OFFICER)
    page = text_of(own, "/feedback/")
    assert here.number_end in page
    assert here.number not in page
    assert there.number_end not in page
    assert "这里没有意见" in text_of(own, f"/feedback/?state=all&number={there.number}")
    for path in ("", "answer/", "pass-on/"):
        assert other.post(f"/feedback/{here.pk}/{path}", {"text": "示例答复。"}).status_code in (404, 405)
    assert other.get(f"/feedback/{here.pk}/").status_code == 404
    assert not FeedbackStep.objects.exists()


def test_lists_are_cut_by_state_topic_and_number(county: FictionalCounty) -> None:
    lamps, roads = asked(county.stations[SHILI]), asked(county.stations[SHILI], topic="roads")
    officer = signed_in(TOWNSHIP_OFFICER)
    answer = officer.post(f"/feedback/{roads.pk}/answer/", {"text": "本周五前修好。"}, follow=True)
    assert "本周五前修好。" in answer.content.decode()
    shown = {state: words_of(text_of(officer, f"/feedback/?state={state}")) for state in ("open", "answered", "all")}
    assert [lamps.number_end in shown[state] for state in shown] == [True, False, True]
    assert [roads.number_end in shown[state] for state in shown] == [False, True, True]
    assert lamps.number_end not in text_of(officer, "/feedback/?state=all&topic=roads")
    FeedbackRating.objects.create(
        station=county.stations[SHILI], epoch=b"e" * 16, seq=1, feedback=roads.feedback, rating=2, wall=NOW,
        quality="synced", boot=bytes(16), mono_ms=0, received_at=NOW,
    )  # fmt: skip
    assert "村民评价：不满意（2 分）" in words_of(text_of(officer, f"/feedback/{roads.pk}/"))


def test_a_village_passes_on_and_a_refused_answer_stays_typed(county: FictionalCounty) -> None:
    row = asked(county.stations[SHILI])
    village = signed_in(SECRETARY)
    refused = village.post(f"/feedback/{row.pk}/answer/", {"text": "好"})
    assert refused.status_code == 422
    assert "没有答复" in refused.content.decode()
    village.post(f"/feedback/{row.pk}/pass-on/")
    page = text_of(village, f"/feedback/{row.pk}/")
    assert "转给示例镇" in words_of(page)
    assert "feedback-answer" not in page
    assert f"/feedback/{row.pk}/answer/" not in page
    # The county officer sees it too, and it says where it is.
    assert row.number_end in text_of(signed_in(COUNTY_OFFICER), "/feedback/?state=passed_on")


def test_a_name_is_shown_only_to_whoever_sees_the_person(county: FictionalCounty) -> None:
    own = touch(county.stations[SHILI], ZHANG.token)
    guest = touch(county.stations[SHILI], WANG.token)
    shown = []
    for by in (own, guest, None):
        named: dict[str, Any] = {"by_epoch": by.epoch, "by_seq": by.seq} if by else {}
        row = asked(county.stations[SHILI], **named)
        shown.append(words_of(text_of(signed_in(TOWNSHIP_OFFICER), f"/feedback/{row.pk}/")))
    assert [ZHANG.name in shown[0], NOT_SEEN in shown[1], WANG.name in shown[1], NAMELESS in shown[2]] == [
        True,
        True,
        False,
        True,
    ]


def test_a_townships_officer_sets_their_own_telephone_alone(county: FictionalCounty) -> None:
    officer = signed_in(TOWNSHIP_OFFICER)
    page = text_of(officer, "/contacts/")
    assert TOWNSHIP in page
    assert OTHER_TOWNSHIP not in page
    assert officer.post(f"/contacts/{OTHER_TOWNSHIP}/", {"name": "王示例", "phone": "000-1234"}).status_code == 404
    officer.post(f"/contacts/{TOWNSHIP}/", {"name": "王示例", "phone": "000-12345678"})
    assert list(HelpContact.objects.values_list("region", "name", "phone")) == [(TOWNSHIP, "王示例", "000-12345678")]


def test_acknowledging_a_call_for_help_closes_it_and_says_by_whom(county: FictionalCounty) -> None:
    event(county.stations[SHILI], "help_asked", at=NOW)
    called = alarm(county.stations[SHILI], "help_asked", "critical")
    signed_in(TOWNSHIP_OFFICER).post(f"/alarms/{called.pk}/acknowledge/")
    seen = Alarm.objects.get(pk=called.pk)
    assert seen.acknowledged_by == user_of(TOWNSHIP_OFFICER)
    assert seen.resolved_at == seen.acknowledged_at
