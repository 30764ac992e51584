"""``cunhui-server account``: make, list and change accounts. Each change is written to the audit log."""

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from server_broker.accounts.account_changes import AccountRefused, make_account, save_changes, set_password, unlock
from server_broker.accounts.models import Role, User
from server_broker.people.models import Person
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import command_line
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region

type _Act = Callable[[CountyHome, User, argparse.Namespace, str], str]

SEES_NOTHING = (Role.AUDITOR,)
"""Roles whose work needs no region."""
_SEES_THE_COUNTY = (Role.SYSTEM, Role.SECURITY, Role.OPERATOR, Role.ORGANISATION)
"""Roles that get the whole county where no region is named."""


def run(home: CountyHome, chosen: argparse.Namespace, *, actor: str) -> str:
    """Do what the words of the command line ask for, and return the text to print.

    Raises:
        ServiceError: Nothing was changed; the message says why.
    """
    first, *names = chosen.words
    try:
        if first == "list" and not names:
            return _listed()
        if first in _ACTS and len(names) == 1:
            with transaction.atomic():
                # Locked, because a change is computed from the row: two at once must not undo each other.
                user = User.objects.select_for_update(of=("self",)).filter(username=names[0]).first()
                if user is None:
                    raise ServiceError(f"没有账号 {names[0]}")
                return _ACTS[first](home, user, chosen, actor)
        # A new account has no verb, so it cannot be called by the name of one.
        if first not in ("list", *_ACTS) and not names:
            role = _role(chosen)
            region = _region(home, chosen, role)
            user = make_account(first, role=role, region=region, person=_person(chosen), actor=actor)
            sees = f"，看{user.region}" if user.region else ""
            return f"{user.username} {role.label}{sees}。登录：{command_line(home, 'sign-in-link', user.username)}"
    except AccountRefused as refused:
        raise ServiceError(str(refused)) from refused
    raise ServiceError(f"看不懂：请运行 {command_line(home, 'account', '--help')}")


def _listed() -> str:
    lines = []
    for user in User.objects.select_related("region").order_by("username"):
        region = f"{user.region} {user.region_id}" if user.region_id else "未分配区划"
        seen = timezone.localtime(user.last_login).strftime("%Y-%m-%d %H:%M") if user.last_login else "从未登录"
        state = "已停用" if not user.is_active else "在用" if user.is_open else "本人已离任，请停用"
        lines.append(f"{user.username}  {user.role_word}  {region}  {state}  {seen}")
    return "\n".join(lines) or "还没有账号"


def _set_region(home: CountyHome, user: User, chosen: argparse.Namespace, actor: str) -> str:
    user.region = Region.objects.get(pk=_region(home, chosen, Role(user.role)))
    save_changes(user, actor=actor)
    return f"{user.username} 现在看{user.region}"


def _set_role(home: CountyHome, user: User, chosen: argparse.Namespace, actor: str) -> str:
    role = _role(chosen)
    if user.region_id is None and role not in SEES_NOTHING:
        giving = command_line(home, "account", "set-region", user.username)
        raise ServiceError(f"{user.username} 还没有区划：请先运行 {giving} --region 代码")
    user.role = role
    save_changes(user, actor=actor)
    return f"{user.username} 现在是{role.label}"


def _set_person(home: CountyHome, user: User, chosen: argparse.Namespace, actor: str) -> str:
    user.person_id = _person(chosen)
    save_changes(user, actor=actor)
    return f"{user.username} 现在{f'是 {chosen.person} 本人的账号' if chosen.person else '不指明是谁的账号'}"


def _person(chosen: argparse.Namespace) -> int | None:
    """Return the key of the person whose staff number is named, or None if none is."""
    if not chosen.person:
        return None
    person = Person.objects.filter(number=chosen.person).first()
    if person is None:
        raise ServiceError(f"没有编号为 {chosen.person} 的人员：请核对编号，或先导入人员")
    return person.pk


def _set_password(home: CountyHome, user: User, chosen: argparse.Namespace, actor: str) -> str:
    """Read the password from standard input: on the command line it would show in the process list and the history."""
    typed = getpass.getpass("新密码：") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    set_password(user, typed, actor=actor)
    return f"{user.username} 的密码已改"


def _unlock(home: CountyHome, user: User, chosen: argparse.Namespace, actor: str) -> str:
    return f"{user.username} {'已解锁，可以再试' if unlock(user, actor=actor) else '本来就没有锁定'}"


def _set_active(active: bool) -> _Act:
    def act(home: CountyHome, user: User, chosen: argparse.Namespace, actor: str) -> str:
        user.is_active = active
        changed = save_changes(user, actor=actor)
        return f"{user.username} {'已' if changed else '本来就'}{'启用' if active else '停用'}"

    return act


_ACTS: dict[str, _Act] = {
    "set-region": _set_region,
    "set-person": _set_person,
    "set-role": _set_role,
    "set-password": _set_password,
    "unlock": _unlock,
    "disable": _set_active(False),
    "enable": _set_active(True),
}


def _role(chosen: argparse.Namespace) -> Role:
    if chosen.role not in Role.values:
        raise ServiceError(f"请用 --role 写明角色：{'、'.join(f'{role.value} {role.label}' for role in Role)}")
    return Role(chosen.role)


def _region(home: CountyHome, chosen: argparse.Namespace, role: Role) -> str | None:
    """Return the code of the named region, or of the county if none is named and the role is for the whole county.

    Raises:
        ServiceError: The region is missing or unknown, so the account would see nothing.
    """
    if chosen.region:
        if not Region.objects.filter(pk=chosen.region).exists():
            raise ServiceError(f"没有区划 {chosen.region}。{_known_regions(home)}")
        return cast(str, chosen.region)
    if role in SEES_NOTHING:
        return None
    counties = list(_counties()) if role in _SEES_THE_COUNTY else []
    if len(counties) != 1:
        raise ServiceError(f"请用 --region 写明这个账号看哪个县、镇或村，否则它什么也看不到。{_known_regions(home)}")
    return counties[0].pk


def _counties() -> QuerySet[Region]:
    return Region.objects.counties()


def _known_regions(home: CountyHome) -> str:
    if counties := list(_counties()):
        return "已有的县：" + "、".join(f"{county} {county.pk}" for county in counties)
    return (
        f"现在还没有区划：请先运行 {command_line(home, 'import-people')} 文件.xlsx，"
        "工作表“区划”的两列是“代码”（12 位）和“名称”"
    )
