"""站点报停: the form offers the minute after the last record, and the page before says what waits all the same."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.people.models import Person
from server_broker.settling.rounds import mark_due, settle_due
from tests.cast import SHILI, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.settling.lived import MONDAY, TUESDAY, WEDNESDAY, LivedStation, announced, at, morning

pytestmark = pytest.mark.django_db

NOW = at(WEDNESDAY, 20)
ADDRESS = f"/stations/{SHILI}/dead/"


@pytest.fixture
def _silent(county: FictionalCounty, li: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since Monday at 15:01 the station has told of nothing; two people have a window each morning."""
    announced(MONDAY - dt.timedelta(days=14), 50)
    morning(county.people[ZHANG], li)
    station = LivedStation()
    station.closed(at(MONDAY, 15, 1))
    station.send(at(MONDAY, 15, 2))
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    mark_due(NOW)
    settle_due(NOW, rounds=1000)


@pytest.mark.usefixtures("_silent")
def test_the_form_offers_a_time_and_the_next_page_says_what_another_leaves_open() -> None:
    officer = signed_in(TOWNSHIP_OFFICER)
    assert 'name="since" value="2027-03-15T15:02"' in text_of(officer, f"/stations/{SHILI}/")

    def looked(since: dt.datetime) -> str:
        sent = {"since": f"{since:%Y-%m-%dT%H:%M}", "reason": "主板烧坏"}
        return words_of(officer.post(ADDRESS, sent, follow=True).content.decode())

    late = looked(at(TUESDAY, 18))
    assert "现在有 4 个班写着“未”（数据未到），在等这个站点，会重新结算。" in late
    assert "其中 2 个班在那时以前就过完了，仍然等它的记录，这个月定不了稿；从 03-15 15:02 起登记就不用等。" in late
    early = looked(at(MONDAY, 15, 2))
    assert "现在有 4 个班写着“未”" in early
    assert "仍然等它的记录，这个月定不了稿" not in early
