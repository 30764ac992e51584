"""A question is answered while its station's shelf is computed: the two do not wait for one another."""

import threading

import pytest
from django.db import OperationalError, connections, transaction

from server_broker.bundles.models import StationIndex
from server_broker.feedback.answering import answer
from server_broker.feedback.models import FeedbackStep
from server_broker.fleet.models import ShelfDue
from tests.cast import SHILI, TOWNSHIP_OFFICER
from tests.server_broker.county import FictionalCounty, asked, user_of
from tests.server_broker.races import WAIT_S
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answer_does_not_wait_for_the_shelf_and_holds_nothing_that_the_shelf_needs(county: FictionalCounty) -> None:
    question, station, officer = asked(county.stations[SHILI]), county.stations[SHILI], user_of(TOWNSHIP_OFFICER)
    ShelfDue.objects.create(station=station, marked_at=NOW)
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
        ShelfDue.objects.filter(station=station).delete()
        thread.start()
        thread.join(WAIT_S)
        assert not thread.is_alive()
        StationIndex.objects.create(station=station, version=1, sha256=bytes(32), payload=b"", built_at=NOW)
    assert failed == []
    assert ShelfDue.objects.filter(station=station).exists(), "it is computed once more, with the answer"
    assert FeedbackStep.objects.filter(feedback=question).count() == 1
