"""Tell the county when a reader reads no card of several in a row: a wrong setting looks like bad cards to the village.

One such card is nobody's fault but the card's: it is red, and nothing is recorded (`agent.clocking.desk`).
"""

from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes

IN_A_ROW = 5


class UnreadCards:
    """Counts by reader; a card that is read ends both the count and the alarm."""

    def __init__(self, alarms: StandingAlarms) -> None:
        self._alarms = alarms
        self._in_a_row: dict[str, int] = {}

    def came(self, reader: str, *, readable: bool) -> None:
        """Take note of a card that a reader told of."""
        code = alarm_codes.code_of(alarm_codes.CARDS_UNREADABLE, reader)
        self._in_a_row[reader] = 0 if readable else self._in_a_row.get(reader, 0) + 1
        if readable:
            self._alarms.clear_alarm(code)
        elif self._in_a_row[reader] == IN_A_ROW:
            self._alarms.raise_alarm(code, "major", f"读卡器“{reader}”连续 {IN_A_ROW} 次读不出卡")
