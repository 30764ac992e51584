"""Taking stations in: what a claim is worth, how often, and what each refusal says."""

import datetime as dt
import json
import os

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from protocol.claim import check_digit
from protocol.enrolment import Enrolled, EnrolRequest, sign_request
from server_broker.audit.models import AuditEntry
from server_broker.enrolment import admission
from server_broker.enrolment.admission import MAX_ANSWERS
from server_broker.enrolment.claims import MAX_WRONG_TRIES, make_claim
from server_broker.enrolment.limit import MAX_REFUSALS, WINDOW_S, RefusalLimit
from server_broker.enrolment.models import Claim, StationCertificate
from server_broker.fleet.models import Station
from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker
from server_broker.trust import StationJournal
from server_broker.trust.board_name import board_name
from server_broker.trust.journal import JournalEntry, journal_time
from tests.cast import SHILI
from tests.server_broker.enrolment.kit import Kit, post, refusal
from tests.server_broker.enrolment.taking_in import code, home, station

__all__ = ["code", "home", "station"]

pytestmark = pytest.mark.django_db


def wrong(code: str) -> str:
    twelve = f"{code[:6]}{(int(code[6:12]) + 1) % 10**6:06}"
    return twelve + check_digit(twelve)


def certificate_serial(answer: dict[str, str]) -> str:
    return f"{x509.load_pem_x509_certificate(answer['certificate'].encode()).serial_number:x}"


def test_a_claim_takes_a_station_in_under_its_own_name(code: str, home: CountyHome) -> None:
    response = Kit().enrol(code, name="another-name")
    body = json.loads(response.content)
    assert response.status_code == 200
    assert (body["station"], body["village"]) == (SHILI, "示例村")
    subject = x509.load_pem_x509_certificate(body["certificate"].encode()).subject
    assert [str(a.value) for a in subject] == [SHILI]
    assert set(StationJournal(home).read().live()) == {SHILI}
    assert "shili-01 0" in (home.broker / "stations.list").read_text()
    assert AuditEntry.objects.filter(action="station.enrolled", subject=SHILI).count() == 1


def test_a_certificate_names_its_board_before_and_after_a_renewal(code: str, home: CountyHome) -> None:
    def names(response: HttpResponse) -> list[str]:
        certificate = x509.load_pem_x509_certificate(json.loads(response.content)["certificate"].encode())
        told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return told.get_values_for_type(x509.DNSName)

    kit = Kit()
    record_key = kit.record_key.public_key().public_bytes_raw().hex()
    board = [SHILI, board_name(SHILI, record_key)]
    assert names(kit.enrol(code)) == board
    assert names(kit.renew()) == board


def test_a_station_is_told_all_hosts_of_a_broker_of_the_countys_own(code: str, home: CountyHome) -> None:
    hosts = ["mq1.example", "mq2.example", "mq3.example"]
    own = OwnBroker(hosts=hosts, port=18883, user="keeper", password_file="nowhere")
    with home.config_file.open("a", encoding="utf-8") as file:
        file.write(own.as_table())
    told = msgspec.json.decode(Kit().enrol(code).content, type=Enrolled).broker
    # Nobody reads the password: RabbitMQ is away, and the station is taken in all the same.
    assert {port for _, port in told.endpoints} == {18883}
    assert sorted(host for host, _ in told.endpoints) == hosts


def test_a_request_that_its_own_record_key_did_not_sign_is_refused(code: str, home: CountyHome) -> None:
    kit, own = Kit(), Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    request = EnrolRequest(claim=code, csr=kit.csr(), record_key=own, nonce=os.urandom(16), signature=bytes(64))
    response = post("/enrol", msgspec.json.encode(sign_request(kit.record_key, request)))
    assert refusal(response) == (403, "bad_signature")
    assert StationJournal(home).read().live() == {}


def test_a_claim_is_good_once(code: str) -> None:
    assert Kit().enrol(code).status_code == 200
    assert refusal(Kit().enrol(code)) == (403, "claim_refused")


def test_the_same_board_may_ask_again_for_an_answer_that_was_lost(code: str, home: CountyHome) -> None:
    kit = Kit()
    lost, heard = (json.loads(kit.enrol(code).content) for _ in range(2))
    assert heard["station"] == SHILI
    serial = StationCertificate.objects.get(revoked_at=None).serial
    assert certificate_serial(heard) == serial != certificate_serial(lost)
    assert certificate_serial(lost) in StationJournal(home).read().revoked_serials
    assert kit.renew().status_code == 200


def test_answers_get_lost_a_few_times_and_not_without_end(code: str, home: CountyHome) -> None:
    """Each costs the broker another list, and the county a certificate that it must keep revoked for ever."""
    kit = Kit()
    assert {kit.enrol(code).status_code for _ in range(MAX_ANSWERS)} == {200}
    lines = StationJournal(home).read().entries
    assert refusal(kit.enrol(code)) == (403, "claim_refused")
    assert StationJournal(home).read().entries == lines
    assert kit.renew().status_code == 200, "its last certificate is as good as ever"


