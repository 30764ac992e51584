"""What the county's months say of corrections: which months are closed, how many one approver may grant, which hold."""

import datetime as dt

from server_broker.dated.days import begin_of
from server_broker.duty.due import Turn
from server_broker.people.models import Person
from server_broker.platform.sql import query
from server_broker.regions.models import Region
from server_broker.requests.months import Correctable
from server_broker.settlement.times import month_of
from server_broker.settling.correctable import correctable_marks
from server_broker.settling.models import SheetMonthRecord
from server_broker.settling.region_terms import chains_of, rows_of
from server_broker.settling.term_specs import CORRECTIONS, default_of
from server_broker.settling.terms import decides


def closed_at(village: int, day: dt.date) -> dt.datetime | None:
    """Return when the month of a village's date was closed, as a page says it; None: it is open now."""
    rows = SheetMonthRecord.objects.known().filter(subject__village__identity=village, subject__month=month_of(day))
    row = rows.first()
    return None if row is None else row.closed_at


class CountyMonths:
    """The months of the county (`server_broker.requests.months.Months`)."""

    def closed_at(self, village: Region, day: dt.date) -> dt.datetime | None:
        """Return when the month of a village's date was closed; None: it is open, and stays so until the caller's
        transaction ends. A month without a row was never shown, so nobody can be closing it."""
        where = [village.identity, month_of(day)]
        # Closing locks the same row. Whoever gets it first is waited for.
        query("SELECT id FROM settling_sheetmonth WHERE village_id = %s AND month = %s FOR SHARE", where)
        return closed_at(village.identity, day)

    def corrections(self, person: Person, day: dt.date) -> int:
        """Return beyond how many corrections of a month a second approver is needed, as it holds for the person's
        village on the date."""
        chain = chains_of([person.village])[person.village.identity]
        row = decides(chain, rows_of(chain), CORRECTIONS, begin_of(day))
        number = default_of(CORRECTIONS) if row is None else row.value
        assert isinstance(number, int)
        return number

    def correctable(self, turn: Turn, at: dt.datetime) -> Correctable:
        """Return what can be corrected of a window, by the spans of the engine."""
        return correctable_marks(turn, at)
