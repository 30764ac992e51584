"""Every Chinese sentence of what a person's windows came to."""

from collections.abc import Sequence

from kiosk_tui.catalogue import _
from kiosk_tui.words import months as words_months
from kiosk_tui.words.common import listed
from kiosk_tui.words.dates import clock
from protocol.kiosk_months import ResultLine, ResultsShown

RESULTS = _("我的考勤")
WHY = _("为什么")
KEY_TOUCHES = _("打卡记录")
KEY_REPORT = _("不对，报少打的卡")
NONE = _("没有要看的。")
NOTHING_YET = _("县里还没说。")
TOO_LONG_AGO = _("不对请找镇办，或用手机提。")
ASKED = _("已经报过，等镇办答复。")
_RESULT = {
    "late": _("迟到"),
    "early": _("早退"),
    "missing": _("缺卡"),
    "absent": _("旷工"),
    "leave": _("请假"),
    "field_duty": _("外出"),
    "meeting": _("外出开会"),
    "down": _("站点停用"),
    "provisional": _("暂定"),
    "awaiting": _("数据未到"),
    "to_review": _("待审"),
}
_SIGN = {"late": "!", "early": "!", "missing": "×", "absent": "×", "awaiting": "…", "to_review": "…"}
_MORE = {
    "late": _("到得比上班时间晚。"),
    "early": _("走得比下班时间早。"),
    "missing": _("上班、下班只打了一次卡。"),
    "absent": _("没有打卡。"),
    "leave": _("批准的假，不算缺勤。"),
    "field_duty": _("批准的外出，算出勤。"),
    "meeting": _("批准的外出开会，算出勤。"),
    "down": _("那时站点用不了，不怪您，算出勤。"),
    "provisional": _("先不下结论，不记不利的结果。"),
    "awaiting": _("先等着，不算缺卡，也不算旷工。"),
    "to_review": _("有一条记录要人核对，先等着。"),
}


def told(shown: ResultsShown) -> str:
    """Return on which day the newest was settled; empty if nothing was."""
    return _("县里 {day} 的结果，有新数据再算。").format(day=words_months.day(shown.told)) if shown.told else ""


def rest(shown: ResultsShown) -> str:
    """Return what the windows are that are not listed."""
    if shown.through is None:
        return NOTHING_YET
    through = words_months.day(shown.through)
    return (
        _("没列出的，到 {day} 都正常。").format(day=through)
        if shown.lines
        else _("到 {day} 都正常。").format(day=through)
    )


def when(line: ResultLine) -> str:
    """Return which window it is."""
    begin = clock(line.start)
    times = _("{begin}-{end}").format(begin=begin, end=clock(line.end)) if line.end is not None else begin
    return " ".join(part for part in (words_months.day(line.day), line.window, times) if part)


def result(line: ResultLine) -> str:
    """Return what a window came to in a few words."""
    word = _RESULT.get(line.result, line.result)
    if line.kind:
        word = words_months.LEAVE.get(line.kind, line.kind)
    minutes = [
        text.format(minutes=count)
        for text, count in ((_("迟到 {minutes} 分"), line.late), (_("早退 {minutes} 分"), line.early))
        if count
    ]
    named = [] if minutes and line.result in ("late", "early") else [word]
    return listed((*named, *minutes))


def in_list(line: ResultLine) -> str:
    """Return a window for the list; a report of a missing touch that waits goes before."""
    said = result(line)
    sign = _SIGN.get(line.result, "·")
    day = f"{words_months.day(line.day)} {clock(line.start)}"
    return f"{day}  … {ASKED}" if line.request_state == "open" else f"{day}  {sign} {said}"


def more(line: ResultLine) -> Sequence[str]:
    """Return why, what is awaited, and what became of a report."""
    said = [one for one in (line.why, _MORE.get(line.result, "")) if one]
    if line.waits:
        said.append(_("在等{villages}的记录。").format(villages=listed(line.waits)))
    if line.request_state is not None:
        state = words_months.REQUEST_STATE.get(line.request_state, line.request_state)
        said.append(_("{state}（编号 {number}）").format(state=state, number=line.request))
    elif not line.may_report and line.result in ("late", "early", "missing", "absent"):
        said.append(TOO_LONG_AGO)
    return said
