"""An import writes what its preview showed: nobody changes its rows between the last look and the writing."""

import threading
from dataclasses import replace

import pytest
from django.db import connections, transaction
from django.utils import timezone

from server_broker.attendance.models import DutyWindow
from server_broker.dated.locking import alone
from server_broker.duty.overlaps import lock_people
from server_broker.duty.windows import Terms, change_window
from server_broker.rosters.known import Known, load_known
from server_broker.rosters.plan import Plan
from server_broker.rosters.roster_import import PEOPLE_IMPORT, read_import
from server_broker.sheets.importing import preview, take
from tests.cast import SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.races import WAIT_S, wait_until_blocked
from tests.server_broker.requests.asked_here import duty
from tests.server_broker.rosters.workbooks import book

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_officer_who_comes_between_waits_and_is_not_undone(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    window = duty(zhang, name="上午")
    plan = read_import(book({"值班": [(SHILI_VILLAGE, "上午", "1-5", "08:00", "12:00", ZHANG.number)]}))
    shown = preview(PEOPLE_IMPORT, plan, scope=None).digest()

    def change() -> None:
        terms = Terms("上午", [1, 2, 3, 4, 5], 510, 720, [zhang.pk], marks="arrival")
        try:
            change_window(
                DutyWindow.ever.get(pk=window.pk), terms, since=timezone.localdate(), actor="officer", reason="只打上班"
            )
        finally:
            connections.close_all()

    officer = threading.Thread(target=change)

    def known(plan: Plan) -> Known:
        found = load_known(plan)
        officer.start()
        wait_until_blocked(1)
        return found

    slow = replace(PEOPLE_IMPORT, known=known)
    take(slow, plan, scope=None, actor="importer", shown=shown, renames_confirmed=True)
    officer.join(WAIT_S)
    now = DutyWindow.ever.get(pk=window.pk)
    assert (now.start, now.marks) == (510, "arrival")


def test_who_confirms_alone_and_an_import_do_not_wait_for_one_another(county: FictionalCounty) -> None:
    window = duty(county.people[ZHANG], name="上午")
    plan = read_import(book({"值班": [(SHILI_VILLAGE, "上午", "1-5", "08:00", "12:00", ZHANG.number)]}))
    shown = preview(PEOPLE_IMPORT, plan, scope=None).digest()
    after: list[int] = []

    def confirm() -> None:
        try:
            with transaction.atomic():
                alone()
                lock_people([county.people[ZHANG].pk])
                after.append(DutyWindow.ever.get(pk=window.pk).start)
        finally:
            connections.close_all()

    officer = threading.Thread(target=confirm)

    def known(plan: Plan) -> Known:
        found = load_known(plan)
        officer.start()
        wait_until_blocked(1)
        return found

    take(replace(PEOPLE_IMPORT, known=known), plan, scope=None, actor="importer", shown=shown, renames_confirmed=True)
    officer.join(WAIT_S)
    assert after == [480]