def test_the_same_request_is_no_second_question(code: str) -> None:
    kit = Kit()
    assert kit.enrol(code, nonce=bytes(16)).status_code == 200
    assert refusal(kit.enrol(code, nonce=bytes(16))) == (409, "nonce_used")


def test_a_board_does_not_come_back_on_a_used_code_once_another_took_its_place(station: Station, code: str) -> None:
    old = Kit()
    assert old.enrol(code).status_code == 200
    assert Kit().enrol(make_claim(station, actor="operator", now=timezone.now())).status_code == 200
    assert refusal(old.enrol(code)) == (403, "claim_refused")


def test_the_same_board_may_not_ask_again_after_a_day_or_when_revoked(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = Kit()
    assert kit.enrol(code).status_code == 200
    later = timezone.now() + dt.timedelta(hours=24, seconds=1)
    with monkeypatch.context() as a_day_later:
        a_day_later.setattr(timezone, "now", lambda: later)
        assert refusal(kit.enrol(code)) == (403, "claim_refused")
    assert kit.enrol(code).status_code == 200
    Station.objects.update(revoked_at=timezone.now())
    assert refusal(kit.enrol(code)) == (403, "claim_refused")


def test_only_a_hash_of_the_secret_is_kept(code: str) -> None:
    claim = Claim.objects.get()
    assert claim.lookup == code[:6]
    assert claim.secret_hash.startswith("argon2")
    assert code[6:] not in claim.secret_hash


def test_a_claim_ends_after_a_day(station: Station) -> None:
    code = make_claim(station, actor="operator", now=timezone.now() - dt.timedelta(hours=24, seconds=1))
    assert refusal(Kit().enrol(code)) == (403, "claim_refused")


@pytest.mark.parametrize(("earlier_tries", "outcome"), [(MAX_WRONG_TRIES - 2, 200), (MAX_WRONG_TRIES - 1, 403)])
def test_the_tenth_wrong_try_burns_a_claim_and_the_ninth_does_not(code: str, earlier_tries: int, outcome: int) -> None:
    Claim.objects.update(wrong_tries=earlier_tries)
    assert refusal(Kit().enrol(wrong(code))) == (403, "claim_refused")
    assert Kit().enrol(code).status_code == outcome
    assert AuditEntry.objects.filter(action="claim.burnt").exists() == (outcome == 403)


def test_every_refused_claim_gets_the_same_answer(code: str) -> None:
    unknown = "987654321098" if not code.startswith("987654") else "123456789012"
    answers = {Kit().enrol(one).content for one in (wrong(code), unknown + check_digit(unknown), "0000000000001")}
    assert len(answers) == 1


def test_a_new_board_takes_the_old_ones_place(station: Station, home: CountyHome) -> None:
    old, new = Kit(), Kit()
    old.enrol(make_claim(station, actor="operator", now=timezone.now()))
    new.enrol(make_claim(station, actor="operator", now=timezone.now()))
    assert refusal(old.renew()) == (403, "not_recognised")
    assert new.renew().status_code == 200
    assert StationCertificate.objects.filter(revoked_at=None).count() == 2
    roll = StationJournal(home).read()
    assert len(roll.revoked_serials) == 1


def test_an_old_boards_connection_ends_once_the_broker_knows_the_new_one(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr("server_broker.broker.refresh", lambda home, *, now: done.append("refresh"))
    monkeypatch.setattr("server_broker.broker.cut_off", lambda home, station: done.append(f"cut off {station}"))
    Kit().enrol(make_claim(station, actor="operator", now=timezone.now()))
    assert done == ["refresh", f"cut off {station.pk}"]


def test_a_station_that_the_database_has_revoked_gets_no_certificate(code: str) -> None:
    kit = Kit()
    kit.enrol(code)
    Station.objects.update(revoked_at=timezone.now())
    assert refusal(kit.renew()) == (403, "revoked")


def test_a_renewal_counts_once_for_its_nonce(code: str) -> None:
    kit = Kit()
    kit.enrol(code)
    assert kit.renew(nonce=bytes(16)).status_code == 200
    assert refusal(kit.renew(nonce=bytes(16))) == (409, "nonce_used")


def test_a_renewal_needs_the_record_key_of_a_known_station(code: str) -> None:
    Kit().enrol(code)
    assert refusal(Kit().renew()) == (403, "not_recognised")
    assert refusal(Kit().renew("village-99")) == (403, "not_recognised")


def test_a_journal_that_knows_better_stops_a_renewal(code: str, home: CountyHome) -> None:
    kit = Kit()
    kit.enrol(code)
    StationJournal(home).path.unlink()
    assert refusal(kit.renew()) == (403, "revoked")


def test_a_revocation_of_which_the_database_has_not_heard_stops_every_enrolment(
    station: Station, code: str, home: CountyHome
) -> None:
    """The database was away when the station was revoked, and is brought in step at the next start only."""
    kit = Kit()
    kit.enrol(code)
    StationJournal(home).append(JournalEntry(at=journal_time(timezone.now()), event="revoked", station=SHILI))
    assert refusal(kit.enrol(code)) == (403, "claim_refused")
    assert refusal(Kit().enrol(make_claim(station, actor="operator", now=timezone.now()))) == (403, "claim_refused")
    assert StationJournal(home).read().live() == {}


def test_while_the_journal_is_damaged_nobody_is_taken_in_and_the_claim_stays_good(
    code: str, station: Station, home: CountyHome
) -> None:
    kit = Kit()
    kit.enrol(code)
    journal = StationJournal(home).path
    whole = journal.read_bytes()
    journal.write_bytes(whole.replace(b"enrolled", b"enrolleb"))
    second = make_claim(station, actor="operator", now=timezone.now())
    assert refusal(Kit().enrol(second)) == (503, "unavailable")
    journal.write_bytes(whole.replace(b"enrolled", b"enrolleb") + whole)
    assert refusal(kit.renew()) == (503, "unavailable")
    journal.write_bytes(whole)
    assert kit.renew().status_code == 200
    assert Kit().enrol(second).status_code == 200


@pytest.mark.parametrize("found", [None, b"rubbish"])
def test_without_the_record_key_nobody_is_taken_in_the_old_board_stays_and_renewals_go_on(
    code: str, station: Station, home: CountyHome, monkeypatch: pytest.MonkeyPatch, found: bytes | None
) -> None:
    kit, done = Kit(), list[str]()
    kit.enrol(code)
    second = make_claim(station, actor="operator", now=timezone.now())
    journal, key = StationJournal(home).path, home.trust / "record.key"
    told, whole = journal.read_bytes(), key.read_bytes()
    monkeypatch.setattr("server_broker.broker.cut_off", lambda home, station: done.append(station))
    key.unlink() if found is None else key.write_bytes(found)
    assert refusal(Kit().enrol(second)) == (503, "unavailable")
    assert (journal.read_bytes(), done) == (told, []), "a board that is not taken in takes nobody's place"
    assert kit.renew().status_code == 200
    key.write_bytes(whole)
    assert Kit().enrol(second).status_code == 200


def test_a_database_that_is_away_is_said_to_be_so(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(admission, "redeem", away)
    assert refusal(Kit().enrol(code)) == (503, "unavailable")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "malformed"),
        (b"[1, 2", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b'{"claim": "' + "１".encode() * 13 + b'"}', 400, "malformed"),
        (b"{" + b" " * 20_000, 413, "too_large"),
    ],
)
@pytest.mark.parametrize("path", ["/enrol", "/renew"])
def test_a_body_that_is_no_request_is_refused(path: str, body: bytes, status: int, reason: str) -> None:
    assert refusal(post(path, body)) == (status, reason)


