"""The table of what is kept is whole: no table and no kind of fact is without a purpose and an end."""

from collections import Counter
from datetime import timedelta
from typing import get_args

import pytest
from django.apps import apps

from protocol.facts import KINDS, BlobPurpose
from server_broker.accounts.cleaning import LINKS_KEPT
from server_broker.bundles.index_keeper import COMPUTED_KEPT
from server_broker.ingest.quarantine import QUARANTINED_KEPT
from server_broker.media.kinds import ALLOWED
from server_broker.public import brake, sessions
from server_broker.retention.keepings import (
    FACTS_OF_MACHINES,
    KEEPINGS,
    NOTHING_OF_PEOPLE,
    blobs_kept,
    keeping,
)
from server_broker.sheets import pending
from tests.cast import AUDITOR, OPERATOR
from tests.server_broker.county import make_county, signed_in


def test_every_table_is_held_for_a_purpose_or_holds_nothing_of_people() -> None:
    named = Counter([*(label for row in KEEPINGS for label in row.models), *NOTHING_OF_PEOPLE])
    assert {label: count for label, count in named.items() if count != 1} == {}
    assert set(named) == {model._meta.label for model in apps.get_models()}


def test_every_kind_of_fact_is_held_for_a_purpose_or_is_a_machine_s() -> None:
    named = Counter([*(kind for row in KEEPINGS for kind in row.kinds), *FACTS_OF_MACHINES])
    assert {kind: count for kind, count in named.items() if count != 1} == {}
    assert set(named) == KINDS


def test_every_purpose_of_a_file_has_its_time() -> None:
    named = Counter(purpose for row in KEEPINGS for purpose in row.purposes)
    assert {purpose: count for purpose, count in named.items() if count != 1} == {}
    assert set(named) == {"", *get_args(BlobPurpose.__value__)} == set(blobs_kept())
    assert set(ALLOWED) == set(named) - {"", "log"}


@pytest.mark.parametrize("row", KEEPINGS, ids=lambda row: row.key)
def test_a_keeping_says_all_that_people_must_know_and_how_it_ends(row: object) -> None:
    found = next(one for one in KEEPINGS if one is row)
    assert all((found.what, found.purpose, found.ends, found.remains))
    assert keeping(found.key) is found
    assert (found.kept is None) == (found.how == "stays")
    assert found.kept is None or found.kept >= timedelta(hours=1)
    assert bool(found.purposes) == (found.how == "blobs")
    for label, received in found.rows:
        assert label in found.models
        apps.get_model(label)._meta.get_field(received)


def test_what_a_chore_of_a_room_ends_ends_when_the_table_says() -> None:
    for key, kept in (
        ("imports", pending.KEPT_FOR),
        ("sent_messages", QUARANTINED_KEPT),
        ("accounts", LINKS_KEPT),
        ("phones", sessions.LINKS_KEPT),
        ("phones", brake.KEPT),
        ("published", COMPUTED_KEPT),
    ):
        row = keeping(key)
        assert row is not None
        assert row.kept == kept


@pytest.mark.django_db
def test_the_auditor_sees_the_table_and_nobody_else() -> None:
    make_county()
    page = signed_in(AUDITOR).get("/kept/")
    assert page.status_code == 200
    html = page.content.decode()
    for row in KEEPINGS:
        assert row.what in html
        assert row.ends in html
    assert signed_in(OPERATOR).get("/kept/").status_code == 403
