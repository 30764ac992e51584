"""Decide what a channel is told, and write it: one message for the openings that stand together, few for ends.

- An incident is told once it has stood for `GATHER`. Whatever else waits then goes along, so that what begins in one
  minute is one message. An incident that is over before is not told. One that was told is told again if its episode has
  something new (`episodes`).
- Nobody is told of what is acknowledged or silenced. In the night, what can wait until the morning waits.
- An end is told when it has lasted for `GOES_ON`, so that what is told of as over comes again as something new.
- An end goes along with the next message. A message about ends alone is sent only while all messages of the channel are
  at most `MOST_PER_INCIDENT` for each incident that was told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from operator import attrgetter

from django.db import transaction
from django.utils import timezone

from protocol.plain_text import one_line
from server_broker.fleet.alarm_ends import GOES_ON
from server_broker.incidents.channels.port import MAX_TEXT_BYTES, Message
from server_broker.incidents.grouping import Incident
from server_broker.incidents.kinds import BY_KEY, OTHER, OUTAGE, SEVERITIES, SEVERITY_WORDS, gravest
from server_broker.incidents.models import ChannelConfig, Episode, Mention, Notification
from server_broker.incidents.open_now import Regions, Standing
from server_broker.regions.models import TOWNSHIP_DIGITS, subtree_prefix

GATHER = timedelta(minutes=1)
TELL_ENDS_FOR = timedelta(days=1)
MOST_PER_INCIDENT = 1.2
NIGHT_BEGINS, NIGHT_ENDS = time(21, 0), time(7, 0)
WAITS_FOR_MORNING = frozenset({"minor", "info"})
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Pending:
    """An open incident of which a channel has not been told, or not since there is something new."""

    episode: Episode
    incident: Incident
    again: bool
    """The channel was told before."""


def tell(
    channel: ChannelConfig,
    standing: Sequence[Standing],
    episodes: Mapping[tuple[str, str], Episode],
    *,
    names: Regions,
    county: str,
    link: str,
    now: datetime,
) -> Notification | None:
    """Make the message that the channel gets now, if any, and note of which episodes it tells.

    Args:
        standing: The incidents of the whole county.
        episodes: The open episodes by their incident's key.
        county: What people call the county.
        link: Where the console shows what needs somebody.
    """
    night = is_night(now)
    pending = _pending(channel, standing, episodes, night=night)
    ripe = any(one.episode.seen_at <= now - GATHER for one in pending)
    ended = _ended(channel, now)
    if not ripe and (not ended or night or not _may_tell_ends(channel)):
        return None
    openings = pending if ripe else []
    message = written(openings, ended, names=names, county=county, link=link)
    with transaction.atomic():
        made = Notification.objects.create(
            channel=channel, title=message.title, text=message.text, made_at=now, next_at=now
        )
        told = [(one.episode, False) for one in openings] + [(one, True) for one in ended]
        Mention.objects.bulk_create(
            [Mention(notification=made, channel=channel, episode=episode, of_end=of_end) for episode, of_end in told],
            update_conflicts=True,
            unique_fields=["channel", "episode", "of_end"],
            update_fields=["notification"],
        )
    return made


def is_night(now: datetime) -> bool:
    """Return whether people sleep, by the county's clock."""
    local = timezone.localtime(now).time()
    return local >= NIGHT_BEGINS or local < NIGHT_ENDS


def _pending(
    channel: ChannelConfig,
    standing: Sequence[Standing],
    episodes: Mapping[tuple[str, str], Episode],
    *,
    night: bool,
) -> list[Pending]:
    concerned = [
        (episodes[one.incident.key], one.incident)
        for one in standing
        if one.state == "open" and one.incident.key in episodes and _concerns(channel, one.incident, night=night)
    ]
    mentions = Mention.objects.filter(channel=channel, of_end=False, episode__in=[one.pk for one, _ in concerned])
    told_at = dict(mentions.values_list("episode_id", "notification__made_at"))
    return [
        Pending(episode, incident, again=episode.pk in told_at)
        for episode, incident in concerned
        if episode.pk not in told_at or told_at[episode.pk] < episode.seen_at
    ]


