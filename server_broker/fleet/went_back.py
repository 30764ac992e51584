"""A county that came back from an older image of its whole machine, and does not know it: its stations do.

A birth states the county's generation as the station knows it. One above the county's own can only come from a county
that was here after this image was made. Then the county raises its own above it, so that stations believe its receipts
again and offer what it lacks, and a person is told: the journal of stations is as old as the image.
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
"""How far the county's clock may have been ahead when a number was given."""

_DETAIL = (
    "站点记得的县代号比县里的新，县里可能整机恢复过旧备份。已换用新代号，站点会补报县里缺少的记录。"
    "请核对站点名册：备份之后吊销的站点可能又能接入，须重新吊销；备份之后接入的站点须重新登记"
)
_ABSURD_DETAIL = "站点声称的县代号不可能出现过，未予采信；站点程序可能有误，或站点身份被人冒用"


class StatedGenerations:
    """Heeds what births state. One for the worker's life."""

    def __init__(self) -> None:
        self._raised_to: int | None = None

    def heed(self, stated: Mapping[str, int], *, own: int, now: datetime) -> int:
        """Return the generation that is to be stated from now on; inside the caller's transaction.

        It is raised once in a run of the program: no image is put back under a running county, and a station must not
        drive the number up, as each rise has every station offer its past.

        Args:
            stated: By station, the generation that it knows.
        """
        ahead = {station: number for station, number in stated.items() if number > own}
        if not ahead:
            return own
        most = max(by_clock(now) + _SLACK_S, FIRST_BY_CLOCK)
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
