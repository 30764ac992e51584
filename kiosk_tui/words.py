"""Every Chinese sentence of the screens, but those of a visit, which are in `kiosk_tui.words_visits`."""

from collections.abc import Sequence
from datetime import datetime

from protocol.kiosk import Lacking, LinkState, Missing
from protocol.units import ClockQuality, Direction

WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")

DIRECTION: dict[Direction, str] = {"in": "上班", "out": "下班"}
MISSING: dict[Missing, str] = {"arrival": "上班卡", "departure": "下班卡"}
LINK: dict[LinkState, str] = {
    "connected": "",
    "connecting": "…  正在连接县里",
    "offline": "！ 网络不通",
}
"""While the link is well, the screen says nothing about it."""
SIGN = {"green": "✓  ", "amber": "！ ", "red": "×  "}
ANSWER = {
    "recorded": "打卡成功",
    "repeat": "已打卡",
    "unknown": "已记录，待县里核对",
    "lost": "请联系镇办",
    "not_recorded": "没有记录",
}
DETAIL = {
    "recorded": "",
    "repeat": "刚才已经打过，不用再打。",
    "unknown": "这张卡还没有登记，核对以后照样算数。",
    "lost": "这张卡已经挂失，本次刷卡已记录。",
    "not_recorded": "请再刷一次；还是不行，请联系镇办。",
}
PROBLEM = {
    "": "",
    "disk_full": "站点存满了，请联系镇办。",
    "disk_error": "站点存储出了故障，请联系镇办。",
    "bad_card": "卡读不出来，请再刷一次；不行请联系镇办。",
    "too_fast": "刷得太快了，请等一下再刷。",
}
SORRY = {
    "too_late": "没有改：时间已过，或者有人接着刷了卡。",
    "unknown_run": "本关已中断，请重新开始。",
    "no_such_level": "这一关现在打不开，请选别的。",
    "not_recorded": "刚才的操作没有记录，请再试一次。",
    "malformed": "刚才的操作没有成功，请再试一次。",
    "not_here": "这个功能本站现在没有。",
    "no_line": "现在连不上县里。请过一会儿再试，或在手机上用编号和密码登录。",
    "no_time": "站点还不知道准确时间。请在手机上用编号和密码登录。",
    "touch_again": "刷卡过了一会儿了。请再刷一次卡，再选这一项。",
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked; its code may be a later version's."""
    return SORRY.get(reason, SORRY["malformed"])


def typed_code(code: str) -> str:
    """Return the code for whoever types it, in groups of four."""
    return "代码 " + " ".join(code[at : at + 4] for at in range(0, len(code), 4))


SIMULATED = {
    "reader": "读卡器",
    "indicator": "指示灯",
    "camera": "摄像头",
    "input": "门磁",
    "speaker": "喇叭",
    "pcsc": "读卡器",
    "simulated": "模拟",
}

PRODUCT = "村慧"
OTHER_VILLAGE = "外村"
UNDATED = "时间待校准"
CLOCK_WAITS = "！ 时间待校准"
DUTY_TODAY = "今日值班"
DUTY_WHOLE = "看全部值班"
NO_DUTY = "今天没有排班。"
DUTY_OVER = "今天的值班都结束了。"
CLOCK_SAID: dict[ClockQuality, str] = {
    "synced": "时间准，刚和县里对过。",
    "holdover": "时间准，连上网会再对一次。",
    "restored": "停过电，时间还没有对准。",
    "unknown": "时间还没有对准。",
}
"""How well the station knows the time."""
LINK_SAID: dict[LinkState, str] = {
    "connected": "网络通，打卡马上传到县里。",
    "connecting": "正在连接县里，打卡照常。",
    "offline": "网络不通，打卡照常，有网自动上传。",
}
NO_DATE = "时间校准以后，这里显示谁在值班。"
COLUMN_NAME = "姓名"
COLUMN_WINDOW = "时段"
COLUMN_IN = "上班"
COLUMN_OUT = "下班"
NOT_YET = "待打卡"
NOT_DONE = "没打"
NOTHING = "—"
IN_TIME_SIGN, LATE_SIGN, EARLY_SIGN, NO_SIGN = "✓ ", "晚", "早", "  "
"""Late and early go by the clock alone. What follows for a person is the county's decision."""
TROUBLE = {
    "strange_keyboard": "有人插上了陌生键盘，请把它拔下来",
    "one_reader_gone": "有一个读卡器没反应，请用另一个，并告诉镇办",
    "camera_failed": "摄像头拍不出，请看看插好没有",
    "camera_black": "摄像头画面全黑，请看看镜头盖和灯",
    "camera_covered": "摄像头被挡住了，请拿开镜头前的东西",
    "camera_frozen": "摄像头画面不动了，请把摄像头重新插一下",
}
"""What somebody at the station can put right, by the agent's code."""
READER_GONE = "！读卡器没有准备好，暂时不能打卡，请联系镇办。"
PRESENT_CARD = "请把卡贴到读卡器上"

TODAY = "今日"
KEY_LEARN = "学习"
KEY_HELP = "帮助"
KEY_SAY = "念一遍"
KEY_BACK = "返回"
KEY_LEAVE = "离开本关"
KEY_CLEAR = "取消"
KEY_CONFIRM = "确定"
KEY_NEXT = "下一题"
KEY_READ_ON = "继续看"
KEY_RESULT = "看结果"
KEY_NEXT_PAGE = "翻页"
KEY_EARLIER = "上一页"
KEY_LATER = "下一页"
KEY_AGAIN = "再答一次"
KEY_WRONG_ONES = "看错题"
KEY_NEXT_WRONG = "下一道错题"
KEY_REVIEWED = "看完了"
KEY_KEEP = "不改"
ENTER = "Enter"

_TOO_LATE = "，已过，请找镇办补卡。"
MISSING_NOTHING = "✓  今天的卡已打齐"
NO_WINDOW = "现在不是您的值班时段，不选上班、下班也可以。"
NO_TIME = "本机时间还没校准，不选上班、下班也可以。"
NO_LIST = "本站还没收到名单，已记录，县里会核对。"
TOUCH_AGAIN = "上班、下班记反了？10 秒内再刷一次这张卡，就能改。"
TOUCH_AGAIN_TO_CHOOSE = "想选的话，10 秒内再刷一次这张卡。"
CHOOSE = "按 7 上班，按 8 下班，再刷一次卡；不选也可以。"
PUT_RIGHT = "上下班记反了，马上再刷卡；没带卡、改不了找镇办。"
CHOOSING = "请稍等…"
NOT_CHANGED = "没有改。"
CORRECTED = "已经改好。"

LEARNING = "学习·答题闯关"
CHOOSE_LEVEL = "请按数字选一关"
NO_LEVELS = "现在还没有可以学习的内容。县里下发以后，这里会自动出现。"
OPENING = "正在打开…"
SAMPLE = "示例"
NOT_PASSED_YET = "还没过关"
INTERRUPTED = "本关已中断，请重新开始。"
KIND = {
    "single": "单选：按数字作答",
    "multiple": "多选：按数字选择，选好按 Enter",
    "true_false": "判断：按数字作答",
    "ordering": "排序：按先后依次按数字，选好按 Enter",
}
RECORDING = "正在记录…"
LEAVE = "再按一次 0 就离开本关，按其他键继续答题。"
LEAVE_MARKED = "再按一次 0 就离开本关，按其他键继续看。"
RIGHT = "✓  答对了"
WRONG = "×  答错了"
ANSWER_IS = "正确答案："
ANSWER_ORDER = "正确顺序："
YOUR_ANSWER = "您的答案："
YOUR_ORDER = "您的顺序："
PASSED = "✓  过关了"
FAILED = "×  没有过关"
TRY_AGAIN = "没关系，按 2 看看错题，再来一次。"
WELL_DONE = "做得好！答题记录已保存在本站。"

AWAY = "机器正在启动，现在先不要刷卡"
AWAY_DETAIL = "请稍等，好了会自动恢复。已经显示成功的打卡不会丢。"
IDLE = "您还在吗？"
TOO_SMALL = "屏幕设置不对，请叫装机员"
NOTHING_TO_REPEAT = "打卡结果只给本人看：要再看，请再刷一次卡。"


def date(moment: datetime, *, year: bool) -> str:
    """Return the date as people say it, with its weekday."""
    day = f"{moment.month}月{moment.day}日 {WEEKDAYS[moment.weekday()]}"
    return f"{moment.year}年{day}" if year else day


def link_said(link: LinkState, count: int) -> str:
    """Return how the line to the county is, and how much waits for it."""
    return LINK_SAID[link] + (f"还有 {count} 条没传。" if count else "")


def here(count: int) -> str:
    """Return how many are on duty here now; their names follow."""
    return f"在岗 {count} 人：" if count else "在岗：还没有人"


def not_touched(count: int) -> str:
    """Return how many are on duty now and have not touched yet; their names follow."""
    return f"{NOT_YET} {count} 人：" if count else f"{NOT_YET}：没有，都打了"


def next_window(name: str, start: int, end: int) -> str:
    """Return when the next duty window is."""
    return f"下一班：{name} {clock(start)}-{clock(end)}"


def waiting(count: int) -> tuple[str, ...]:
    """Return in short lines how many facts still wait for the county; nothing if none does."""
    return (f"还有 {count} 条", "没传到县里，", "不影响打卡。") if count else ()


def simulated(names: list[str]) -> str:
    """Return which devices are simulated."""
    shown = dict.fromkeys(SIMULATED.get(name, name) for name in names)
    return "模拟设备: " + " ".join(shown)


def lacking(lacks: Sequence[Lacking], *, correctable: bool = False) -> list[str]:
    """Return the touches that a person still has to make today, then those that are missed; each with its window.

    ``correctable``: the touch on the screen can be corrected now, and so become one of those that are missed.
    """
    lines = []
    for window, marks in _by_window(lacks, "now"):
        if [lack.mark for lack in marks] == ["departure"]:
            # The person has arrived and is still on duty: this is a reminder and nothing to do now.
            lines.append(f"{window}下班时别忘了打卡。")
        else:
            lines.append(f"{window}还要打{_cards(marks)}。")
    if not lines:
        lines = [f"{window}（{clock(marks[0].start)} 开始）还要打卡。" for window, marks in _by_window(lacks, "later")]
    # The touch on the screen may become one of the missed touches by a correction. Those come first.
    may_be_it = "；这次就是的话，照上面改。" if correctable else _TOO_LATE
    for mendable, end in ((True, may_be_it), (False, _TOO_LATE)):
        for window, marks in _by_window(lacks, "past"):
            if those := [lack for lack in marks if lack.correctable == mendable]:
                lines.append(f"{window}没打{_cards(those)}{end}")
    return lines


def _by_window(lacks: Sequence[Lacking], when: str) -> list[tuple[str, list[Lacking]]]:
    """Return what is lacking in each window; windows of the same name are told apart by their start."""
    found: dict[tuple[str, int], list[Lacking]] = {}
    for lack in lacks:
        if lack.when == when:
            found.setdefault((lack.window, lack.start), []).append(lack)
    names = [name for name, _ in {(lack.window, lack.start) for lack in lacks}]
    return [(name if names.count(name) == 1 else f"{clock(at)} {name}", ones) for (name, at), ones in found.items()]


def _cards(marks: Sequence[Lacking]) -> str:
    return "、".join(MISSING[lack.mark] for lack in marks)


def clock(minutes: int) -> str:
    """Return minutes after midnight as a clock shows them."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def change_to(direction: Direction, *, from_nothing: bool) -> str:
    """Return the words for the direction that a correction gives to the touch."""
    return ("记为" if from_nothing else "改为") + DIRECTION[direction]


def correct_by(key: int, change: str) -> str:
    """Return which key chooses another direction, and that the card then confirms it."""
    return f"打错了？按 {key}，再刷一次卡，就{change}。"


def confirm(change: str, *, keys_count: bool) -> str:
    """Return what the card does if it is touched now, and how to keep the direction."""
    return f"再刷一次这张卡，就{change}；不改请{'按 0 或' if keys_count else ''}不动。"


def just_before(names: Sequence[str]) -> str:
    """Return the people whose own results stood too shortly to be read."""
    return "刚才：" + "  ".join(names)


def seconds_left(count: int) -> str:
    """Return how long a correction is still possible."""
    return f"还有 {count} 秒"


def page(number: int, of: int) -> str:
    """Return the page's place, counted from 1."""
    return f"第 {number}/{of} 页"


def question_place(number: int, of: int) -> str:
    """Return the question's place in its level."""
    return f"第 {number}/{of} 题"


def lives(left: int) -> str:
    """Return how many more answers may be wrong, as signs and as a number.

    That is one less than the lives: the level ends when the last life is lost.
    """
    if left <= 0:
        return "机会用完了"
    more = min(left, 3) - 1
    return " ".join("●" * more + "○" * (2 - more)) + f"  还可以错 {more} 次"


def stars(count: int) -> str:
    """Return the best result so far."""
    return " ".join("★" * count + "☆" * (3 - count)) if count else NOT_PASSED_YET


def score(right: int, of: int) -> str:
    """Return how many answers were right."""
    return f"{of} 题答对 {right} 题"


def chosen_order(numbers: list[int]) -> str:
    """Return the options picked so far in their order, as shown from 1."""
    return "已排：" + ("→".join(str(number) for number in numbers) if numbers else "还没有选")


def chosen(numbers: list[int]) -> str:
    """Return the options picked so far, as shown from 1."""
    return "已选：" + ("、".join(str(number) for number in sorted(numbers)) if numbers else "还没有选")


def left_out(count: int) -> str:
    """Return that so many more do not fit on the board, and where they can be seen."""
    return f"还有 {count} 条没列出来，请找镇办查看。"


def levels_left_out(count: int) -> str:
    """Return that so many more levels do not fit."""
    return f"还有 {count} 关没列出来，请告诉镇办。"


def touched_at(time: str, *, sign: str) -> str:
    """Return a time with the sign that it was touched."""
    return f"{sign} {time}"


def namesake(apart: str) -> str:
    """Return what stands behind a name that two people share, in brackets."""
    return f"({apart})" if apart else ""


def wrong_place(number: int, of: int) -> str:
    """Return the place among the wrong answers, counted from 1."""
    return f"错题 {number}/{of}"


def source(name: str) -> str:
    """Return where an explanation comes from."""
    return "来源：" + name


def idle(seconds: int) -> str:
    """Return what happens when nobody presses a key."""
    return f"{seconds} 秒后回到首页，按任意键继续。"


def live(viewer: str, left_s: int) -> str:
    """Return that the county looks into the room, who looks, and for how long at most."""
    return f"● {viewer or '县里'}正在通过摄像头看本室 · 剩余 {left_s // 60}:{left_s % 60:02d}"
