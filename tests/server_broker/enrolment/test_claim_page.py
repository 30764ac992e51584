"""A claim code on its page: looked at twice it is the same one, and a revoked station gets none."""

import datetime as dt
import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from protocol.claim_file import decode_claim_file, spoken_fingerprint
from server_broker.audit.models import AuditEntry
from server_broker.enrolment.claims import ClaimRefused, make_claim
from server_broker.enrolment.models import Claim
from server_broker.fleet.models import Station
from tests.cast import ADMINISTRATOR, OPERATOR, OTHER_OPERATOR, SHILI
from tests.server_broker.county import make_county, signed_in, user_of
from tests.server_broker.enrolment.taking_in import home
from tests.server_broker.races import at_once

__all__ = ["home"]

PAGE = "/stations/shili-01/claim/"
FILE = f"{PAGE}claim.toml"


@pytest.fixture
def page(db: None) -> Client:
    make_county()
    cache.clear()
    return signed_in(OPERATOR)


def code_on(client: Client) -> str:
    found = re.search(r'<p class="code">([0-9 ]+)</p>', client.get(PAGE).content.decode())
    return found[1] if found else ""


def test_a_reload_shows_the_same_code_and_burns_nothing(page: Client) -> None:
    assert page.post(PAGE)["Location"] == PAGE
    code = code_on(page)
    assert len(code.replace(" ", "")) == 13
    assert code_on(page) == code
    assert Claim.objects.filter(burnt_at=None).count() == 1
    assert AuditEntry.objects.filter(action="claim.made").count() == 1


def test_the_code_is_shown_to_the_session_that_made_it_alone_and_lies_in_no_table(page: Client) -> None:
    page.post(PAGE)
    code = code_on(page).replace(" ", "")
    other = signed_in(OTHER_OPERATOR)
    assert code_on(other) == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        assert not [row for row in cursor.fetchall() if code in row[0]]
    page.post("/sign-out/")
    page.force_login(user_of(ADMINISTRATOR))
    assert code_on(page) == ""


def test_a_code_that_is_of_no_use_any_more_is_not_shown(page: Client) -> None:
    page.post(PAGE)
    make_claim(Station.objects.get(pk=SHILI), actor="another", now=timezone.now())
    assert code_on(page) == ""


def test_a_claim_file_has_all_that_a_station_needs_and_ends_with_its_code(page: Client) -> None:
    assert page.get(FILE).status_code == 302
    page.post(PAGE)
    given = page.get(FILE)
    assert given["Cache-Control"] == "no-store"
    assert "claim.toml" in given["Content-Disposition"]
    file = decode_claim_file(given.content)
    assert (file.station, file.claim) == (SHILI, code_on(page).replace(" ", ""))
    assert file.url.startswith("https://")
    ca = page.get("/ca.pem").content.decode()
    assert file.ca == ca
    assert spoken_fingerprint(ca) in page.get(PAGE).content.decode()
    assert dt.datetime.fromisoformat(f"{file.expires}+08:00") - timezone.now() > dt.timedelta(hours=23)
    make_claim(Station.objects.get(pk=SHILI), actor="another", now=timezone.now())
    assert page.get(FILE).status_code == 302


def test_a_revoked_station_gets_no_code(page: Client) -> None:
    Station.objects.update(revoked_at=timezone.now())
    answer = page.post(PAGE, follow=True)
    assert "已吊销，不能再接入" in answer.content.decode()
    assert "生成接入码" not in answer.content.decode()
    assert not Claim.objects.exists()
    with pytest.raises(ClaimRefused):
        make_claim(Station.objects.get(pk=SHILI), actor="cli", now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_of_codes_made_at_once_one_stays_open() -> None:
    make_county()
    station = Station.objects.get(pk=SHILI)
    at_once(
        lambda _: make_claim(station, actor="operator", now=timezone.now()),
        held_by=lambda: Station.objects.select_for_update().get(pk=SHILI),
        count=4,
    )
    assert Claim.objects.filter(burnt_at=None).count() == 1
