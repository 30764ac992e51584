"""The Chinese words for an audit entry on the page 审计, and the search for entries by these words."""

import datetime as dt

from django.db.models import Q

from server_broker.accounts.models import Role
from server_broker.audit.log import HERE, PHONE
from server_broker.audit.models import AuditEntry
from server_broker.audit.search import containing, whole_field
from server_broker.console.action_words import ACTIONS
from server_broker.console.audit_names import Names
from server_broker.console.meeting_changes import WORDS as OF_MEETINGS
from server_broker.console.moments import moment_words
from server_broker.console.words import ALARMS, COMMANDS, alarm_name
from server_broker.exceptions.kinds import SPECS as EXCEPTIONS
from server_broker.exceptions.models import Verdict
from server_broker.people.models import HoldingState
from server_broker.people.number_forms import WORDS
from server_broker.requests.kinds import KINDS
from server_broker.requests.models import Outcome
from server_broker.settling.term_specs import SPECS as TERMS
from server_broker.twin.setting_specs import SPECS

LOCAL = "本机"
_SOURCES = {HERE: LOCAL, PHONE: "手机"}
NOT_SAID = "—"

_KEYS = {
    "account": "账号序号",
    "active": "启用",
    "active_was": "原来启用",
    "again": "重新接入",
    "as_of": "截至",
    "at": "时刻",
    "by": "方式",
    "card": "卡",
    "code": "告警",
    "count": "数量",
    "day": "日期",
    "deputy": "代办的人",
    "device": "验证器摘要",
    "epoch": "记录流",
    "fields": "改动",
    "first": "第一天",
    "from": "从",
    "generation": "代",
    "given_to": "改给",
    "hash": "密码摘要",
    "held": "待审",
    "id": "编号",
    "item": "议题编号",
    "kind": "种类",
    "known": "已有",
    "last": "最后一天",
    "lender": "代谁办",
    "off": "停用",
    "threshold": "从多少起",
    "verdict": "怎么样",
    "locked": "锁定",
    "length": "碰到的班日",
    "left": "还剩",
    "codes": "备用码摘要",
    "link": "链接摘要",
    "name": "设置",
    "new": "新增",
    "on": "自",
    "number": "申请编号",
    "on_was": "原自",
    "order": "命令",
    "joins": "连起来",
    "outcome": "结果",
    "packs": "学习包",
    "post": "职务",
    "password": "有密码",
    "person": "本人",
    "person_was": "原本人",
    "pictures": "图片",
    "read": "读出",
    "reason": "理由",
    "to": "到",
    "region": "区划",
    "remarked": "判分变了的题",
    "region_was": "原区划",
    "role": "角色",
    "role_was": "原角色",
    "rows": "条数",
    "seqs": "序号",
    "serial": "证书序号",
    "set_aside": "另存",
    "sha256": "SHA-256",
    "since": "自",
    "state": "状态",
    "station": "站点",
    "temporary": "临时",
    "still_held": "仍待审",
    "unchecked": "命令行上没有查证",
    "tokens_revoked": "作废的接口令牌",
    "tries_of_addresses": "清掉的输错记录",
    "until": "有效到",
    "value": "改为",
    "version": "版本",
    "village": "村",
    "village_was": "原村",
    "whose": "谁的账号",
    "writer": "谁写的",
    "wrong_tries": "输错次数",
    **OF_MEETINGS,
    **{f"{what}_was": f"原{word}" for what, word in OF_MEETINGS.items()},
    **{"expected_was": "减去的应到的人", "expected": "加上的应到的人"},
    **{"voters_was": "减去的有表决权的人", "voters": "加上的有表决权的人"},
}
_FIELDS = {"number": "编号", "name": "姓名", "village_id": "村、镇", "type": "类别"}
_MOMENTS = ("as_of", "at", "since", "until")
_COUNTS = {"added": "新增", "changed": "更新"}
NOBODY_S = "账号没有对应的人"
_ROLES = {role.value: str(role.label) for role in Role}
_VALUES: dict[str, dict[str, str]] = {
    "by": {
        "password": "密码",
        "link": "一次性链接",
        "second factor": "第二步验证",
        "recovery code": "备用码",
        "code": "站点屏幕上的码",
        "number": "编号和密码",
    },
    "role": _ROLES,
    "role_was": _ROLES,
    "order": COMMANDS,
    "kind": {str(kind): word for kind, word in WORDS.items()} | KINDS,
    "outcome": {outcome.value: str(outcome.label) for outcome in Outcome},
    "code": ALARMS,
    "origin": {"county": "县里查出", "station": "站点自报"},
    "reason": {"from the journal": "按站点名册补记"},
    "state": {state.value: str(state.label) for state in HoldingState},
    "verdict": {verdict.value: str(verdict.label) for verdict in Verdict},
    "whose": {"nobody": NOBODY_S},
}
"""Words for values, by the key of a detail: the code in the entry, and its word."""


