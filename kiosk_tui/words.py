"""Every Chinese sentence of the kiosk, in one place."""

from datetime import datetime

from protocol.kiosk import LinkState, Missing
from protocol.units import ClockQuality, Direction

WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")

DIRECTION: dict[Direction, str] = {"in": "上班", "out": "下班"}
MISSING: dict[Missing, str] = {"arrival": "上班卡", "departure": "下班卡"}
QUALITY: dict[ClockQuality, str] = {
    "synced": "✓  时间已校准",
    "holdover": "✓  时间已校准",
    "restored": "！ 时间待校准",
    "unknown": "！ 时间待校准",
}
LINK: dict[LinkState, str] = {
    "connected": "✓  已连接县里",
    "connecting": "…  正在连接",
    "offline": "！ 网络不通",
}
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
    "too_late": "已经过了十秒，不能再改。",
    "unknown_run": "本关已中断，请重新开始。",
    "no_such_level": "这一关现在打不开，请选别的。",
    "not_recorded": "刚才的操作没有记录，请再试一次。",
    "malformed": "刚才的操作没有成功，请再试一次。",
}
SIMULATED = {
    "reader": "读卡器",
    "indicator": "指示灯",
    "camera": "摄像头",
    "input": "门磁",
    "pcsc": "读卡器",
    "simulated": "模拟",
}

PRODUCT = "村慧"
UNDATED = "时间待校准"
DUTY_TODAY = "今日值班"
NO_DUTY = "今天没有排班。"
COLUMN_WINDOW = "时段"
COLUMN_IN = "上班"
COLUMN_OUT = "下班"
NOT_YET = "待打卡"
NOTHING = "—"
READER_GONE = "！读卡器没有准备好，暂时不能打卡，请联系镇办。"
PRESENT_CARD = "打卡请刷卡"

KEY_LEARN = "学习"
KEY_HELP = "求助"
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
KEY_AGAIN = "再玩一次"
ENTER = "回车"

MISSING_NOTHING = "✓  今天的卡已打齐"
CHOOSE_DIRECTION = "现在不是值班时段，请选上班还是下班。"
CHOOSE_UNDATED = "本机时间还没校准，请选上班还是下班。"
CORRECTING = "正在更改…"
CORRECTED = "已经改好。"

LEARNING = "学习·答题闯关"
CHOOSE_LEVEL = "请按数字选一关"
NO_LEVELS = "现在还没有可以学习的内容。县里下发以后，这里会自动出现。"
OPENING = "正在打开…"
SAMPLE = "示例"
NOT_PASSED_YET = "未过关"
INTERRUPTED = "本关已中断，请重新开始。"
KIND = {
    "single": "单选：按数字作答",
    "multiple": "多选：按数字选择，选好按回车",
    "true_false": "判断：按数字作答",
    "ordering": "排序：按先后依次按数字，选好按回车",
}
RECORDING = "正在记录…"
LEAVE = "再按一次 0 就离开本关，按其他键继续答题。"
RIGHT = "✓  答对了"
WRONG = "×  答错了"
ANSWER_IS = "正确答案："
ANSWER_ORDER = "正确顺序："
YOUR_ANSWER = "您的答案："
YOUR_ORDER = "您的顺序："
PASSED = "✓  过关了"
FAILED = "×  没有过关"
TRY_AGAIN = "没关系，看一看解释，再来一次。"
WELL_DONE = "做得好！答题记录已保存在本站。"

HELP = "求助"
HELP_LINES = (
    ("打卡", "把卡贴近读卡器，看到“打卡成功”就好了。任何画面都可以打卡。"),
    ("选择", "按 1 到 6 选择，按 0 返回，按回车确定。"),
    ("再看", "按 * 再看一遍刚才的打卡结果。"),
    ("没网", "没有网络也照常打卡，记录存在本站，有网自动上传。"),
    ("帮忙", "还有问题，请找值班村干部，或者联系镇办。"),
)

AWAY = "正在连接站点程序…"
AWAY_DETAIL = "请稍等，连上后会自动恢复。已经显示成功的打卡不会丢。"
IDLE = "您还在吗？"
TOO_SMALL = "屏幕设置不对，请叫装机员"
NOTHING_TO_REPEAT = "最近没有打卡结果。"


def date(moment: datetime, *, year: bool) -> str:
    """Return the date as people say it."""
    day = f"{moment.month}月{moment.day}日"
    return f"{moment.year}年{day}" if year else day


def waiting(count: int) -> str:
    """Return how many facts still wait for the county."""
    return f"等待上传 {count}"


def simulated(names: list[str]) -> str:
    """Return which devices are simulated."""
    shown = dict.fromkeys(SIMULATED.get(name, name) for name in names)
    return "模拟设备: " + " ".join(shown)


def missing(lacking: list[Missing]) -> str:
    """Return what a person still lacks today."""
    return "今天还缺：" + "、".join(MISSING[item] for item in lacking)


def change_to(direction: Direction, *, from_nothing: bool) -> str:
    """Return what the correction key does."""
    return ("记为" if from_nothing else "改为") + DIRECTION[direction]


def seconds_left(count: int) -> str:
    """Return how long a correction is still taken."""
    return f"还有 {count} 秒"


def page(number: int, of: int) -> str:
    """Return the page's place, counted from 1."""
    return f"第 {number}/{of} 页"


def question_place(number: int, of: int) -> str:
    """Return the question's place in its level."""
    return f"第 {number}/{of} 题"


def lives(left: int) -> str:
    """Return the lives that are left of three, as signs and number."""
    left = max(0, min(left, 3))
    return " ".join("●" * left + "○" * (3 - left)) + f"  还有 {left} 条命"


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


def touched_at(time: str) -> str:
    """Return a time with the sign that it was touched."""
    return "✓  " + time


def source(name: str) -> str:
    """Return where an explanation comes from."""
    return "来源：" + name


def idle(seconds: int) -> str:
    """Return what happens when nobody presses a key."""
    return f"{seconds} 秒后回到首页，按任意键继续。"


def live(viewer: str, left_s: int) -> str:
    """Return that the county looks into the room, who, and for how long at most."""
    return f"● 正在实时查看 · {viewer or '县里'} · 剩余 {left_s // 60}:{left_s % 60:02d}"
