"""The Chinese words for questions of villagers: what they are about, what is wrong, and how far they are."""

from protocol.feedback import MATTERS, TOPICS, Matter, Topic
from server_broker.console.words import Word

_TOPIC: dict[Topic, str] = {
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
_MATTER: dict[Matter, str] = {
    "broken": "坏了",
    "neglected": "没人管",
    "unfair": "不公平",
    "question": "想问一问",
    "idea": "有个主意",
    "other": "别的",
}
OPEN = Word("?", "等答复", "warn")
STATES = {"passed_on": Word("›", "已转镇办", "warn"), "answered": Word("✓", "已答复", "good")}
RATINGS = {1: "很不满意", 2: "不满意", 3: "一般", 4: "满意", 5: "很满意"}


def topic_word(code: str) -> str:
    """Return what a question is about. A code of a later version is shown as it is."""
    return next((_TOPIC[topic] for topic in TOPICS if topic == code), code or "没有说")


def matter_word(code: str) -> str:
    """Return what is wrong, likewise."""
    return next((_MATTER[matter] for matter in MATTERS if matter == code), code or "没有说")


def state_word(state: str) -> Word:
    """Return how far a question is, by its newest step; empty: nobody has dealt with it."""
    return STATES.get(state, OPEN)


TOPIC_CHOICES = tuple((topic, _TOPIC[topic]) for topic in TOPICS)
