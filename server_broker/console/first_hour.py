"""第一次用: the steps of a county's first hour, from its places to the first touch of a card that somebody holds.

Nothing is stored: each step is done when the database has what it makes. The list is on the first page of each role
until a day after the county's first such touch.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may, who_may
from server_broker.accounts.scope import Viewer, regions_of
from server_broker.attendance.models import Touch
from server_broker.backup.state import backup_status
from server_broker.console.queries import cards_of, people_of, stations_of, touches_of, windows_of
from server_broker.fleet.models import StationQuerySet
from server_broker.people.models import Card

SHOWN_DONE_FOR = dt.timedelta(days=1)
"""How long the finished list stays, so that whoever waits for the first touch sees that it came."""
_HELD = Exists(Card.objects.filter(token=OuterRef("card_token"), person__isnull=False))


@dataclass(frozen=True, slots=True)
class Step:
    """One step as a viewer sees it.

    Attributes:
        state: ``done``, ``now`` for the first that is not done, or ``later``.
        text: What to do; for a viewer who can't do it, who does.
        href: The page where it is done; empty if the viewer can't do it.
    """

    title: str
    state: str
    text: str
    href: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class FirstHour:
    """The list for one viewer."""

    steps: tuple[Step, ...]
    makes_accounts: bool
    lacks_password: bool
    """The viewer signed in by a link, and needs another one next time."""
    lacks_backup: bool
    """The county has no backup yet, and the viewer is one of those who look after its server."""

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is left."""
        return all(step.state == "done" for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What holds of a step for every viewer: what shows that it is done, which power does it, and where."""

    title: str
    power: Power
    makes: Callable[[Viewer], QuerySet[Any]]
    """Rows in the viewer's scope; if there is one, the step is done."""
    text: str
    href: Callable[[Viewer], str]
    action: str


def first_hour(user: Viewer, *, now: dt.datetime) -> FirstHour | None:
    """Return the steps with their state in the viewer's scope, or None if there is nothing to show.

    There is nothing for an account without a region, and nothing a day after the county's first touch by a card that
    somebody holds.
    """
    if not isinstance(user, User) or user.region_id is None:
        return None
    # By key, so that PostgreSQL stops at the first row; a county has millions of touches.
    first = Touch.objects.filter(_HELD).order_by("pk").values_list("received_at", flat=True).first()
    if first is not None and first < now - SHOWN_DONE_FOR:
        return None
    made = {f"step_{at}": Exists(kind.makes(user)) for at, kind in enumerate(_KINDS)}
    # One query for all of them, on whichever row is there for sure.
    done = list(User.objects.filter(pk=user.pk).annotate(**made).values_list(*made).get())
    next_one = done.index(False) if False in done else len(done)
    steps = (
        _step(kind, user, "done" if done[at] else "now" if at == next_one else "later")
        for at, kind in enumerate(_KINDS)
    )
    return FirstHour(
        tuple(steps),
        makes_accounts=may(user, Power.MANAGE_ACCOUNTS),
        lacks_password=not user.has_usable_password(),
        lacks_backup=may(user, Power.SEE_METRICS) and backup_status(settings.HOME).target is None,
    )


def _step(kind: _Kind, user: User, state: str) -> Step:
    if state == "done":
        return Step(kind.title, state, "")
    if not may(user, kind.power):
        return Step(kind.title, state, f"由{who_may(kind.power)}来做。做好了，这里自己会变成 √。")
    return Step(kind.title, state, kind.text, kind.href(user), kind.action)


def _villages(user: Viewer) -> QuerySet[Any]:
    return regions_of(user).filter(ended=False).exclude(code__endswith="000")


def _people(user: Viewer) -> QuerySet[Any]:
    return people_of(user).filter(left=False)


def _windows(user: Viewer) -> QuerySet[Any]:
    return windows_of(user).filter(ended=False)


def _stations(user: Viewer) -> StationQuerySet:
    return stations_of(user).filter(revoked_at=None)


def _enrolled(user: Viewer) -> StationQuerySet:
    return _stations(user).filter(enrolled_at__isnull=False)


def _cards(user: Viewer) -> QuerySet[Any]:
    return cards_of(user).filter(lost_at=None)


def _touches(user: Viewer) -> QuerySet[Any]:
    return touches_of(user).filter(_HELD)


def _page(name: str) -> Callable[[Viewer], str]:
    return lambda _user: reverse(name)


def _first_waiting_station(user: Viewer) -> str:
    waiting = _stations(user).filter(enrolled_at=None).order_by("pk").first()
    return reverse("home") if waiting is None else reverse("station", args=[waiting.pk])


_KINDS = (
    _Kind(
        "区划：镇办和村",
        Power.EDIT_PEOPLE,
        _villages,
        "下载空模板，在“区划”表里填各镇、各村的 12 位统计用区划代码和名称，再传上来。"
        "站点、人员、值班也在这一个文件里，可以一次填完，也可以以后再传。",
        _page("people-import"),
        "用 Excel 导入",
    ),
    _Kind(
        "人员：要打卡的人",
        Power.EDIT_PEOPLE,
        _people,
        "在同一个模板的“人员”表里填编号、姓名和村代码。编号由单位自己编，不要用身份证号。",
        _page("people-import"),
        "导入人员",
    ),
    _Kind(
        "值班：谁该什么时候在岗",
        Power.EDIT_PEOPLE,
        _windows,
        "选村，写上时间和人；也可以在模板的“值班”表里填。不排班也能打卡，但算不出迟到和缺卡。",
        _page("window-new"),
        "添加值班",
    ),
    _Kind(
        "站点：先在县里登记",
        Power.EDIT_PEOPLE,
        _stations,
        "在模板的“站点”表里填站点编号（小写字母、数字和短横线，如 shili-01）、名称和村代码。",
        _page("people-import"),
        "导入站点",
    ),
    _Kind(
        "接入：让站点连上来",
        Power.CLAIM_STATION,
        _enrolled,
        "在站点页生成接入码，给装机员在站点上输入。站点连上以后，这里自己会变成 √。",
        _first_waiting_station,
        "去生成接入码",
    ),
    _Kind(
        "发卡：第一张卡",
        Power.BIND_CARDS,
        _cards,
        "拿一张新卡在站点上碰一下，它就出现在发卡台；选好人再绑定。绑定以前碰的也算数。",
        _page("desk"),
        "去发卡台",
    ),
    _Kind(
        "第一次打卡",
        Power.SEE_PEOPLE,
        _touches,
        "拿绑好的卡在站点上碰一下，绿灯亮了就是记下了；几秒后“今日打卡”里有姓名和时间。",
        _page("today"),
        "看今日打卡",
    ),
)
