"""Whoever waits while a bank is handed over changes nothing of it afterwards."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connections, transaction
from django.utils import timezone

from server_broker.bundles.models import WrittenPack
from server_broker.editing.banks import give_up, hand_over
from server_broker.editing.changing import NotChanged
from server_broker.editing.levels import add_level
from server_broker.editing.models import BankDraft
from server_broker.editing.questions import save_question, written_of
from server_broker.settings import HOME
from tests.server_broker.county import make_county
from tests.server_broker.editing.samples import bank, editor, questions

pytestmark = pytest.mark.django_db(transaction=True)


def hand(draft: BankDraft) -> None:
    hand_over(draft, last_day=timezone.localdate() + dt.timedelta(days=90), by=editor("first"))


def save(draft: BankDraft) -> None:
    one = questions(draft)[0]
    save_question(one, written_of(one), level=one.level, revision=one.revision, by=editor("second"))


@pytest.mark.parametrize(
    "change",
    [save, hand, lambda draft: add_level(draft, "第二关", editor("second")), lambda draft: give_up(draft, editor())],
)
def test_a_change_that_waited_for_the_hand_over_comes_too_late(change: Callable[[BankDraft], object]) -> None:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    make_county()
    draft = bank()
    handed, go_on = Event(), Event()

    def first() -> None:
        with transaction.atomic():
            hand(draft)
            handed.set()
            assert go_on.wait(20)
        connections.close_all()

    def second() -> None:
        assert handed.wait(20)
        try:
            with pytest.raises(NotChanged, match="等着发布"):
                change(BankDraft.objects.get(pk=draft.pk))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(first), threads.submit(second)]
        assert handed.wait(20)
        _wait_for_the_lock()
        go_on.set()
        for one in running:
            one.result(30)
    assert WrittenPack.objects.count() == 1
    assert BankDraft.objects.get().waits


def _wait_for_the_lock() -> None:
    """Wait until somebody waits for a row."""
    for _ in range(400):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
        Event().wait(0.05)
    raise AssertionError("nobody waits")
