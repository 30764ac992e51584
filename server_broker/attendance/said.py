"""Say that a window was made, changed or ended: in the audit log, in the county's stream, and to the stations."""

import datetime as dt

from protocol.decisions import WindowChanged, WindowEnded, WindowMade
from server_broker.attendance.models import DutyWindow
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import desired_changed_under
from server_broker.regions.models import Region

_ACTIONS: dict[type, str] = {
    WindowMade: "window.added",
    WindowChanged: "window.changed",
    WindowEnded: "window.ended",
}


def said(
    window: DutyWindow,
    village: Region,
    what: WindowMade | WindowChanged | WindowEnded,
    actor: str,
    day: dt.date,
    reason: str,
) -> None:
    """Record and decide what became of a window of a village from a day on, in the transaction of the change."""
    detail: Detail = {"village": village.code, "day": str(day), "reason": reason}
    entry = record(actor=actor, action=_ACTIONS[type(what)], subject=str(window.pk), detail=detail)
    decide(entry, what, [window])
    desired_changed_under(village.code)


def said_changed(window: DutyWindow, *, actor: str, day: dt.date, reason: str) -> None:
    """Record and decide that a window has changed, because something about its people did."""
    said(window, Region.objects.get(pk=window.village_id), WindowChanged(window=window.pk), actor, day, reason)
