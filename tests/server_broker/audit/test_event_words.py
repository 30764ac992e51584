"""Whatever a station's stream can say of itself has a Chinese word on the station's page."""

import re
from typing import get_args

import pytest
from django.utils import timezone

from protocol import facts
from server_broker.console import words
from server_broker.fleet.fact_rows import STATION_EVENT, Identity, Rows
from server_broker.ingest.projections import derive
from tests.cast import COUNTY_OFFICER, SHILI
from tests.golden.generate import FACTS
from tests.server_broker.county import alarm, event, make_county, signed_in

PLACE = "/stations/shili-01/"
LATIN = re.compile(r"[A-Za-z]{2,}")


def kinds() -> set[str]:
    """The kinds of the events that the intake makes of facts of every kind."""
    rows = Rows(timezone.now())
    for seq, fact in enumerate(FACTS.values()):
        derive(fact, Identity(SHILI, bytes(16), seq), rows)
    return {row[3] for row in rows.of(STATION_EVENT)}


def test_there_is_a_fact_of_every_kind() -> None:
    tags = {str(kind.__struct_config__.tag) for kind in get_args(facts.Fact.__value__)}
    assert {str(fact.__struct_config__.tag) for fact in FACTS.values()} == tags


def test_every_kind_has_a_word() -> None:
    assert len(kinds()) > 10
    assert kinds() - words.EVENTS.keys() == set()
    for word in words.EVENTS.values():
        assert not LATIN.search(word.word)


@pytest.mark.django_db
def test_a_direction_that_somebody_chose_reads_as_such() -> None:
    station = make_county().stations[SHILI]
    event(station, "direction_chosen", at=timezone.now(), detail={"epoch": "00" * 16, "seq": 7, "direction": "out"})
    html = signed_in(COUNTY_OFFICER).get(PLACE).content.decode()
    assert "direction_chosen" not in html
    assert "本人更正上下班" in html
    assert "改为下班" in html


@pytest.mark.django_db
@pytest.mark.parametrize("confirmed", [False, True])
def test_an_alarm_that_was_confirmed_is_quiet_on_the_station_s_page(confirmed: bool) -> None:
    station = make_county().stations[SHILI]
    alarm(station, "lost_card", "critical", acknowledged_at=timezone.now() if confirmed else None)
    html = signed_in(COUNTY_OFFICER).get(PLACE).content.decode()
    [banner] = re.findall(r'<p id="alarm-.*?</p>', html, re.DOTALL)
    assert ('class="message quiet ' in banner) == confirmed
    assert ('class="message error ' in banner) == (not confirmed)
    assert ("已确认</a>" in banner) == confirmed
    assert (">处理</a>" in banner) == (not confirmed)
