"""Which dates are working days, and which of them are provisional (§1.4)."""

from datetime import date

from tests.reckoning.case import CalendarTable, Case

SOURCES = ("county", "chinesecalendar", "holidays")
SATURDAY = 5


def plain_working_day(day: date) -> bool:
    """Return whether a date is one of Monday to Friday."""
    return day.weekday() < SATURDAY


def table_of(case: Case, day: date) -> CalendarTable | None:
    """Return the table that says what a date is: of the first source that knows it (§1.4).

    Of several tables of one source that know the date, the one that became known last is in use.
    """
    for source in SOURCES:
        tables = [table for table in case.calendar if table.source == source and table.first <= day <= table.last]
        if tables:
            return max(enumerate(tables), key=lambda pair: (pair[1].known, pair[0]))[1]
    return None


def is_working_day(case: Case, day: date) -> bool:
    """Return whether a date is a working day: swapped Saturdays and Sundays (调休) are, holidays are not (§1.4)."""
    table = table_of(case, day)
    if table is None:
        return plain_working_day(day)
    if plain_working_day(day):
        return day not in table.holidays
    return day in table.workdays


def is_provisional(case: Case, day: date) -> bool:
    """Return whether nothing is announced for a date yet: it is known to ``holidays`` alone, or to nobody (§1.4)."""
    table = table_of(case, day)
    return table is None or table.source == "holidays"
