"""What a held fact says, for whoever decides on it: nothing of it was read into the tables that other pages show."""

from collections.abc import Buffer

from protocol.facts import decode_fact
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.units import DATED_QUALITIES
from server_broker.console.moments import moment_words
from server_broker.console.words import EVENTS
from server_broker.fleet.fact_rows import Unstorable, wall_time


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
