"""Who is told what and when: one message for what begins together, few about ends, and no receiver holds another."""

import datetime as dt
import random
import re
import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.utils import timezone

from protocol.facts import HelpAsked
from server_broker.fleet import alarms
from server_broker.fleet.alarm_ends import GOES_ON
from server_broker.fleet.models import Alarm, Station, StationStatus
from server_broker.fleet.silence import watch_silence
from server_broker.incidents import telling
from server_broker.incidents.answers import acknowledge
from server_broker.incidents.channel_settings import add_channel, opened, remove_channel
from server_broker.incidents.channels import DRIVERS, Channel, ChannelFailed, Message, Outlet
from server_broker.incidents.channels.port import MAX_TEXT_BYTES
from server_broker.incidents.cleaning import SENT_KEPT, drop_old
from server_broker.incidents.models import Acknowledgement, ChannelConfig, Episode, Notification, Silence
from server_broker.incidents.notifier import Notifier
from server_broker.incidents.open_now import standing_at
from server_broker.incidents.sending import EXPIRES, Sender
from server_broker.ingest.batch import BatchProcessor
from server_broker.regions.models import Region
from tests.cast import ADMINISTRATOR, COUNTY, OTHER_TOWNSHIP, SHILI, TOWNSHIP, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty, alarm, make_county, user_of
from tests.server_broker.incidents.many_stations import lose, make_stations, raise_for
from tests.server_broker.incidents.receivers import Webhook
from tests.server_broker.station_double import StationDouble, moment

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 24, 4, 0, tzinfo=dt.UTC)
"""Twelve o'clock in the county."""
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
LINK = "https://county.example/attention/"


