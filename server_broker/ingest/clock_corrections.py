"""Carry out what was learnt about runs of the county's own clock: on the record, as an alarm, in the dated rows.

The rows wait for their turn: a judgement is one short transaction, however many boots hang on it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from django.db import transaction

from server_broker.fleet.alarm_codes import COUNTY_CLOCK_DOUBTED
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.clock_runs import any_doubted, decide_runs, judge_earlier
from server_broker.ingest.dating.due import let_wait_again

_DOUBTED = (
    "县服务器上次关机前授过的时间可能是错的，差多少无法知道：只凭那时的时间定时的记录改为待核对，按收到时间列出。"
    "若那时的时间没错，运行 cunhui-server clock --earlier right，这些记录随之恢复"
)


def correct_runs(
    changed: Collection[bytes], *, new: Collection[bytes] = (), actor: str = "service", at: datetime
) -> None:
    """Let what these runs had dated be dated anew, and put them on record. Inside the transaction that changed them.

    Args:
        changed: Runs that are judged in another way than before.
        new: Runs that have dated nothing yet.

    Raises:
        RecordStopped: The record key is missing.
    """
    let_wait_again(changed)
    if changed:
        if any_doubted():
            raise_alarm(station=None, code=COUNTY_CLOCK_DOUBTED, severity="major", detail=_DOUBTED, at=at)
        else:
            resolve(station=None, code=COUNTY_CLOCK_DOUBTED, at=at)
    # Last, because a decision keeps all others waiting until the COMMIT.
    decide_runs([*new, *changed], actor=actor)


def take_word_for_earlier(verdict: Literal["wrong", "right"], *, boot: bytes, actor: str, at: datetime) -> int:
    """Let a person say whether the times were right that stations were told before this boot of the machine.

    Returns:
        How many runs of the clock are judged in another way now.

    Raises:
        RecordStopped: The record key is missing. Nothing has changed.
    """
    with transaction.atomic():
        changed = judge_earlier(verdict, boot=boot)
        correct_runs(changed, actor=actor, at=at)
    return len(changed)