def source_word(source: str) -> str:
    """Return the address from which an action was asked, or what stands for it. Entries of version 1 have none."""
    return _SOURCES.get(source, source) or NOT_SAID


def detail_words(entry: AuditEntry, names: Names) -> list[tuple[str, str]]:
    """Return an entry's details as pairs of words. A key or value without a word is shown as it is."""
    pairs = []
    for key, value in entry.detail.items():
        # An import has keys such as ``人员.added``: a sheet of the workbook, and what was counted there.
        sheet, dot, count = key.rpartition(".")
        word = f"{sheet}{_COUNTS.get(count, count)}" if dot else _KEYS.get(key, key)
        match entry.action, key, value:
            case "setting.chosen", "name", str():
                shown = SPECS[value].word if value in SPECS else value
            case "setting.chosen", "value", str():
                shown = _setting(str(entry.detail.get("name", "")), value)
            case "exception.judged", "kind", str():
                shown = EXCEPTIONS[value].word if value in EXCEPTIONS else value
            case "term.set", "name", str():
                word, shown = "规则", TERMS[value].word if value in TERMS else value
            case "term.set", "value", str() | None:
                shown = _term(str(entry.detail.get("name", "")), value)
            case "alarm.acknowledged", "code", str():
                shown = alarm_name(value, str(entry.detail.get("origin", "county")))
            case action, "code", str() if action.startswith("region."):
                word, shown = "代码", value
            case _:
                shown = (names.value(key, value) if isinstance(value, str | int) else None) or _value(key, value)
        pairs.append((word, shown))
    return pairs


def _setting(name: str, text: str) -> str:
    """Return what was chosen for a setting, in the words of its form."""
    if not text:
        return "不再单独设"
    spec = SPECS.get(name)
    words = {code: word for code, word, _ in spec.choices} if spec else {}
    return words.get(text, f"{text} {spec.unit}".strip() if spec else text)


def _term(name: str, text: str | None) -> str:
    """Return what was set for a parameter of the rules, in the words of its form."""
    if text is None:
        return "不再另设"
    spec = TERMS.get(name)
    return text if spec is None else spec.shown(int(text) if text.isdigit() else text)


def _value(key: str, value: str | int | bool | None) -> str:
    match value:
        case None:
            return "无"
        case bool():  # before int, because True is an int too
            return "是" if value else "否"
        case str() if key == "code":
            return alarm_name(value)
        case str() if key == "fields":
            return "、".join(_FIELDS.get(field, field) for field in value.split(","))
        case str() if key in _MOMENTS and len(value) > len("2026-03-01"):
            return _moment(value)
        case str():
            return _VALUES.get(key, {}).get(value, value)
        case _:
            return str(value)


def _moment(text: str) -> str:
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment_words(when) if when.tzinfo else text


def entries_showing(search: str) -> Q:
    """Return the condition for entries that contain ``search``, in the page's words or in the log's own."""
    wanted = [search]
    wanted += [whole_field(action) for action, word in ACTIONS.items() if search in word]
    wanted += [whole_field(source) for source, word in _SOURCES.items() if search in word]
    for key, words in _VALUES.items():
        for code in [code for code, word in words.items() if search in word]:
            # As PostgreSQL writes JSON. The code of an alarm may be followed by a colon and a reason (`alarm_name`).
            pair = f'"{key}": "{code}'
            wanted += [f'{pair}"', f"{pair}:"]
    return containing(wanted)
