"""Notice from births that the county's whole machine was restored from an older image.

The county itself can't know, because the image holds no trace of later times. Its stations do: a birth carries the
county's generation as the station knows it. If that is above the county's own, the county was restored from an image
that is older than that generation. The county then raises its own generation above it, so that stations believe its
receipts again and offer the facts that it lacks. An alarm tells a person, because the journal of stations is as old as
the image too.
"""

from collections.abc import Mapping
from datetime import datetime

from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.generation import FIRST_BY_CLOCK, by_clock, raise_generation
from server_broker.fleet.models import Station

WENT_BACK = "county_went_back"
_ABSURD = "generation_absurd"
_SLACK_S = 86_400
"""How far (seconds) the county's clock may have been ahead when it gave a generation."""

_DETAIL = (
    "站点记得的县代号比县里的新，县里可能整机恢复过旧备份。已换用新代号，站点会补报县里缺少的记录。"
    "请核对站点名册：备份之后吊销的站点可能又能接入，须重新吊销；备份之后接入的站点须重新登记"
)
_ABSURD_DETAIL = "站点声称的县代号不可能出现过，未予采信；站点程序可能有误，或站点身份被人冒用"


class StatedGenerations:
    """Compares the generations in births with the county's own. The worker keeps one for its whole life."""

    def __init__(self) -> None:
        self._raised_to: int | None = None

    def heed(self, stated: Mapping[str, int], *, own: int, now: datetime) -> int:
        """Return the generation that the county uses from now on. Runs inside the caller's transaction.

        A run of the program raises it for births only once. No image is restored under a running county; and a station
        must not be able to raise it again and again, because after each rise every station offers its old facts.

        Args:
            stated: The generation that each station knows.
        """
        ahead = {station: number for station, number in stated.items() if number > own}
        if not ahead:
            return own
        # No true generation is above the seconds since 2026, except those counted one by one: a higher one is absurd.
        most = max(by_clock(now) + _SLACK_S, FIRST_BY_CLOCK)
        # The county may rise once more if the database was restored under the running program (``own`` fell again).
        may_rise = self._raised_to is None or own < self._raised_to
        believed = {station: number for station, number in ahead.items() if may_rise and number <= most}
        absurd = [AlarmCall(station, _ABSURD, "major", _ABSURD_DETAIL) for station in ahead if station not in believed]
        raise_alarms(absurd, at=now)
        if not believed:
            return own
        self._raised_to = raise_generation(now=now, above=max(believed.values()))
        desired_changed(Station.objects.values_list("pk", flat=True))
        raise_alarms([AlarmCall(None, WENT_BACK, "critical", _DETAIL)], at=now)
        return self._raised_to
