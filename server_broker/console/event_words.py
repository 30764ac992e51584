"""What a person should know about an event of a station besides its kind."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from server_broker.commands.models import StationOrder
from server_broker.console import words
from server_broker.console.command_words import reason_word
from server_broker.fleet.models import StationEvent

_EPOCH_REASONS = {
    "first": "第一次",
    "ahead": "县里的记录比站点多",
    "differs": "与县里的记录不一致",
    "corrupt": "记录文件损坏，已抢救",
}
_OF_KIND = {"board_replaced": "之前的机器和它的存储卡（拷贝的也一样）不能再连"}
_BOOT_CAUSES = {"power_on": "通电", "restart": "程序重启"}


_OF_COMMANDS = ("live_view_began", "live_view_ended", "command_result")
NEVER_ORDERED = "站点自称，县里没有下过这个命令的记录"


def with_notes(shown: Iterable[StationEvent]) -> list[tuple[StationEvent, str]]:
    """Return each event with what a person should know about it besides its kind; empty for most kinds.

    Who ordered something is read from the county's commands: a station could name anybody.
    """
    events = list(shown)
    ids = {command for one in events if (command := _command_of(one)) is not None}
    commands = StationOrder.objects.in_bulk(ids)
    return [(one, _note_of(one, commands)) for one in events]


def _command_of(shown: StationEvent) -> UUID | None:
    text = str(shown.detail.get("command", "")) if isinstance(shown.detail, dict) else ""
    try:
        return UUID(hex=text) if shown.kind in _OF_COMMANDS else None
    except ValueError:
        return None


def _note_of(shown: StationEvent, commands: Mapping[UUID, StationOrder]) -> str:
    """Return what a person should know about an event besides its kind; empty for most kinds.

    Texts from a station are cut, so that a page stays readable whatever a station sends.
    """
    if shown.kind in _OF_COMMANDS:
        command_id = _command_of(shown)
        command = commands.get(command_id) if command_id is not None else None
        if command is None or command.station_id != shown.station_id:
            return NEVER_ORDERED
        if shown.kind == "live_view_began":
            return f"{command.issuer}：{command.reason}"[:120] if command.order == "live_view" else NEVER_ORDERED
    detail = shown.detail if isinstance(shown.detail, dict) else {}
    if shown.kind == "booted":
        return " · ".join(filter(None, [_BOOT_CAUSES.get(detail.get("cause", "")), str(detail.get("software", ""))]))
    if shown.kind == "epoch_opened":
        return _EPOCH_REASONS.get(detail.get("reason", ""), "")
    if shown.kind == "direction_chosen":
        return f"改为{words.DIRECTIONS.get(str(detail.get('direction', '')), '—')}"
    if shown.kind == "contact_changed":
        return _contact_note(detail)
    if shown.kind == "live_view_ended":
        why = reason_word(str(detail.get("why", "")))
        return f"{why} · {detail.get('frames', 0)} 帧 · {detail.get('seconds', 0)} 秒"
    if shown.kind == "command_result":
        word = words.COMMAND_OUTCOMES.get(str(detail.get("outcome")), words.UNKNOWN).word
        return " · ".join(filter(None, [word, reason_word(str(detail.get("detail", "")))]))
    if shown.kind == "facts_lost":
        return f"第 {detail.get('first', '?')} 至 {detail.get('last', '?')} 条"
    if shown.kind in ("alarm_raised", "alarm_cleared"):
        return words.alarm_name(str(detail.get("code", "")), "station")[:64]
    return _OF_KIND.get(shown.kind) or str(detail.get("reader") or detail.get("window") or "")[:64]


def _contact_note(detail: dict[str, Any]) -> str:
    if detail.get("sensor") == "motion":
        note = "值班时间以外有人活动"
    else:
        note = "门开了" if detail.get("active") else "门关了"
        note += "；频繁变化，暂不逐次记录" if detail.get("flapping") else ""
    return f"{str(detail.get('input', ''))[:64]}：{note}"
