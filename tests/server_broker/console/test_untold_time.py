"""A county that does not know the time says so on its console at once, and the alarm comes after the first minutes."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from server_broker.bundles.models import Bundle
from server_broker.bundles.spread import At
from server_broker.console.county_time import untold_time
from server_broker.console.guides import search
from server_broker.console.templatetags.console import shelf_reason
from server_broker.fleet.models import Station, StationStatus
from server_broker.ingest.telling import TimeTelling
from server_broker.platform.county_clock import UNSYNCHRONISED_FOR_MS, CountyClock, build_ms
from tests.cast import OPERATOR, SHILI, TOWNSHIP_OFFICER, Account
from tests.fakes.county_machine import CountyMachine
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db

PAGES = ("/attention/", "/alarms/", "/?state=all", "/today/", "/today/people/", "/rosters/", f"/stations/{SHILI}/")
MINUTE_MS = 60_000


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[CountyMachine]:
    """A machine that waits for its time service, in a county that relies on one."""
    machine = CountyMachine(wall_ms=round(datetime.now(UTC).timestamp() * 1000))
    monkeypatch.setattr("server_broker.platform.configured_clock.LinuxMachineClock", lambda: machine)
    file, kept = settings.HOME.config_file, settings.HOME.root / "clock"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("manual", "ntp"), encoding="utf-8")
    kept.unlink(missing_ok=True)
    yield machine
    file.write_text(before, encoding="utf-8")
    kept.unlink(missing_ok=True)


class Ingest:
    """What the worker does about the clock."""

    def __init__(self, machine: CountyMachine) -> None:
        clock = CountyClock(settings.HOME.root, machine=machine, mode="ntp", build_ms=build_ms())
        self._telling = TimeTelling(
            clock, key=Ed25519PrivateKey.generate(), wall=lambda: datetime.fromtimestamp(machine.wall / 1000, UTC)
        )

    def look(self) -> None:
        self._telling.follow_clock()


def said_on(page: str, *, who: Account = OPERATOR) -> tuple[str, str]:
    """Return how a page says that the county does not know the time (its class), and what it says."""
    found = re.search(
        r'<p id="untold-time" class="message (\w+) alarm-line">(.*?)</p>', text_of(signed_in(who), page), re.DOTALL
    )
    return (found[1], words_of(found[2])) if found else ("", "")


def test_each_page_says_it_at_once_and_quietly_and_gravely_once_it_lasts(machine: CountyMachine) -> None:
    make_county()
    ingest = Ingest(machine)
    ingest.look()
    machine.pass_ms(3 * MINUTE_MS)
    for page in PAGES:
        who = OPERATOR if page.startswith(("/attention", "/alarms", "/?", "/stations")) else TOWNSHIP_OFFICER
        tone, said = said_on(page, who=who)
        assert (tone, "已有 3 分钟" in said, "县里的原因" in said) == ("quiet", True, True), page
    assert "一切正常" not in text_of(signed_in(OPERATOR), "/attention/")
    assert "一切正常" not in text_of(signed_in(OPERATOR), "/alarms/")
    machine.pass_ms(UNSYNCHRONISED_FOR_MS)
    tone, said = said_on("/attention/")
    assert (tone, "已有 13 分钟" in said, "cunhui-server clock" in said) == ("error", True, True)
    machine.ntp = True
    ingest.look()
    assert said_on("/attention/") == ("", "")
    assert "一切正常" in text_of(signed_in(OPERATOR), "/attention/")


def test_the_alarm_shows_after_ten_minutes_even_if_the_worker_was_restarted_meanwhile(machine: CountyMachine) -> None:
    make_county()
    operator = signed_in(OPERATOR)
    Ingest(machine).look()
    machine.pass_ms(UNSYNCHRONISED_FOR_MS - 1)
    ingest = Ingest(machine)
    ingest.look()
    assert "incident-clock" not in text_of(operator, "/attention/")
    machine.pass_ms(1)
    ingest.look()
    shown = text_of(operator, "/attention/")
    assert 'id="incident-clock-' in shown
    assert "开机后时钟还没有与时间服务器同步" in shown
    assert "县里服务器的时间不可信，暂不授时" in text_of(operator, "/alarms/")


def test_a_county_whose_clock_was_told_says_since_when_it_is_not(machine: CountyMachine) -> None:
    machine.ntp = True
    ingest = Ingest(machine)
    ingest.look()
    machine.pass_ms(3 * 60 * MINUTE_MS)
    assert untold_time() is None
    machine.reboot(wall_ms=0)
    machine.pass_ms(2 * 60 * MINUTE_MS)
    ingest.look()
    found = untold_time()
    assert found is not None
    assert (found.lasted, found.is_settling) == ("不到 1 分钟", False), "below its floor it does not wait for anything"


def test_a_station_that_does_not_know_the_time_is_not_blamed_for_it(machine: CountyMachine) -> None:
    make_county()
    StationStatus.objects.filter(station=SHILI).update(clock_quality="unknown")
    assert "县里还没有授时" in text_of(signed_in(OPERATOR), f"/stations/{SHILI}/")
    lacks = At(Station.objects.get(pk=SHILI), Bundle(), state="waiting", reason="clock")
    assert shelf_reason(lacks, untold_time()) == "县服务器自己还不知道时间，没有授时"
    machine.ntp = True
    assert shelf_reason(lacks, untold_time()) == "站点还不知道时间"
    assert "县里还没有授时" not in text_of(signed_in(OPERATOR), f"/stations/{SHILI}/")


def test_the_help_finds_what_to_do() -> None:
    [first, *_] = search("授时")
    assert (first.guide.name, first.section.anchor) == ("县服务器-值守", "授时-县服务器不知道时间怎么办")
