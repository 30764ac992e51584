"""A claim redeemed while its station is revoked or gets another code: both come to an end, one after the other."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections, transaction

from server_broker.enrolment.claims import MAX_WRONG_TRIES, make_claim, redeem
from server_broker.enrolment.models import Claim
from server_broker.enrolment.revocation import revoke
from server_broker.fleet.models import Station
from server_broker.platform.home import CountyHome
from tests.cast import SHILI
from tests.server_broker.enrolment.taken_in import KEY, NOW, home, station
from tests.server_broker.races import AT_ONCE, WAIT_S, at_once, wait_until_blocked

__all__ = ["home", "station"]

pytestmark = pytest.mark.django_db(transaction=True)


def revoked(home: CountyHome) -> None:
    assert revoke(home, SHILI, actor="operator", reason="stolen", now=NOW).in_database


def another_code(_home: CountyHome) -> None:
    make_claim(Station.objects.get(), actor="operator", now=NOW)


@pytest.mark.parametrize("end", [revoked, another_code])
def test_a_claim_redeemed_while_its_station_is_locked_waits_and_is_refused(
    station: Station, home: CountyHome, end: Callable[[CountyHome], None]
) -> None:
    code = make_claim(station, actor="operator", now=NOW)
    answers: list[Claim | None] = []

    def come() -> None:
        try:
            with transaction.atomic():
                answers.append(redeem(home, code, KEY, now=NOW))
        finally:
            connections.close_all()

    board = threading.Thread(target=come)
    with transaction.atomic():
        Station.objects.select_for_update(no_key=True).get()
        board.start()
        wait_until_blocked(1)
        end(home)
    board.join(WAIT_S)
    assert answers == [None]


def test_wrong_tries_that_come_at_once_are_all_counted(station: Station, home: CountyHome) -> None:
    code = make_claim(station, actor="operator", now=NOW)
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)

    def guess(_number: int) -> Claim | None:
        with transaction.atomic():
            return redeem(home, wrong, KEY, now=NOW)

    answers = at_once(guess, held_by=lambda: Station.objects.select_for_update().get())
    assert answers == [None] * AT_ONCE
    assert Claim.objects.get().wrong_tries == AT_ONCE
    for _ in range(MAX_WRONG_TRIES - AT_ONCE):
        assert guess(0) is None
    assert Claim.objects.get().burnt_at == NOW
    with transaction.atomic():
        assert redeem(home, code, KEY, now=NOW) is None