class Post:
    """A letter box in memory, which may refuse."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.refuses = False

    def deliver(self, message: Message) -> None:
        if self.refuses:
            raise ChannelFailed("对方回应 500")
        self.got.append(message)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def county() -> FictionalCounty:
    made = make_county()
    StationStatus.objects.update(reader_ready=True)
    return made


@pytest.fixture
def channel(county: FictionalCounty) -> ChannelConfig:
    return configured(COUNTY)


def configured(region: str, *, least: str = "minor") -> ChannelConfig:
    return ChannelConfig.objects.create(
        driver="wecom", name="示例群", region=Region.objects.get(pk=region), least_severity=least, made_at=NOON
    )


class Day:
    """A notifier, and the time that passes for it."""

    def __init__(self, open_channel: Callable[[ChannelConfig], Channel], *, total_s: float = 1.0) -> None:
        sender = Sender(open_channel=open_channel, chance=random.Random(1), total_s=total_s)
        self._notifier = Notifier(open_channel=open_channel, link=lambda: LINK, sender=sender)
        self.now = NOON
        self.mono_s = 0.0

    def pass_by(self, duration: dt.timedelta, *, step: dt.timedelta = MINUTE) -> None:
        end = self.now + duration
        while self.now < end:
            self.now += step
            self.mono_s += step.total_seconds()
            self._notifier.go_on(now=self.now, mono_s=self.mono_s)


@pytest.fixture
def day(post: Post) -> Day:
    return Day(lambda _: post)


def raise_one(station: Station | None, code: str, severity: str, at: dt.datetime) -> Alarm:
    return alarm(station, code, severity, opened_at=at, last_at=at)


@pytest.mark.usefixtures("channel")
def test_what_begins_in_one_minute_is_one_message_which_says_what_people_need(
    county: FictionalCounty, day: Day, post: Post
) -> None:
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    found = raise_one(county.stations[YANGBAN], "lost_card", "major", day.now)
    Alarm.objects.filter(pk=found.pk).update(detail=f"{ZHANG.name} 0a1b")
    day.pass_by(5 * MINUTE)
    (message,) = post.got
    assert message.title == "村慧 示例县：2 件事需要处理"
    assert message.text.splitlines() == [
        "【紧急】示例镇 磁盘快满或出了故障：1 个站点（示例村），11-24 12:00 起",
        "【重要】样板镇 有可疑情况：1 个站点（样板村），11-24 12:00 起",
        f"处理：{LINK}",
    ]
    day.pass_by(3 * HOUR, step=30 * MINUTE)
    assert len(post.got) == 1


@pytest.mark.usefixtures("channel")
def test_what_is_over_at_once_is_not_told(county: FictionalCounty, day: Day, post: Post) -> None:
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(MINUTE)
    Alarm.objects.update(resolved_at=day.now)
    day.pass_by(HOUR, step=15 * MINUTE)
    assert post.got == []


@pytest.mark.usefixtures("channel")
def test_an_outage_of_three_hundred_stations_is_one_message_that_fits(
    county: FictionalCounty, day: Day, post: Post
) -> None:
    made = make_stations(320)
    StationStatus.objects.update(changed_at=NOON - HOUR)
    # Their wills come within minutes; the alarms as each one's vitals are missed, over a quarter of an hour.
    for n, station in enumerate(made[:300]):
        StationStatus.objects.filter(pk=station.pk).update(online=False, changed_at=NOON - 40 * MINUTE + n % 5 * MINUTE)
    for quarter in range(15):
        for station in made[quarter:300:15]:
            raise_one(station, "station_silent", "minor", day.now)
        day.pass_by(MINUTE)
    day.pass_by(20 * MINUTE)
    (message,) = post.got
    assert "【紧急】示例县 疑似停电或断网：300 个站点（" in message.text
    # All come back, within minutes of each other.
    StationStatus.objects.update(online=True, changed_at=day.now)
    Alarm.objects.update(resolved_at=day.now)
    day.pass_by(2 * HOUR, step=30 * MINUTE)
    assert len(post.got) == 1
    assert Episode.objects.filter(over_at=None).count() == 0


@pytest.mark.usefixtures("channel")
def test_a_message_about_very_many_things_fits_and_says_how_many_more(
    county: FictionalCounty, day: Day, post: Post
) -> None:
    made = make_stations(400)
    for n, code in enumerate(("too_hot", "undervoltage", "card_worn", "held", "clock_disputed")):
        raise_for(made[n::20], code, "major", at=day.now)
    day.pass_by(3 * MINUTE)
    (message,) = post.got
    assert len(message.whole.encode()) <= MAX_TEXT_BYTES
    assert "另有 " in message.text
    assert message.text.endswith(LINK)


@pytest.mark.usefixtures("channel")
def test_no_name_makes_a_line_or_another_text_of_a_message(county: FictionalCounty, day: Day, post: Post) -> None:
    Region.objects.filter(pk=county.stations[SHILI].village_id).update(name="示例\r\nBcc: x\u202e村\x1b")
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(3 * MINUTE)
    (message,) = post.got
    assert "示例 Bcc: x村" in message.text
    assert len(message.text.splitlines()) == 2


@pytest.mark.usefixtures("channel")
def test_a_station_that_flaps_is_told_once(county: FictionalCounty, day: Day, post: Post) -> None:
    for _ in range(4):
        found = raise_one(county.stations[SHILI], "station_silent", "minor", day.now)
        day.pass_by(20 * MINUTE, step=10 * MINUTE)
        Alarm.objects.filter(pk=found.pk).update(resolved_at=day.now)
        day.pass_by(20 * MINUTE, step=10 * MINUTE)
    assert len(post.got) == 1
    assert Episode.objects.count() == 1


@pytest.mark.usefixtures("channel")
@pytest.mark.parametrize("away", [20 * MINUTE, GOES_ON])
def test_what_comes_back_is_told_at_once_if_its_end_was_told_or_else_when_it_stays(
    away: dt.timedelta, county: FictionalCounty, day: Day, post: Post
) -> None:
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(2 * MINUTE)
    Alarm.objects.update(resolved_at=day.now)
    day.pass_by(MINUTE)
    day.pass_by(away, step=away)
    raise_one(county.stations[YANGBAN], "undervoltage", "major", day.now)
    day.pass_by(2 * MINUTE)
    end_was_told = "✓ 示例镇 磁盘快满或出了故障：1 件已过去" in post.got[1].text
    assert end_was_told == (away == GOES_ON)
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(3 * MINUTE)
    assert len(post.got) == (3 if end_was_told else 2)
    day.pass_by(GOES_ON + HOUR, step=HOUR)
    assert len(post.got) == 3
    assert "【紧急】示例镇 磁盘快满或出了故障" in post.got[2].text


@pytest.mark.usefixtures("channel")
def test_a_reader_that_is_gone_again_is_told_again_when_it_stays_gone(
    county: FictionalCounty, day: Day, post: Post
) -> None:
    status = StationStatus.objects.filter(station=SHILI)
    for is_back in (False, True, False):
        status.update(reader_ready=is_back, vitals_at=day.now, changed_at=day.now)
        day.pass_by(20 * MINUTE, step=10 * MINUTE)
    assert len(post.got) == 1
    day.pass_by(GOES_ON + HOUR, step=HOUR)
    assert len(post.got) == 2


@pytest.mark.usefixtures("channel")
def test_something_new_in_a_known_incident_is_told_and_what_only_comes_and_goes_in_it_is_not(
    county: FictionalCounty, day: Day, post: Post
) -> None:
    shili = county.stations[SHILI]
    raise_one(shili, "disk_short", "minor", day.now)
    day.pass_by(10 * MINUTE, step=5 * MINUTE)
    # Graver: at once. As grave as before: when nothing was told for two hours.
    raise_one(shili, "disk_error", "critical", day.now)
    day.pass_by(3 * MINUTE)
    raise_one(shili, "disk_full", "critical", day.now)
    day.pass_by(90 * MINUTE, step=30 * MINUTE)
    assert [("一般" in one.text, "又有新情况" in one.text) for one in post.got] == [(True, False), (False, True)]
    day.pass_by(HOUR, step=30 * MINUTE)
    assert len(post.got) == 3
    for _ in range(3):
        Alarm.objects.filter(code="disk_full").update(resolved_at=day.now)
        day.pass_by(HOUR, step=HOUR)
        raise_one(shili, "disk_full", "critical", day.now)
        day.pass_by(HOUR, step=30 * MINUTE)
    assert len(post.got) == 3


@pytest.mark.usefixtures("channel")
def test_one_alarm_that_becomes_graver_is_told_again_and_once(county: FictionalCounty, day: Day, post: Post) -> None:
    rising = Alarm.objects.filter(pk=raise_one(county.stations[SHILI], "too_hot", "minor", day.now).pk)
    day.pass_by(3 * MINUTE)
    for severity in ("critical", "minor", "critical"):
        rising.update(severity=severity)
        day.pass_by(2 * MINUTE)
    assert [one.text[:4] for one in post.got] == ["【一般】", "【紧急】"]


@pytest.mark.usefixtures("channel")
@pytest.mark.parametrize("later", ["disk_error", "disk_short"])
def test_what_opens_after_somebody_has_seen_the_incident_is_told(
    later: str, county: FictionalCounty, day: Day, post: Post
) -> None:
    raise_one(county.stations[SHILI], "disk_short", "minor", day.now)
    day.pass_by(3 * MINUTE)
    standing = standing_at(COUNTY, "disk", f"s:{SHILI}", now=day.now)
    assert standing is not None
    acknowledge(standing, note="明天去", by=user_of(ADMINISTRATOR), at=day.now)
    Alarm.objects.filter(code=later).update(resolved_at=day.now)
    day.pass_by(20 * MINUTE, step=10 * MINUTE)
    raise_one(county.stations[SHILI], later, "minor", day.now)
    day.pass_by(HOUR, step=20 * MINUTE)
    assert len(post.got) == 2


@pytest.mark.usefixtures("channel")
@pytest.mark.parametrize("seen_on", ["需要处理", "告警"])
def test_what_happens_again_a_year_after_somebody_saw_it_is_told(
    seen_on: str, county: FictionalCounty, day: Day, post: Post
) -> None:
    by = user_of(ADMINISTRATOR)
    for number in (1, 2):
        alarms.raise_alarm(station=SHILI, code="bad_signature", severity="critical", detail="", at=day.now)
        day.pass_by(3 * MINUTE)
        assert len(post.got) == number
        if seen_on == "告警":
            alarms.acknowledge(Alarm.objects.get(resolved_at=None), by=by, at=day.now)
        elif standing := standing_at(COUNTY, "security", f"s:{SHILI}", now=day.now):
            acknowledge(standing, note="", by=by, at=day.now)
        # What a program repeats is the same matter while it goes on.
        for _ in range(3):
            day.pass_by(20 * MINUTE, step=20 * MINUTE)
            alarms.raise_alarm(station=SHILI, code="bad_signature", severity="critical", detail="", at=day.now)
        day.pass_by(3 * HOUR, step=30 * MINUTE)
        assert len(post.got) == number
        day.now += dt.timedelta(days=365)


@pytest.mark.parametrize("seen_on", ["需要处理", "告警"])
def test_each_call_for_help_is_told_at_once_and_in_the_night_too(
    seen_on: str, county: FictionalCounty, day: Day, post: Post
) -> None:
    configured(COUNTY, least="major")
    station, by = StationDouble(), user_of(ADMINISTRATOR)
    station.enrol()
    day.now = NOON + 10 * HOUR
    for number in (1, 2, 3):
        station.add(HelpAsked(at=moment(number), screen="help"))
        BatchProcessor(clock=lambda: day.now).process_batch([station.facts_message(number)])
        day.pass_by(2 * MINUTE)
        assert len(post.got) == number
        assert "【紧急】示例镇 有人求助" in post.got[-1].text
        if seen_on == "告警":
            alarms.acknowledge(Alarm.objects.get(resolved_at=None), by=by, at=day.now)
        elif standing := standing_at(COUNTY, "help", f"s:{SHILI}", now=day.now):
            acknowledge(standing, note="", by=by, at=day.now)
        day.now += dt.timedelta(seconds=5)
        # The third call comes before the notifier has seen the end of the second.
        if number == 1:
            day.pass_by(20 * MINUTE, step=10 * MINUTE)


@pytest.mark.usefixtures("channel")
def test_an_end_goes_along_with_the_next_message(county: FictionalCounty, day: Day, post: Post) -> None:
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(3 * MINUTE)
    Alarm.objects.update(resolved_at=day.now)
    day.pass_by(GOES_ON + HOUR, step=30 * MINUTE)
    raise_one(county.stations[YANGBAN], "undervoltage", "major", day.now)
    day.pass_by(3 * MINUTE)
    assert [message.title for message in post.got] == [
        "村慧 示例县：1 件事需要处理",
        "村慧 示例县：1 件事需要处理，1 件事已过去",
    ]
    assert "✓ 示例镇 磁盘快满或出了故障：1 件已过去" in post.got[1].text


@pytest.mark.usefixtures("channel")
def test_in_the_night_only_what_cannot_wait_is_told(county: FictionalCounty, day: Day, post: Post) -> None:
    day.now = NOON + 10 * HOUR
    raise_one(county.stations[SHILI], "station_silent", "minor", day.now)
    day.pass_by(HOUR, step=15 * MINUTE)
    assert post.got == []
    raise_one(county.stations[YANGBAN], "disk_error", "critical", day.now)
    day.pass_by(5 * MINUTE)
    assert [("站点没有消息" in one.text, "磁盘" in one.text) for one in post.got] == [(False, True)]
    day.pass_by(8 * HOUR, step=30 * MINUTE)
    assert "站点没有消息" in post.got[1].text
    assert timezone.localtime(Notification.objects.latest("pk").made_at).hour == 7


@pytest.mark.usefixtures("channel")
def test_nobody_is_told_of_what_somebody_has_seen_or_silenced(county: FictionalCounty, day: Day, post: Post) -> None:
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    raise_one(county.stations[YANGBAN], "disk_error", "critical", day.now)
    by = user_of(ADMINISTRATOR)
    Acknowledgement.objects.create(kind="disk", place=f"s:{SHILI}", by=by, at=day.now + dt.timedelta(seconds=1))
    Silence.objects.create(
        kind="disk", place=f"r:{OTHER_TOWNSHIP}", reason="换卡", by=by, at=day.now, ends_at=day.now + HOUR
    )
    day.pass_by(30 * MINUTE, step=10 * MINUTE)
    assert post.got == []
    day.pass_by(HOUR, step=15 * MINUTE)
    (message,) = post.got
    assert "样板镇" in message.text
    assert "示例镇" not in message.text


def test_a_channel_is_told_of_its_own_region_and_of_what_is_grave_enough(
    county: FictionalCounty, day: Day, post: Post
) -> None:
    configured(TOWNSHIP, least="major")
    raise_one(county.stations[SHILI], "undervoltage", "minor", day.now)
    raise_one(county.stations[YANGBAN], "disk_error", "critical", day.now)
    raise_one(None, "backup_overdue", "critical", day.now)
    day.pass_by(10 * MINUTE, step=5 * MINUTE)
    assert post.got == []
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(10 * MINUTE, step=5 * MINUTE)
    (message,) = post.got
    assert "样板" not in message.text


def test_a_township_is_told_of_an_outage_of_the_county(county: FictionalCounty, day: Day, post: Post) -> None:
    made = make_stations(40)
    configured(made[0].village_id[:9] + "000")
    StationStatus.objects.exclude(station__in=made).update(online=False, changed_at=NOON - HOUR)
    lose(made, at=NOON - HOUR)
    day.pass_by(5 * MINUTE)
    assert "示例县 疑似停电或断网" in post.got[0].text


def test_what_is_not_taken_is_tried_again_ever_more_seldom_and_given_up_after_a_day(
    county: FictionalCounty, channel: ChannelConfig, day: Day, post: Post
) -> None:
    post.refuses = True
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(3 * HOUR, step=6 * MINUTE)
    channel.refresh_from_db()
    assert channel.failure == "对方回应 500"
    assert channel.failing_since is not None
    notification = Notification.objects.get()
    assert 6 <= notification.tries <= 25
    # As soon as it takes messages again, it gets what waited.
    post.refuses = False
    day.pass_by(31 * MINUTE, step=10 * MINUTE)
    assert len(post.got) == 1
    channel.refresh_from_db()
    assert channel.failure == ""
    assert ChannelConfig.objects.filter(failing_since=None).exists()
    post.refuses = True
    over = raise_one(county.stations[YANGBAN], "disk_error", "critical", day.now)
    raise_one(county.stations[YANGBAN], "undervoltage", "major", day.now)
    day.pass_by(12 * HOUR, step=2 * HOUR)
    Alarm.objects.filter(pk=over.pk).update(resolved_at=day.now)
    day.pass_by(EXPIRES - 6 * HOUR, step=2 * HOUR)
    assert Notification.objects.exclude(given_up_at=None).count() == 1
    # Nobody was told of it, so what still stands is told again, and what is over is not.
    post.refuses = False
    day.pass_by(2 * HOUR, step=10 * MINUTE)
    (_, again) = post.got
    assert "供电" in again.text
    assert "磁盘" not in again.text


def test_a_receiver_that_hangs_holds_up_neither_the_others_nor_the_round(
    county: FictionalCounty, receiver: Webhook, outlet: Outlet
) -> None:
    sound, hanging = Post(), configured(COUNTY)
    other = configured(COUNTY)
    receiver.mood = "hang"
    stuck = DRIVERS["wecom"].build({"url": receiver.url()}, outlet)
    day = Day(lambda one: stuck if one.pk == hanging.pk else sound, total_s=0.5)
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    begun = time.monotonic()
    day.pass_by(2 * MINUTE)
    assert time.monotonic() - begun < 8
    assert len(sound.got) == 1
    hanging.refresh_from_db()
    other.refresh_from_db()
    assert hanging.failing_since is not None
    assert other.sent_at is not None


def test_settings_that_no_longer_open_or_are_no_longer_allowed_are_a_failure_and_no_crash(
    county: FictionalCounty, outlet: Outlet, receiver: Webhook
) -> None:
    made = add_channel(
        user_of(ADMINISTRATOR),
        driver="wecom",
        name="示例群",
        region=Region.objects.get(pk=COUNTY),
        least_severity="minor",
        values={"url": receiver.url()},
        outlet=outlet,
        now=NOON,
    )
    raise_one(county.stations[SHILI], "disk_error", "critical", NOON)
    # county.toml names the host no more.
    Day(lambda one: opened(one, home=settings.HOME, outlet=Outlet())).pass_by(3 * MINUTE)
    made.refresh_from_db()
    assert "不再允许" in made.failure
    ChannelConfig.objects.update(sealed="1:AAAA", failure="")
    day = Day(lambda one: opened(one, home=settings.HOME, outlet=outlet))
    day.now = NOON + 2 * HOUR
    day.pass_by(3 * MINUTE)
    made.refresh_from_db()
    assert "打不开" in made.failure
    remove_channel(user_of(ADMINISTRATOR), made, now=day.now)
    made.refresh_from_db()
    assert (made.sealed, made.failing_since) == ("", None)
    assert not Notification.objects.filter(given_up_at=None, sent_at=None).exists()


@pytest.mark.usefixtures("channel")
def test_what_was_sent_is_kept_for_a_while(county: FictionalCounty, day: Day) -> None:
    raise_one(county.stations[SHILI], "disk_error", "critical", day.now)
    day.pass_by(3 * MINUTE)
    assert drop_old(NOON + SENT_KEPT + HOUR) == 0, "what stands is not forgotten, or it would be told again"
    Alarm.objects.update(resolved_at=day.now)
    day.pass_by(3 * MINUTE)
    drop_old(NOON + SENT_KEPT + HOUR)
    assert (Episode.objects.count(), Notification.objects.count()) == (0, 0)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.small_proof) for seed in range(2, 22))])
def test_over_any_run_a_channel_gets_at_most_one_and_a_fifth_messages_for_an_incident(
    seed: int, county: FictionalCounty, channel: ChannelConfig, day: Day, post: Post
) -> None:
    chance = random.Random(seed)
    made = make_stations(40)
    StationStatus.objects.update(changed_at=NOON - HOUR)
    gone: dict[Station, dt.datetime] = {}
    """Stations without a line, and until when."""
    for _ in range(60):
        for station in chance.sample(made, 2):
            gone.setdefault(station, day.now + chance.choice((HOUR, 3 * HOUR, 20 * MINUTE)))
        if chance.random() < 0.06:  # a township has no power
            first = chance.randrange(2) * 20
            gone |= dict.fromkeys(made[first : first + 18], day.now + 2 * HOUR)
        if chance.random() < 0.1:
            raise_one(chance.choice(made), f"held:{day.now:%H%M}", "minor", day.now)
        _become(made, gone, day.now)
        post.refuses = chance.random() < 0.2
        day.pass_by(30 * MINUTE, step=30 * MINUTE)
    told = Episode.objects.filter(mentions__of_end=False).distinct().count()
    messages = Notification.objects.count()
    assert told > 30
    assert any("已过去" in one.title for one in Notification.objects.all())
    assert messages <= telling.MOST_PER_INCIDENT * told
    for one in Notification.objects.all():
        assert not re.search(rf"{ZHANG.name}|{ZHANG.tail}", one.text)


def _become(made: list[Station], gone: dict[Station, dt.datetime], now: dt.datetime) -> None:
    """Let stations go and come back, and the county notice silence as it does."""
    for station in [station for station, until in gone.items() if until <= now]:
        del gone[station]
    away = [station.pk for station in gone]
    StationStatus.objects.filter(online=True, station__in=away).update(
        online=False, changed_at=now, heard_at=now - 40 * MINUTE
    )
    back = StationStatus.objects.filter(online=False).exclude(station__in=away)
    back.update(online=True, changed_at=now, heard_at=now)
    StationStatus.objects.filter(online=True).update(heard_at=now)
    watch_silence(shards=[0], now=now, listened=HOUR)
