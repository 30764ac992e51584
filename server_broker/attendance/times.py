"""The times of a window, in the words of pages and files."""

from server_broker.sheets.cells import MINUTES_A_DAY


def times(start: int, end: int) -> str:
    """Return the times of a window; an end past midnight is shown as the time of the next day."""
    return f"{clock(start)}–{clock(end)}"


def clock(minutes: int) -> str:
    """Return minutes after midnight as a time of day."""
    # 1440 stays 24:00: a window that ends at midnight ends on its own day.
    minutes = minutes if minutes <= MINUTES_A_DAY else minutes - MINUTES_A_DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
