"""Raise an alarm when a reader can read none of several cards in a row.

One such card is a bad card: it is answered in red, and nothing is recorded (`agent.clocking.desk`). Several in a row
mean that the reader is set wrongly, and to the village this looks as if all their cards were bad.
"""

from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes

IN_A_ROW = 5


class UnreadCards:
    """Counts unreadable cards in a row, for each reader. A card that can be read ends the count and the alarm."""

    def __init__(self, alarms: StandingAlarms) -> None:
        self._alarms = alarms
        self._in_a_row: dict[str, int] = {}

    def count(self, reader: str, *, readable: bool) -> None:
        """Count one card of a reader, and raise or clear the reader's alarm."""
        code = alarm_codes.code_of(alarm_codes.CARDS_UNREADABLE, reader)
        self._in_a_row[reader] = 0 if readable else self._in_a_row.get(reader, 0) + 1
        if readable:
            self._alarms.clear_alarm(code)
        elif self._in_a_row[reader] == IN_A_ROW:
            self._alarms.raise_alarm(code, "major", f"读卡器“{reader}”连续 {IN_A_ROW} 次读不出卡")
