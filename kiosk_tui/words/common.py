"""Every Chinese sentence of the screens, but those of a visit, which are in `kiosk_tui.words.visits`."""

from collections.abc import Iterable, Sequence
from typing import Literal

from kiosk_tui.catalogue import _, counted
from kiosk_tui.words.dates import clock
from protocol.kiosk import Home, Lacking, Missing
from protocol.kiosk_status import LinkState
from protocol.units import ClockQuality, Direction

type LinkShown = LinkState | Literal["refused", "shared"]
"""The line to the county; whatever it does, ``refused``: the county lets this machine in no more; ``shared``: another
machine connects by this station's identity."""

DIRECTION: dict[Direction, str] = {"in": _("上班"), "out": _("下班")}
MISSING: dict[Missing, str] = {"arrival": _("上班卡"), "departure": _("下班卡")}
LINK: dict[LinkShown, str] = {
    "connected": "",
    "connecting": _("…  正在连接县里"),
    "offline": _("！ 网络不通"),
    "refused": _("！ 本机停用了"),
    "shared": _("！ 编号用重了"),
}
"""While the link is well, the screen says nothing about it."""
SIGN = {"green": "✓  ", "amber": "！ ", "red": "×  "}
ANSWER = {
    "recorded": _("打卡成功"),
    "repeat": _("已打卡"),
    "unknown": _("已记录，待县里核对"),
    "lost": _("请联系镇办"),
    "not_recorded": _("没有记录"),
}
DETAIL = {
    "recorded": "",
    "repeat": _("刚才已经打过，不用再打。"),
    "unknown": _("这张卡还没有登记，核对以后照样算数。"),
    "lost": _("这张卡已经挂失，本次刷卡已记录。"),
    "not_recorded": _("请再刷一次；还是不行，请联系镇办。"),
}
PROBLEM = {
    "": "",
    "disk_full": _("本站存满了，请联系镇办。"),
    "disk_error": _("本站存不了记录，请联系镇办。"),
    "bad_card": _("卡读不出来，请再刷一次；不行请联系镇办。"),
    "too_fast": _("刷得太快了，请等一下再刷。"),
    "cards_flood": _("不认识的卡来得太多，这次没有记下。请联系镇办查读卡器。"),
}
SORRY = {
    "too_late": _("没有改：时间已过，或者有人接着刷了卡。"),
    "not_recorded": _("刚才的操作没有记录，请再试一次。"),
    "malformed": _("刚才的操作没有成功，请再试一次。"),
    "not_here": _("这个功能本站现在没有。"),
    "no_line": _("现在连不上县里。过一会儿再试，或用手机输编号和密码。"),
    "no_time": _("本站时间还没对准。请用手机输编号和密码。"),
    "touch_again": _("刷卡过了一会儿了。请再刷一次卡，再选这一项。"),
}


def sorry(reason: str) -> str:
    """Return why the agent did not do what was asked; its code may be a later version's."""
    return SORRY.get(reason, SORRY["malformed"])


def typed_code(code: str) -> str:
    """Return the code for whoever types it, in groups of four."""
    return _("代码 {code}").format(code=" ".join(code[at : at + 4] for at in range(0, len(code), 4)))


SIMULATED = {
    "reader": _("读卡器"),
    "indicator": _("指示灯"),
    "camera": _("摄像头"),
    "input": _("门磁"),
    "speaker": _("喇叭"),
    "pcsc": _("读卡器"),
    "simulated": _("模拟"),
}

PRODUCT = _("村慧")
OTHER_VILLAGE = _("外村")
UNDATED = _("时间还没对准")
CLOCK_WAITS = _("！ 时间还没对准")
DUTY_TODAY = _("今日值班")
DUTY_WHOLE = _("看全部值班")
NO_DUTY = _("今天没有排班。")
DUTY_NOT_PUBLIC = _("这里不公开值班名单。")
DUTY_OVER = _("今天的值班都结束了。")
CLOCK_SAID: dict[ClockQuality, str] = {
    "synced": _("时间准，刚和县里对过。"),
    "holdover": _("时间准，连上网会再对一次。"),
    "restored": _("停过电，时间还没对准。"),
    "unknown": _("时间还没对准。"),
}
"""How well the station knows the time."""
LINK_SAID: dict[LinkState, str] = {
    "connected": _("网络通，打卡马上传到县里。"),
    "connecting": _("正在连接县里，打卡照常。"),
    "offline": _("网络不通，打卡照常，有网就上传。"),
}
REFUSED = _("县里不认这台机器了。可能吊销了，或者换了新的。打的卡传不上去，请联系镇办。")
"""The station can't tell the causes apart; that the county forgot it after a restore is a third one."""
SHARED = _("另一台机器在用本站编号。打卡照常，请联系镇办。")
NO_DATE = _("时间对准以后，这里显示谁在值班。")
COLUMN_NAME = _("姓名")
COLUMN_WINDOW = _("时段")
COLUMN_IN = _("上班")
COLUMN_OUT = _("下班")
NOT_YET = _("待打卡")
NOT_DONE = _("还没记录")
NOTHING = "—"
IN_TIME_SIGN, LATE_SIGN, EARLY_SIGN, NO_SIGN = "✓ ", _("晚"), _("早"), "  "
"""Late and early go by the clock alone. What follows for a person is the county's decision."""
TROUBLE = {
    "strange_keyboard": _("有人插上了陌生键盘，请把它拔下来"),
    "one_reader_gone": _("一个读卡器没反应，请用另一个，并告诉镇办"),
    "camera_failed": _("摄像头拍不出，请看看插好没有"),
    "camera_black": _("摄像头画面全黑，请看看镜头盖和灯"),
    "camera_covered": _("摄像头被挡住了，请拿开镜头前的东西"),
    "camera_frozen": _("摄像头画面不动了，请把摄像头重新插一下"),
}
"""What somebody at the station can put right, by the agent's code."""
READER_GONE = _("！读卡器没准备好，先别打卡，请联系镇办。")
PRESENT_CARD = _("请把卡贴到读卡器上")
TOUCH_ELSEWHERE = _("！本机停用，别在这里打卡。请用新机器或找镇办。")
"""Of a machine that the county refuses. A touch is recorded all the same, but it counts for nobody by itself."""

