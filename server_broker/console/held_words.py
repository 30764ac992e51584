"""What a held fact says, for whoever decides on it, and what to do about a message that could not be read.

Nothing of either was read into the tables that other pages show.
"""

from collections.abc import Buffer

from protocol.facts import decode_fact
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.units import DATED_QUALITIES
from server_broker.console.moments import moment_words
from server_broker.console.words import EVENTS
from server_broker.fleet.fact_rows import Unstorable, wall_time

_NEWER = "站点的程序比县里新：请先升级县平台，没有收讫的记录站点会再发，不用到村里去。"
_UNKNOWN = "县里的数据库不认识它：刚恢复过备份的，请县运维照《备份与恢复手册》核对站点名册；记录还在站点，会再发。"
_STEPS = {
    **dict.fromkeys(("unknown_version", "unknown_algorithm", "unknown_kind", "unknown_value"), _NEWER),
    **dict.fromkeys(("unknown_station", "not_enrolled"), _UNKNOWN),
    "revoked": "站点已吊销，是断开前后发来的：机器里的打卡要算的，照站点页上写的用文件收，再逐条认可。",
    "carried_gap": "请先把更早的导出文件或机器的存储卡收进来，再把这个文件收一次。",
    "carried_conflict": "县里已收的不变；请问村里是否换过旧卡，没有就照《县服务器-值守》的“存储卡丢了”换新机器。",
    "blob_refused": "打卡不受影响；常常这样，就检查站点的存储卡和摄像头。",
    "unsettled": "县里处理它时出错：请县运维把 cunhui-server logs ingest 报给软件的维护者；记录还在站点，会再发。",
}
_STRANGE = "请查这个站点的程序是否出了故障，或者有人仿冒它；可疑就吊销站点。"


def message_step(reason: str) -> str:
    """Return in one sentence what a person does about a message that was kept unread for this reason."""
    return _STEPS.get(reason, _STRANGE)


def what_it_says(body: Buffer | None) -> str:
    """Return the kind of a fact of this body and its station's time in Chinese; empty if it can't be read.

    The time is the station's own claim, as the rest of the fact.
    """
    if body is None:
        return ""
    try:
        said = unwrap(decode_fact(bytes(body)))[1]
        at = moment_words(wall_time(said.at.wall))
    except (Refused, Unstorable):
        return ""
    tag = str(said.__struct_config__.tag)
    kind = "打卡" if tag == "touch" else EVENTS[tag].word if tag in EVENTS else "其他"
    return f"{kind} · {at}{'' if said.at.quality in DATED_QUALITIES else '（站点时间不准）'}"
