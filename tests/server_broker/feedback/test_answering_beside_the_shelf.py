"""A question is answered while its station's shelf is computed: the two do not wait for one another in a circle."""

import threading

import pytest
from django.db import OperationalError, connections, transaction

from server_broker.bundles.models import StationIndex
from server_broker.feedback.answering import answer
from server_broker.feedback.models import FeedbackStep
from server_broker.fleet.models import ShelfDue
from tests.cast import SHILI, TOWNSHIP_OFFICER
from tests.server_broker.county import FictionalCounty, asked, user_of
from tests.server_broker.races import WAIT_S, wait_until_blocked
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answer_waits_for_the_shelf_and_holds_nothing_that_the_shelf_needs(county: FictionalCounty) -> None:
    question, station, officer = asked(county.stations[SHILI]), county.stations[SHILI], user_of(TOWNSHIP_OFFICER)
    ShelfDue.objects.get_or_create(station=station, defaults={"marked_at": NOW})
    failed: list[OperationalError] = []

    def give() -> None:
        try:
            answer(question, "路灯本周五修好", actor=officer, at=NOW)
        except OperationalError as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=give)
    with transaction.atomic():
        ShelfDue.objects.select_for_update().get(station=station).delete()
        thread.start()
        wait_until_blocked(1)
        StationIndex.objects.create(station=station, version=1, sha256=bytes(32), payload=b"", built_at=NOW)
    thread.join(WAIT_S)
    assert failed == []
    assert FeedbackStep.objects.filter(feedback=question).count() == 1
