"""Which kinds of request there are in the county, and what each of them needs."""

from server_broker.duty.models import AbsenceKind

AWAY: dict[str, AbsenceKind] = {
    "leave": AbsenceKind.LEAVE,
    "field_duty": AbsenceKind.FIELD_DUTY,
    "meeting": AbsenceKind.MEETING,
    "residency": AbsenceKind.RESIDENCY,
}
"""Requests to be away, and as what they stand once somebody has approved them."""
CORRECTION, OBJECTION = "correction", "objection"
SWAP, BACK, LOST = "swap", "leave_ended", "card_lost"
APPROVED = (*AWAY, CORRECTION, OBJECTION)
"""Kinds that somebody of a rank decides, if they were made in the county."""
TAKEN_UP = (SWAP, BACK, LOST)
"""Kinds with which the county goes on by itself if they were asked at a station; what does not fit is answered."""
OWN_WORD = (BACK, LOST)
"""Kinds that hold by the person's own word, at once."""
KINDS = {
    "leave": "请假",
    "field_duty": "外出报备",
    "meeting": "外出开会",
    "residency": "驻村",
    CORRECTION: "补卡",
    OBJECTION: "异议",
    SWAP: "换班",
    BACK: "销假",
    LOST: "挂失",
}
LEAVES = {
    "personal": "事假",
    "sick": "病假",
    "annual": "年休假",
    "marriage": "婚假",
    "maternity": "产假",
    "paternity": "陪产假",
    "bereavement": "丧假",
    "injury": "工伤假",
    "home_visit": "探亲假",
    "compensatory": "补休",
    "nursing": "哺乳假",
}
"""Kinds of leave (docs/rules.md, section 4), as `AbsenceRecord.code` has them."""


def kind_words(kind: str, code: str) -> str:
    """Return what is asked for, such as 请假：病假. A code of a later version is shown as it is."""
    word = KINDS.get(kind, kind)
    return f"{word}：{LEAVES.get(code, code)}" if code else word


def done_words(kind: str, outcome: str) -> str:
    """Return what has come of a request that no approver decides; empty for one that somebody does."""
    if kind in OWN_WORD:
        return f"已{KINDS[kind]}"
    if kind == SWAP:
        return "对方答应" if outcome == "accepted" else "对方没答应"
    return ""