TODAY = _("今日")
KEY_LEARN = _("学习")
KEY_HELP = _("帮助")
KEY_SAY = _("念一遍")
KEY_BACK = _("返回")
KEY_DELETE = _("删一位，按住返回")
KEY_CLEAR = _("取消")
KEY_CONFIRM = _("确定")
KEY_READ_ON = _("继续看")
KEY_NEXT_PAGE = _("翻页")
KEY_EARLIER = _("上一页")
KEY_LATER = _("下一页")
KEY_KEEP = _("不改")
ENTER = "Enter"

MISSING_NOTHING = _("✓  今天的卡已打齐")
NO_WINDOW = _("现在不是您的值班时段，不选上下班也行。")
NO_TIME = _("本站时间还没对准，不选上下班也行。")
NO_LIST = _("本站还没收到名单，已记录，县里会核对。")
TOUCH_AGAIN = _("上班、下班记反了？10 秒内再刷一次这张卡，就能改。")
TOUCH_AGAIN_TO_CHOOSE = _("想选的话，10 秒内再刷一次这张卡。")
CHOOSE = _("按 7 上班，按 8 下班，再刷一次卡；不选也可以。")
PUT_RIGHT = _("上下班记反了，马上再刷卡；没带卡、改不了找镇办。")
CHOOSING = _("请稍等…")
NOT_CHANGED = _("没有改。")
CORRECTED = _("已经改好。")

OPENING = _("正在打开…")
SAMPLE = _("示例")
TYPE_FIRST = _("先按数字输。")

AWAY = _("机器正在启动，现在先不要刷卡")
AWAY_DETAIL = _("请稍等，好了会自动恢复。已经显示成功的打卡不会丢。")
IDLE = _("您还在吗？")
TOO_SMALL = _("屏幕设置不对，请叫装机员")
NOTHING_TO_SAY = _("这个画面没有录音，请看着屏幕。")
NOTHING_TO_REPEAT = _("打卡结果只给本人看。要再看，请再刷卡。")


def labelled(label: str, text: str) -> str:
    """Return a text with what it is before it."""
    return _("{label}：{text}").format(label=label, text=text)


def listed(names: Iterable[str]) -> str:
    """Return names or numbers one after the other."""
    return _("、").join(names)


def bracketed(text: str) -> str:
    """Return what is said by the way."""
    return _("（{text}）").format(text=text)


def keys_aloud(options: Iterable[str]) -> str:
    """Return what the keys 1, 2, … choose, as it is read aloud."""
    return "".join(
        _("{number}，{option}。").format(number=number, option=option) for number, option in enumerate(options, 1)
    )


def together(first: str, second: str = "") -> str:
    """Return two texts one after the other."""
    return _("{first}{second}").format(first=first, second=second) if second else first


def link_of(home: Home) -> LinkShown:
    """Return what people are told of the line to the county."""
    if home.county_refuses:
        return "refused"
    return "shared" if home.identity_shared else home.link


def trouble_of(home: Home) -> str:
    """Return what somebody at the station should do something about, or an empty string."""
    return SHARED if link_of(home) == "shared" else TROUBLE.get(home.trouble, "")


def link_said(link: LinkShown, count: int) -> str:
    """Return how the line to the county is, and how much waits for it."""
    said = REFUSED if link == "refused" else SHARED if link == "shared" else LINK_SAID[link]
    return together(said, counted("还有 {count} 条没传。", count)) if count else said


def here(count: int) -> str:
    """Return how many are on duty here now; their names follow."""
    return counted("在岗 {count} 人：", count) if count else _("在岗：还没有人")


def on_duty_now(count: int) -> str:
    """Return how many are on duty now; their names follow."""
    return counted("现在值班 {count} 人：", count)


