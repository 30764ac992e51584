"""Every Chinese sentence of questions to the village: asking, the receipt, and what became of it."""

from kiosk_tui.clock import village_time
from protocol.feedback import RECEIPT_DIGITS, Matter, Topic
from protocol.kiosk_feedback import FollowedUp
from protocol.units import WallMs

KEY_SEND = "提交"
KEY_DELETE = "删一位"
TITLE = "提意见"
MENU_ASK = "不用留名字。提了有回执号，能查。"
MENU = ("我要提意见", "查一查办到哪了")
TOPIC_ASK = "您要说什么事？"
TOPIC: dict[Topic, str] = {
    "lamps": "路灯",
    "water": "自来水",
    "roads": "道路",
    "waste": "垃圾",
    "subsidies": "补贴、低保",
    "accounts": "村里的账",
    "land": "土地、宅基地",
    "health": "看病、医保",
    "elderly": "养老、照看",
    "quarrel": "邻里纠纷",
    "cadres": "干部办事",
    "other": "其他",
}
MORE = "别的事"
MATTER_ASK = "怎么了？"
MATTER: dict[Matter, str] = {
    "broken": "坏了",
    "neglected": "没人管",
    "unfair": "不公平",
    "question": "想问一问",
    "idea": "有个主意",
    "other": "别的",
}
NAME_ASK = "要不要留名字？"
NAMES = ("不留名", "留名，好找我回话")
CONFIRM = "按 Enter 提交，按 0 重选。"
NAMED = "留名"
NAMELESS = "不留名"
SENDING = "正在记录…"
TAKEN = "✓  已记录"
TAKEN_KEEP = "请记下或拍下这个号。"
TAKEN_LATER = "过几天来这里，凭号查答复。"
FOLLOW_TITLE = "查一查办到哪了"
FOLLOW_ASK = f"请输入 {RECEIPT_DIGITS} 位回执号"
FOLLOW_HINT = "输完按 Enter。按 * 删一位。"
LOOKING = "正在查…"
NOT_FOUND = "没有查到，请看看号码对不对。"
NO_ANSWER = "还没有答复，过几天再来看。"
ANSWER_BY = "答复"
RATE_ASK = "答复得怎么样？按数字选。"
RATING = {1: "很不满意", 2: "不满意", 3: "一般", 4: "满意", 5: "很满意"}
UNKNOWN_TIME = "时间没有记下"
SORRY = {
    "too_many": "这一小时提得太多，没有记录。请过一会儿再来。",
    "too_many_tries": "输错太多次，请过十分钟再查。",
    "not_recorded": "没有记录，请再试一次；不行请打电话给镇办。",
    "too_late": "已经退出了，没有记录。请重新刷卡。",
}
FAILED = "没有成功，请再试一次。"


def sorry(reason: str) -> str:
    """Return why the agent did not do it; its code may be a later version's."""
    return SORRY.get(reason, FAILED)


def topic(code: str | None) -> str:
    """Return what a question is about; a code of a later version is just something else."""
    return next((word for known, word in TOPIC.items() if known == code), TOPIC["other"])


def matter(code: str | None) -> str:
    """Return what is wrong, likewise."""
    return next((word for known, word in MATTER.items() if known == code), MATTER["other"])


def said(about: str, wrong: str) -> str:
    """Return a question in one line."""
    return f"{about}：{wrong}"


def grouped(number: str) -> str:
    """Return a receipt number as people read it: three, three and four digits."""
    return " ".join(part for part in (number[:3], number[3:6], number[6:]) if part)


def moment(wall: WallMs) -> str:
    """Return a day and its time; 0 is not known."""
    at = village_time(wall)
    return f"{at.month}月{at.day}日 {at:%H:%M}" if wall else UNKNOWN_TIME


def asked(found: FollowedUp) -> str:
    """Return when a question was asked."""
    return f"提出：{moment(found.given)}"


def way(found: FollowedUp) -> str:
    """Return how far a question is that nobody has answered yet."""
    if found.state == "passed_on":
        return f"{moment(found.at)} 已转{found.office}"
    return {True: "✓  已送到县里", False: "…  还没送到县里", None: "送到没有，这里不知道"}[found.sent]


def answered(found: FollowedUp) -> str:
    """Return who answered, and when."""
    return f"{found.office} {moment(found.at)} {ANSWER_BY}："


def rated(rating: int) -> str:
    """Return how the answer was rated here."""
    return f"✓  您的评价：{RATING[rating]}"


def ratings() -> tuple[str, ...]:
    """Return the keys of a rating in two lines."""
    words = [f"{key} {word}" for key, word in RATING.items()]
    return "  ".join(words[:3]), "  ".join(words[3:])
