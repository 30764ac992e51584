"""Every Chinese sentence of questions to the village: asking, the receipt, and what became of it."""

from kiosk_tui.catalogue import _
from kiosk_tui.clock import village_time
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words.common import labelled, together
from protocol.feedback import RECEIPT_DIGITS, Matter, Topic
from protocol.kiosk_feedback import FollowedUp
from protocol.units import WallMs

KEY_SEND = _("提交")
TITLE = _("提意见")
MENU_ASK = _("不用留名字。提了有回执号，能查。")
MENU = (_("我要提意见"), _("查一查办到哪了"))
TOPIC_ASK = _("您要说什么事？")
TOPIC: dict[Topic, str] = {
    "lamps": _("路灯"),
    "water": _("自来水"),
    "roads": _("道路"),
    "waste": _("垃圾"),
    "subsidies": _("补贴、低保"),
    "accounts": _("村里的账"),
    "land": _("土地、宅基地"),
    "health": _("看病、医保"),
    "elderly": _("养老、照看"),
    "quarrel": _("邻里纠纷"),
    "cadres": _("干部办事"),
    "other": _("其他"),
}
MORE, FEWER = _("别的事"), _("上一页")
MORE_ALOUD = _("别的事按 8。")
MATTER_ASK = _("怎么了？")
MATTER: dict[Matter, str] = {
    "broken": _("坏了"),
    "neglected": _("没人管"),
    "unfair": _("不公平"),
    "question": _("想问一问"),
    "idea": _("有个主意"),
    "other": _("别的"),
}
NAME_ASK = _("要不要留名字？")
NAMES = (_("不留名"), _("留名，好找我回话"))
CONFIRM = _("按 Enter 提交，按 0 重选。")
UNCLEAR = _("说不清的事，也可以按 9 叫镇办的人。")
NAMED = _("留名")
NAMELESS = _("不留名")
SENDING = _("正在记录…")
TAKEN = _("✓  已记录")
TAKEN_KEEP = _("请记下或拍下这个号。")
TAKEN_LATER = _("过几天来这里，凭号查答复。")
TAKEN_UNNAMED = _("没留名字，只有拿这个号的人能查。")
FOLLOW_TITLE = _("查一查办到哪了")
FOLLOW_ASK = _("请输入 {digits} 位回执号").format(digits=RECEIPT_DIGITS)
FOLLOW_HINT = _("输完按 Enter。")
LOOKING = _("正在查…")
NOT_FOUND = _("没有查到，请看看号码对不对。")
NO_ANSWER = _("还没有答复，过几天再来看。")
RATE_ASK = _("答复得怎么样？按数字选。")
RATING = {1: _("很不满意"), 2: _("不满意"), 3: _("一般"), 4: _("满意"), 5: _("很满意")}
UNKNOWN_TIME = _("时间没有记下")
SORRY = {
    "too_many": _("这一小时提得太多，没有记录。请过一会儿再来。"),
    "too_many_tries": _("输错太多次，请过十分钟再查。"),
    "not_recorded": _("没有记录，请再试一次；不行请打电话给镇办。"),
    "too_late": _("已经退出了，没有记录。请重新刷卡。"),
}
FAILED = _("没有成功，请再试一次。")


def sorry(reason: str) -> str:
    """Return why the agent did not do it; its code may be a later version's."""
    return SORRY.get(reason, FAILED)


def topic(code: str | None) -> str:
    """Return what a question is about; a code of a later version is just something else."""
    return next((word for known, word in TOPIC.items() if known == code), TOPIC["other"])


def matter(code: str | None) -> str:
    """Return what is wrong, likewise."""
    return next((word for known, word in MATTER.items() if known == code), MATTER["other"])


def confirm(topic: str | None, matter: str | None) -> str:
    """Return how a question is sent; what no choice has words for is better said to somebody."""
    return together(CONFIRM, UNCLEAR) if (topic, matter) == ("other", "other") else CONFIRM


def said(about: str, wrong: str) -> str:
    """Return a question in one line."""
    return labelled(about, wrong)


def grouped(number: str) -> str:
    """Return a receipt number as people read it: three, three and four digits."""
    return " ".join(part for part in (number[:3], number[3:6], number[6:]) if part)


def moment(wall: WallMs) -> str:
    """Return a day and its time; 0 is not known."""
    return words_dates.moment(village_time(wall)) if wall else UNKNOWN_TIME


def asked(found: FollowedUp) -> str:
    """Return when a question was asked."""
    return _("提出：{at}").format(at=moment(found.given))


def way(found: FollowedUp) -> str:
    """Return how far a question is that nobody has answered yet."""
    if found.state == "passed_on":
        return _("{at} 已转{office}").format(at=moment(found.at), office=found.office)
    return {True: _("✓  已送到县里"), False: _("…  还没送到县里"), None: _("送到没有，这里不知道")}[found.sent]


def answered(found: FollowedUp) -> str:
    """Return who answered, and when."""
    return _("{office} {at} 答复：").format(office=found.office, at=moment(found.at))


def rated(rating: int) -> str:
    """Return how the answer was rated here."""
    return _("✓  您的评价：{rating}").format(rating=RATING[rating])


def ratings() -> tuple[str, ...]:
    """Return the keys of a rating in two lines."""
    words = [f"{key} {word}" for key, word in RATING.items()]
    return "  ".join(words[:3]), "  ".join(words[3:])