def not_touched(count: int) -> str:
    """Return how many are on duty now and have not touched yet; their names follow."""
    return counted("待打卡 {count} 人：", count) if count else _("待打卡：没有，都打了")


def next_window(name: str, start: int, end: int) -> str:
    """Return when the next duty window is."""
    return _("下一班：{window} {start}-{end}").format(window=name, start=clock(start), end=clock(end))


def waiting(count: int, link: LinkShown) -> tuple[str, ...]:
    """Return in short lines how many facts still wait for the county; nothing if none does."""
    if not count:
        return ()
    # What a machine keeps that the county refuses counts for nobody until somebody carries it there.
    return (
        counted("还有 {count} 条", count),
        _("没传到县里，"),
        _("传不上去。") if link == "refused" else _("不影响打卡。"),
    )


def simulated(names: list[str]) -> str:
    """Return which devices are simulated."""
    shown = dict.fromkeys(SIMULATED.get(name, name) for name in names)
    return _("模拟设备: {names}").format(names=" ".join(shown))


def lacking(lacks: Sequence[Lacking], *, correctable: Literal["by_card", "by_key"] | None = None) -> list[str]:
    """Return the touches that a person still has to make today, then those that are missed; each with its window.

    ``correctable``: the touch on the screen can be corrected now, and so become one of those that are missed: by
    touching again, or by a key of which the screen tells beside.
    """
    lines = []
    for window, marks in _by_window(lacks, "now"):
        if [lack.mark for lack in marks] == ["departure"]:
            # The person has arrived and is still on duty: this is a reminder and nothing to do now.
            lines.append(_("{window}下班时别忘了打卡。").format(window=window))
        else:
            lines.append(_("{window}还要打{marks}。").format(window=window, marks=_cards(marks)))
    if not lines:
        later = _("{window}（{start} 开始）还要打卡。")
        lines = [
            later.format(window=window, start=clock(marks[0].start)) for window, marks in _by_window(lacks, "later")
        ]
    # The touch on the screen may become one of the missed touches by a correction. Those come first.
    too_late = _("{window}没打{marks}。去“我的”里补报。")
    may_be_it = too_late
    if correctable == "by_card":
        may_be_it = _("{window}没打{marks}。要是这次，马上再刷卡改。")
    elif correctable == "by_key":
        may_be_it = _("{window}没打{marks}。要是这次，照上面改。")
    for mendable, said in ((True, may_be_it), (False, too_late)):
        for window, marks in _by_window(lacks, "past"):
            if those := [lack for lack in marks if lack.correctable == mendable]:
                lines.append(said.format(window=window, marks=_cards(those)))
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
    return listed(MISSING[lack.mark] for lack in marks)


def change_to(direction: Direction, *, from_nothing: bool) -> str:
    """Return the words for the direction that a correction gives to the touch."""
    return (_("记为{direction}") if from_nothing else _("改为{direction}")).format(direction=DIRECTION[direction])


def correct_by(key: int, change: str) -> str:
    """Return which key chooses another direction, and that the card then confirms it."""
    return _("打错了？按 {key}，再刷一次卡，就{change}。").format(key=key, change=change)


def confirm(change: str, *, keys_count: bool) -> str:
    """Return what the card does if it is touched now, and how to keep the direction."""
    by_key, by_waiting = (
        _("再刷一次这张卡，就{change}；不改请按 0 或不动。"),
        _("再刷一次这张卡，就{change}；不改请不动。"),
    )
    return (by_key if keys_count else by_waiting).format(change=change)


def just_before(names: Sequence[str]) -> str:
    """Return the people whose own results stood too shortly to be read."""
    return _("刚才：{names}").format(names="  ".join(names))


def seconds_left(count: int) -> str:
    """Return how long a correction is still possible."""
    return counted("还有 {count} 秒", count)


def page(number: int, of: int) -> str:
    """Return the page's place, counted from 1."""
    return _("第 {number}/{of} 页").format(number=number, of=of)


def digits_lack(count: int) -> str:
    """Return how many figures are still to be typed."""
    return counted("还差 {count} 位。", count)


def left_out(count: int) -> str:
    """Return that so many more do not fit on the board, and where they can be seen."""
    return counted("还有 {count} 条没列出来，请找镇办查看。", count)


def touched_at(time: str, *, sign: str) -> str:
    """Return a time with the sign that it was touched."""
    return f"{sign} {time}"


def namesake(apart: str) -> str:
    """Return what stands behind a name that two people share, in brackets."""
    return f"({apart})" if apart else ""


def idle(seconds: int) -> str:
    """Return what happens when nobody presses a key."""
    return counted("{count} 秒后回到首页，按任意键继续。", seconds)


def live(viewer: str, left_s: int) -> str:
    """Return that the county looks into the room, who looks, and for how long at most."""
    left = f"{left_s // 60}:{left_s % 60:02d}"
    return _("● {viewer}正在通过摄像头看本室 · 剩余 {left}").format(viewer=viewer or _("县里"), left=left)
