"""Turn on what burdens people only by two of them, and turn it off at once by one.

A feature that does such a thing asks `is_on` each time, and does nothing while the switch is off.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import record, told_reason
from server_broker.compliance.models import Step, SwitchStep
from server_broker.decisions.stream import decide
from server_broker.platform.sql import lock_until_commit

_LOCK_SPACE = 0x73776974
"""First key of the PostgreSQL advisory locks ("swit") under which a switch gets its next step."""
_BURDEN_RULES = "2026 年整治“指尖上的形式主义”的全国要求（本产品的领域说明转述，未附文号，打开前请对照原文）"

_PERSONAL_DATA_LAW = "《中华人民共和国个人信息保护法》第二十五条"


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that burdens people. ``rule`` says what speaks against it, ``source`` where that stands."""

    word: str
    note: str
    rule: str
    source: str
    asked_by: str = ""
    """What of the product asks `is_on`, in Chinese; empty: the product does no such thing, on or off."""


SWITCHES: dict[str, Switch] = {
    "named_leaderboards": Switch(
        "公开显示姓名的排行榜",
        "大屏和手机页面按姓名列出积分名次",
        "不得强制积分排名",
        _BURDEN_RULES,
    ),
    "points_in_assessment": Switch(
        "学习积分计入考核",
        "答题、学习得的分进入干部考核",
        "不得把学习时长、积分作为考核依据",
        _BURDEN_RULES,
    ),
    "votes_in_assessment": Switch(
        "网上投票计入考核",
        "点赞、投票、网上评议的结果进入考核",
        "不得把点赞、投票作为考核依据",
        _BURDEN_RULES,
    ),
    "compulsory_photographs": Switch(
        "必须上传照片",
        "没有照片的工作记实、打卡或报备不算完成",
        "不得强制上传工作照片",
        _BURDEN_RULES,
    ),
    "duty_board_names": Switch(
        "公开值班人的姓名",
        "谁都能看的值班牌网页和站点大屏按村列出今天谁值班、到几点",
        "不得公开个人信息，本人单独同意的除外",
        _PERSONAL_DATA_LAW,
        asked_by="手机入口的值班牌（/b/村代码/）和站点大屏",
    ),
    "duty_board_presence": Switch(
        "公开值班人到没到",
        "值班牌和站点大屏上还写此刻在岗没有；先要打开“公开值班人的姓名”",
        "不得公开个人信息，本人单独同意的除外",
        _PERSONAL_DATA_LAW,
        asked_by="手机入口的值班牌（/b/村代码/）和站点大屏",
    ),
}
"""Every switch. All are off until two people have turned one on."""


class SwitchRefused(Exception):
    """Nothing changed. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a switch stands: whether it is on, and the newest step, if somebody has ever touched it."""

    code: str
    switch: Switch
    newest: SwitchStep | None

    @property
    def is_on(self) -> bool:
        """Whether it is on."""
        return self.newest is not None and self.newest.step == Step.TURNED_ON

    @property
    def is_asked(self) -> bool:
        """Whether somebody has asked for it and waits for a second person."""
        return self.newest is not None and self.newest.step == Step.ASKED


def is_on(code: str) -> bool:
    """Return whether a switch is on.

    Raises:
        KeyError: There is no such switch.
    """
    return standing(code).is_on


def standing(code: str) -> Standing:
    """Return how a switch stands.

    Raises:
        KeyError: There is no such switch.
    """
    return Standing(code, SWITCHES[code], SwitchStep.objects.filter(code=code).order_by("-id").first())


def standings() -> list[Standing]:
    """Return how all switches stand, in their order."""
    return [standing(code) for code in SWITCHES]


def ask(code: str, *, reason: str, actor: str, at: datetime) -> None:
    """Ask that a switch is turned on. It stays off until another person agrees.

    Raises:
        SwitchRefused: It is on, or somebody has asked already.
    """
    _step(code, Step.ASKED, reason=reason, actor=actor, at=at)


def agree(code: str, *, reason: str, actor: str, at: datetime) -> None:
    """Turn on a switch for which another person has asked.

    Raises:
        SwitchRefused: Nobody has asked.
        OwnAffair: The actor asked.
    """
    _step(code, Step.TURNED_ON, reason=reason, actor=actor, at=at)


def turn_off(code: str, *, reason: str, actor: str, at: datetime) -> None:
    """Turn a switch off at once, or refuse what somebody asked for.

    Raises:
        SwitchRefused: It is off, and nobody has asked.
    """
    _step(code, None, reason=reason, actor=actor, at=at)


def _step(code: str, step: Step | None, *, reason: str, actor: str, at: datetime) -> None:
    reason = told_reason(reason, refused=SwitchRefused)
    with transaction.atomic():
        # Until the COMMIT nobody else takes a step of this switch.
        lock_until_commit(_LOCK_SPACE, code)
        now = standing(code)
        if step == Step.ASKED and (now.is_on or now.is_asked):
            raise SwitchRefused("已经打开了" if now.is_on else "已经有人申请了，要由另一个人同意")
        if step == Step.TURNED_ON:
            if not now.is_asked or now.newest is None:
                raise SwitchRefused("没有人申请打开，或者已经定了")
            refuse_own_affair(actor, asked_by=now.newest.by)
        if step is None:
            if not (now.is_on or now.is_asked):
                raise SwitchRefused("本来就是关着的")
            step = Step.TURNED_OFF if now.is_on else Step.REFUSED
        row = SwitchStep.objects.create(code=code, step=step, by=actor, at=at, reason=reason)
        action = f"switch.{step}"
        decide(record(actor, action, code, {"reason": reason}), Decided(action=action, subject=code), [row])
