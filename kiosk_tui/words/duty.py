"""What is said of duty: who leads, who came for whom, why somebody is away, what is special about today."""

from kiosk_tui.catalogue import _
from kiosk_tui.words.common import namesake
from protocol.kiosk_duty import DutyRow, DutyToday

BY_WEEK = _("值班表未更新，按平时的排班。")
EXCUSED = {"leave": _("请假"), "field_duty": _("外出"), "meeting": _("开会")}
NOT_HERE = _("不在岗")
LEADS = _("（带班）")


def beside_name(row: DutyRow) -> str:
    """Return what stands behind the name of somebody on duty: which of two namesakes, that they lead, for whom they
    came."""
    instead = _("（替{name}）").format(name=row.instead_of) if row.instead_of else ""
    return namesake(row.apart) + (LEADS if row.leads else "") + instead


def of_today(today: DutyToday | None) -> list[str]:
    """Return in sentences what is special about today: what the board goes by, a day off, windows that are stopped."""
    if today is None:
        return []
    lines = [BY_WEEK] if today.by == "week" else []
    if today.calendar == "off":
        lines.append(_("今天休息：{name}。").format(name=today.name) if today.name else _("今天休息。"))
    elif today.calendar == "swapped":
        lines.append(_("今天调休上班：{name}。").format(name=today.name) if today.name else _("今天调休上班。"))
    for one in today.stopped:
        why, window = one.why, one.window
        lines.append(
            _("{window}停班：{why}。").format(window=window, why=why)
            if why
            else _("{window}停班。").format(window=window)
        )
    return lines
