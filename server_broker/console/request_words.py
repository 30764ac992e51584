"""The Chinese words for people's requests: what they ask for, what is wrong, and how far they are."""

from server_broker.accounts.scope import Viewer, in_scope
from server_broker.attendance.timelines import ELSEWHERE
from server_broker.console.words import Word
from server_broker.requests.kinds import AWAY, LEAVES
from server_broker.requests.models import Request
from server_broker.requests.reading import RequestRow
from server_broker.requests.words import CODE_WORDS, span_words

_KINDS = {
    "objection": "异议",
    "correction": "少打了一次",
    "leave": "请假",
    "field_duty": "外出报备",
    "meeting": "外出开会",
    "residency": "驻村",
    "leave_ended": "销假",
    "swap": "换班",
    "card_lost": "挂失",
    "errand": "办事",
    "transfer": "调动",
}
OPEN = Word("?", "等答复", "warn")
_STATES = {
    "accepted": Word("✓", "同意", "good"),
    "refused": Word("×", "不同意", "bad"),
    "withdrawn": Word("–", "本人撤回", "quiet"),
}


def asker_name(row: RequestRow, viewer: Viewer) -> str:
    """Return who asked; empty if the card is bound to nobody."""
    if row.person is None:
        return ""
    return row.person.name if in_scope(viewer, row.person.village_id) else ELSEWHERE


def kind_word(code: str) -> str:
    """Return what is asked for. A code of a later version is shown as it is."""
    return _KINDS.get(code, code)


def code_word(code: str) -> str:
    """Return what is wrong or missing, likewise."""
    return CODE_WORDS.get(code) or LEAVES.get(code, code)


def away_words(asked: Request) -> str:
    """Return from when to when somebody asks to be away; empty for what is asked for otherwise."""
    if asked.kind not in AWAY or asked.begin_at is None or asked.end_at is None:
        return ""
    return span_words(asked.begin_at, asked.end_at)


def state_word(state: str) -> Word:
    """Return how far a request is."""
    return _STATES.get(state, OPEN)
