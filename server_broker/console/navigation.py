"""The pages of the main menu, by group, and which of them somebody may open."""

from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.console.queries import alarms_of
from server_broker.requests.waiting import Waiting

_ACCOUNTS = "admin:index"
_PAGES: tuple[tuple[str, str, str, Power], ...] = (
    ("今日", "今日在岗", "presence", Power.SEE_PEOPLE),
    ("今日", "今日打卡", "today", Power.SEE_PEOPLE),
    ("今日", "谁该到岗", "duty", Power.SEE_PEOPLE),
    ("今日", "值得一看", "exceptions", Power.SEE_EXCEPTIONS),
    ("办事", "待办", "affairs", Power.APPROVE_REQUESTS),
    ("办事", "异议与申请", "requests", Power.SEE_REQUESTS),
    ("办事", "考勤表", "sheets", Power.SEE_SHEETS),
    ("办事", "群众意见", "feedback", Power.SEE_FEEDBACK),
    ("日程", "排班", "rosters", Power.SEE_PEOPLE),
    ("日程", "会议", "meetings", Power.SEE_MEETINGS),
    ("日程", "工作日历", "workdays", Power.SEE_WORKDAYS),
    ("日程", "考勤规则", "terms", Power.SEE_TERMS),
    ("人员", "人员与卡", "people", Power.SEE_PEOPLE),
    ("人员", "发卡台", "desk", Power.BIND_CARDS),
    ("内容", "下发内容", "published", Power.SEE_CONTENT),
    ("内容", "必学和选学", "courses", Power.SEE_CONTENT),
    ("内容", "公示把关", "guard", Power.SEE_CONTENT),
    ("设备", "需要处理", "attention", Power.SEE_FLEET),
    ("设备", "站点", "fleet", Power.SEE_FLEET),
    ("设备", "告警", "alarms", Power.SEE_FLEET),
    ("系统", "合规开关", "compliance", Power.SEE_SWITCHES),
    ("系统", "通知渠道", "channels", Power.SET_CHANNELS),
    ("系统", "接口令牌", "tokens", Power.REVOKE_API_TOKENS),
    ("系统", "审计", "audit", Power.READ_AUDIT),
    ("系统", "保存期限", "kept", Power.READ_AUDIT),
    ("系统", "记录链", "record", Power.READ_AUDIT),
    ("系统", "管理", _ACCOUNTS, Power.MANAGE_ACCOUNTS),
)
"""Group, word, name of the address, and the power that opens it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation. ``count`` is shown beside the word if it is not 0."""

    word: str
    href: str
    current: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that belong together. The group's own word leads to the first of them."""

    word: str
    pages: tuple[Item, ...]

    @property
    def current(self) -> bool:
        """Whether the page that is open is one of them."""
        return any(item.current for item in self.pages)

    @property
    def count(self) -> int:
        """How much waits on all of them."""
        return sum(item.count for item in self.pages)


def groups_for(user: User | AnonymousUser, section: str) -> list[Group]:
    """Return the groups of which somebody may open a page, with these pages; ``section`` is the one that is open."""
    open_to = [page for page in _PAGES if _may_open(user, page[2], page[3])]
    return [
        Group(
            title,
            tuple(Item(word, reverse(name), section == name, _waiting(user, name)) for _, word, name, _ in pages),
        )
        for title, pages in groupby(open_to, key=lambda page: page[0])
    ]


def _may_open(user: User | AnonymousUser, page: str, power: Power) -> bool:
    # The pages of accounts are Django's own, which ask for its flag too.
    return may(user, power) and (page != _ACCOUNTS or user.is_staff)


def _waiting(user: User | AnonymousUser, page: str) -> int:
    """Return how much on a page waits for the viewer."""
    if page == "alarms":
        return alarms_of(user).filter(resolved_at=None, acknowledged_at=None).count()
    return Waiting(user, timezone.now()).count() if page == "affairs" and isinstance(user, User) else 0