def _concerns(channel: ChannelConfig, incident: Incident, *, night: bool) -> bool:
    severity = gravest([incident.severity])
    if SEVERITIES.index(severity) > SEVERITIES.index(gravest([channel.least_severity])):
        return False
    if night and severity in WAITS_FOR_MORNING:
        return False
    prefix = subtree_prefix(channel.region.code)
    # An outage of the county is one of each township too.
    around = incident.kind is OUTAGE and prefix.startswith(subtree_prefix(incident.region))
    return incident.region.startswith(prefix) or around


def _ended(channel: ChannelConfig, now: datetime) -> list[Episode]:
    """Return the episodes whose opening the channel was told, and that have been over for good for less than a day."""
    mentions = Mention.objects.filter(
        channel=channel, episode__over_at__lt=now - GOES_ON, episode__over_at__gt=now - TELL_ENDS_FOR
    )
    # A message about an opening that still waits may be given up, and then nobody was told of it.
    opened = mentions.filter(of_end=False, notification__sent_at__isnull=False).values("episode")
    closed = mentions.filter(of_end=True).values("episode")
    return list(Episode.objects.filter(pk__in=opened).exclude(pk__in=closed).order_by("region", "pk"))


def _may_tell_ends(channel: ChannelConfig) -> bool:
    sent = Notification.objects.filter(channel=channel, is_test=False, given_up_at=None).count()
    told = Mention.objects.filter(channel=channel, of_end=False).count()
    return sent + 1 <= MOST_PER_INCIDENT * told


def written(
    openings: Sequence[Pending], ended: Sequence[Episode], *, names: Regions, county: str, link: str
) -> Message:
    """Return the message about these incidents: which townships, what, since when, how many; no person, no card.

    A message that would be too long names the gravest, and says how many more there are.
    """
    title = f"村慧 {county}：" + "，".join(
        filter(
            None,
            [
                f"{len(openings)} 件事需要处理" if openings else "",
                f"{len(ended)} 件事已过去" if ended else "",
            ],
        )
    )
    # Names are of people's files. A break or a sign that turns the direction would make another message of it.
    title = one_line(title)
    lines = [one_line(line) for line in (*_opening_lines(openings, names), *_end_lines(ended, names))]
    last = f"处理：{link}"
    shown = list(lines)
    while shown and len("\n".join([title, *shown, _more(len(lines)), last]).encode()) > MAX_TEXT_BYTES:
        shown.pop()
    more = [_more(len(lines) - len(shown))] if len(shown) < len(lines) else []
    return Message(title, "\n".join([*shown, *more, last]))


def _more(count: int) -> str:
    return f"另有 {count} 条，请看页面"


def _opening_lines(openings: Iterable[Pending], names: Regions) -> list[str]:
    groups: defaultdict[tuple[str, str, bool], list[Incident]] = defaultdict(list)
    for one in openings:
        groups[one.incident.township, one.incident.kind.key, one.again].append(one.incident)
    ranked = sorted(groups.items(), key=lambda group: min(map(attrgetter("rank"), group[1])))
    return [_opening_line(alike, names, again=again) for (_, _, again), alike in ranked]


def _opening_line(alike: Sequence[Incident], names: Regions, *, again: bool) -> str:
    first = alike[0]
    stations = [station for incident in alike for station in incident.stations]
    severity = SEVERITY_WORDS[gravest([incident.severity for incident in alike])]
    since = timezone.localtime(min(incident.since for incident in alike))
    villages = list(dict.fromkeys(station.village_name for station in stations))
    listed = "、".join(villages[:_MOST_NAMES]) + ("等" if len(villages) > _MOST_NAMES else "")
    many = f"：{len(stations)} 个站点（{listed}）" if stations else ""
    new = "，又有新情况" if again else ""
    return f"【{severity}】{names.name(first.township)} {first.kind.word}{many}，{since:%m-%d %H:%M} 起{new}"


def _end_lines(ended: Iterable[Episode], names: Regions) -> list[str]:
    groups: defaultdict[tuple[str, str], int] = defaultdict(int)
    for episode in ended:
        groups[episode.region[:TOWNSHIP_DIGITS].ljust(12, "0"), episode.kind] += 1
    return [
        f"✓ {names.name(township)} {BY_KEY.get(kind, OTHER).word}：{count} 件已过去"
        for (township, kind), count in groups.items()
    ]