@hypothesis_settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400) | st.text(max_size=200).map(str.encode), path=st.sampled_from(["/enrol", "/renew"]))
def test_no_noise_is_admitted_or_crashes_the_view(path: str, body: bytes) -> None:
    assert refusal(post(path, body))[0] in (400, 413)


def test_other_methods_are_refused() -> None:
    response = Client().get("/enrol")
    assert isinstance(response, HttpResponse)
    assert refusal(response) == (405, "method_not_allowed")


def test_who_is_refused_too_often_must_wait_and_others_need_not() -> None:
    seconds = [0.0]
    limit = RefusalLimit(lambda: seconds[0])
    for _ in range(MAX_REFUSALS):
        assert limit.book("192.0.2.1")
    assert not limit.book("192.0.2.1")
    assert not limit.book("::ffff:192.0.2.1")
    assert limit.book("192.0.2.2")
    seconds[0] = WINDOW_S
    assert limit.book("192.0.2.1")


def test_a_try_that_was_no_refusal_is_taken_back() -> None:
    limit = RefusalLimit(lambda: 0.0)
    for _ in range(MAX_REFUSALS + 5):
        assert limit.book("192.0.2.1")
        limit.take_back("192.0.2.1")


def test_one_ipv6_network_counts_as_one_client() -> None:
    limit = RefusalLimit(lambda: 0.0)
    for number in range(MAX_REFUSALS):
        assert limit.book(f"2001:db8::{number:x}")
    assert not limit.book("2001:db8::ffff")
    assert limit.book("2001:db8:0:1::1")
