"""The kinds of exceptions: how each is found, from which number on, and what else it may be than a misdeed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server_broker.exceptions.models import KindRecord


@dataclass(frozen=True, slots=True)
class Spec:
    """A kind in the words of its page. ``{n}`` in the method is the number from which on it is worth a look."""

    word: str
    method: str
    harmless: str
    """The everyday reasons: no exception says what somebody did."""
    threshold: int
    lowest: int
    highest: int
    unit: str


SPECS: Mapping[str, Spec] = {
    "two_places": Spec(
        "一张卡两个镇",
        "同一张卡先后在两个镇的站点打卡，中间不到 {n} 分钟；只看时间准的打卡，不按路程算",
        "住在两镇交界，路近；站点的钟不准",
        threshold=20,
        lowest=2,
        highest=240,
        unit="分钟",
    ),
    "late_departure": Spec(
        "下班卡前很久没动静",
        "班结束半小时以后打的下班卡，打卡 10 分钟以前的 {n} 分钟里，站点没有别的打卡、门磁、大屏使用；"
        "站点那时停过的不算",
        "一直在屋里办公；没装门磁的站点，只看得到打卡和大屏",
        threshold=120,
        lowest=60,
        highest=600,
        unit="分钟",
    ),
    "card_on_leave": Spec(
        "请假期间打过卡",
        "批准的请假还没结束，卡打过 {n} 次或更多",
        "提前回来了，还没有销假；只是来拿东西",
        threshold=1,
        lowest=1,
        highest=20,
        unit="次",
    ),
    "same_minute": Spec(
        "每天同一分钟到",
        "一个月里，每天第一次打卡有 {n} 天或更多落在同一个 60 秒里",
        "赶同一趟车；就是准时",
        threshold=10,
        lowest=5,
        highest=31,
        unit="天",
    ),
    "quiet_village": Spec(
        "站点开着没人打卡",
        "连着 {n} 个值班日，该到的人都没有打卡，而站点开着、记录齐全",
        "都在外面办事，忘了报备；值班表没有改",
        threshold=2,
        lowest=1,
        highest=10,
        unit="天",
    ),
    "dark_station": Spec(
        "值班日站点没有记录",
        "连着 {n} 个值班日，全村的班不是“停”，就是过了两天还在等记录的“未”",
        "停电、断网；站点坏了",
        threshold=2,
        lowest=1,
        highest=10,
        unit="天",
    ),
    "off_place": Spec(
        "在别处打的卡没算上",
        "值班的时间里，在不算数的站点打过卡，而这个班缺卡、旷工或者迟到早退超过 {n} 分钟",
        "去那里办事，没有报外出",
        threshold=0,
        lowest=0,
        highest=240,
        unit="分钟",
    ),
}


@dataclass(frozen=True, slots=True)
class KindNow:
    """Whether the county looks for a kind now, and from which number on."""

    code: str
    spec: Spec
    off: bool
    threshold: int
    record: KindRecord | None
    """Who said so; None: nobody, so it is as the product has it."""

    @property
    def method(self) -> str:
        """How it is found."""
        return self.spec.method.format(n=self.threshold)


def kinds_now() -> dict[str, KindNow]:
    """Return every kind as it is now, in one query."""
    return _kinds(KindRecord.objects.known().filter(valid_to=None))


def _kinds(rows: Iterable[KindRecord]) -> dict[str, KindNow]:
    of_kind = {row.subject_id: row for row in rows}
    found = {}
    for code, spec in SPECS.items():
        row = of_kind.get(code)
        threshold = spec.threshold if row is None or row.threshold is None else row.threshold
        found[code] = KindNow(code, spec, row is not None and row.off, threshold, row)
    return found
