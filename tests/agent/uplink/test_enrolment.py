"""Enrolment and renewal: keys stay, a response that does not fit is refused, a certificate is renewed in time."""

import datetime
import re
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from agent.drivers.https import post_json
from agent.identity.enrolment import (
    CountyRefused,
    CountyUnreachable,
    NotTheCounty,
    ResponseRefused,
    enrol,
    renew,
    renewal_due_ms,
)
from agent.identity.station_identity import CERTIFICATE, ENROLLED, RECORD_KEY, TLS_KEY, IdentityBroken, load_identity
from protocol.enrolment import NotEnrolled
from protocol.signing import key_id
from tests.agent.uplink.enrolment_desk import CLAIM, EnrolmentDesk
from tests.agent.uplink.pki import END, START, Authority, Issued, pem
from tests.agent.uplink.web import Web


@pytest.fixture
def desk(authority: Authority) -> EnrolmentDesk:
    return EnrolmentDesk(authority)


@pytest.fixture
def web(desk: EnrolmentDesk, authority: Authority) -> Iterator[Web]:
    issued: Issued = authority.issue("web", host="127.0.0.1")
    web = Web(desk, issued)
    yield web
    web.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "station"


def test_a_claim_makes_a_station(web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path) -> None:
    identity = enrol(
        folder, url=web.url, ca_file=authority.ca_file, claim="1234 5678 9012 " + CLAIM[-1], post=post_json
    )
    assert identity.station == "demo-0001"
    assert identity.county_keys == {key_id(b"\x01" * 32): b"\x01" * 32}
    assert desk.record_key == identity.record_key.public_key().public_bytes_raw()
    again = load_identity(folder)
    assert again is not None
    assert again.enrolled == identity.enrolled
    for name in (RECORD_KEY, TLS_KEY, CERTIFICATE, ENROLLED):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert {path.name for path in folder.iterdir()} == {RECORD_KEY, TLS_KEY, CERTIFICATE, ENROLLED}


def test_renewal_keeps_the_keys_and_replaces_the_certificate(web: Web, authority: Authority, folder: Path) -> None:
    first = enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    keys = (folder / RECORD_KEY).read_bytes(), (folder / TLS_KEY).read_bytes()
    second = renew(first, url=web.url, ca_file=authority.ca_file, post=post_json)
    assert second.enrolled.certificate != first.enrolled.certificate
    assert (folder / CERTIFICATE).read_text() == second.enrolled.certificate
    assert ((folder / RECORD_KEY).read_bytes(), (folder / TLS_KEY).read_bytes()) == keys


def test_a_failed_try_leaves_the_keys_and_nothing_else(
    web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path
) -> None:
    desk.answer = 403, msgspec.json.encode(NotEnrolled(reason="claim_used", message="接入码已用过"))
    with pytest.raises(CountyRefused) as refused:
        enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    assert (refused.value.reason, refused.value.message) == ("claim_used", "接入码已用过")
    assert load_identity(folder) is None
    kept = (folder / RECORD_KEY).read_bytes()
    desk.answer = None
    enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    assert (folder / RECORD_KEY).read_bytes() == kept


@pytest.mark.parametrize(
    "claim", ["", "1", "1234567890123" + "4", CLAIM[:-1] + str((int(CLAIM[-1]) + 1) % 10), "x" * 99]
)
def test_a_code_that_can_not_be_one_is_not_even_sent(web: Web, authority: Authority, folder: Path, claim: str) -> None:
    with pytest.raises(CountyRefused, match="接入码"):
        enrol(folder, url=web.url, ca_file=authority.ca_file, claim=claim, post=post_json)
    assert not web.requests


@pytest.mark.parametrize("answer", [b"", b"{}", b"\xff", b"<html>", b"[" * 5000])
@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_makes_no_sense_is_refused(
    web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path, answer: bytes, status: int
) -> None:
    desk.answer = status, answer
    with pytest.raises(ResponseRefused):
        enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    assert load_identity(folder) is None


@pytest.mark.parametrize(("field", "value"), [("wrong_nonce", True), ("foreign_key", True), ("common", "demo-0002")])
def test_an_answer_to_another_question_is_refused(
    web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path, field: str, value: object
) -> None:
    setattr(desk, field, value)
    with pytest.raises(ResponseRefused):
        enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    assert load_identity(folder) is None


def test_a_renewal_for_another_station_is_refused(
    web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path
) -> None:
    identity = enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    desk.station = desk.common = "demo-0002"
    with pytest.raises(ResponseRefused):
        renew(identity, url=web.url, ca_file=authority.ca_file, post=post_json)
    kept = load_identity(folder)
    assert kept is not None
    assert kept.enrolled == identity.enrolled


def test_trouble_at_the_county_is_transient(web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path) -> None:
    desk.answer = 503, b"busy"
    with pytest.raises(CountyUnreachable):
        enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)


def test_a_server_of_another_authority_is_not_the_county(
    desk: EnrolmentDesk, authority: Authority, folder: Path
) -> None:
    other = Authority(folder.parent / "other", "another authority")
    stranger = Web(desk, other.issue("web", host="127.0.0.1"))
    with pytest.raises(NotTheCounty) as failed:
        enrol(folder, url=stranger.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    stranger.close()
    assert failed.value.message == "对方不是县里，证书不对：请检查 ca 文件和 url；网络要求登录的话先登录（自检代码 23）"
    assert not stranger.requests


def test_a_ca_file_that_holds_none_is_told_like_a_wrong_one(web: Web, authority: Authority, folder: Path) -> None:
    no_pem = folder.parent / "ca.pem"
    no_pem.write_text("县里的证书\n", encoding="utf-8")
    with pytest.raises(NotTheCounty, match="请检查 ca 文件"):
        enrol(folder, url=web.url, ca_file=no_pem, claim=CLAIM, post=post_json)


def test_a_web_page_in_place_of_an_answer_points_at_the_address(
    web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path
) -> None:
    desk.answer = 404, b"\n<!doctype html><title>404</title>"
    with pytest.raises(ResponseRefused, match=f"{web.url}/enrol 回答的是网页.*核对地址和端口"):
        enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)


def test_a_page_to_sign_in_at_is_not_the_county(authority: Authority, folder: Path) -> None:
    def portal(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock:
            sock.sendall(b"HTTP/1.0 302 Found\r\nLocation: http://portal.example/\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=portal, args=(listener,))
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NotTheCounty):
            enrol(folder, url=url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
        thread.join(10)


def test_a_certificate_out_of_its_dates_points_at_the_clock(
    desk: EnrolmentDesk, authority: Authority, folder: Path
) -> None:
    old = Web(desk, authority.issue("old", host="127.0.0.1", end=START + datetime.timedelta(days=1)))
    with pytest.raises(NotTheCounty) as failed:
        enrol(folder, url=old.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    old.close()
    says = r"本机时间是 20\d\d-\d\d-\d\d \d\d:\d\d，按它县里的证书无效：.*本机的时间.*县里的时间.*（自检代码 24）"
    assert re.fullmatch(says, failed.value.message)


def test_nobody_there_names_the_doctor(authority: Authority, folder: Path) -> None:
    with pytest.raises(CountyUnreachable) as failed:
        enrol(folder, url="https://127.0.0.1:9", ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    assert failed.value.message == "暂时连不上县里：请检查网络后再试；查原因请运行 sudo cunhui-agent doctor"


def test_an_endless_answer_is_cut(web: Web, desk: EnrolmentDesk, authority: Authority, folder: Path) -> None:
    desk.answer = 200, bytes(200_000)
    with pytest.raises(CountyUnreachable):
        enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)


def test_renewal_is_due_at_half_life(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    certificate = pem(authority.certify("demo-0001", key)).decode()
    assert renewal_due_ms(certificate) == (END - datetime.timedelta(days=45)).timestamp() * 1000


def test_a_certificate_file_lost_in_a_power_cut_comes_back(web: Web, authority: Authority, folder: Path) -> None:
    identity = enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    (folder / CERTIFICATE).unlink()
    load_identity(folder)
    assert (folder / CERTIFICATE).read_text() == identity.enrolled.certificate


DAMAGES = [(name, content) for name in (RECORD_KEY, TLS_KEY, ENROLLED) for content in (b"", b"\x00\xff", b"{}")]


@pytest.mark.parametrize(("name", "content"), [*DAMAGES, (RECORD_KEY, None), (TLS_KEY, None)])
def test_a_damaged_folder_is_said_to_be_so(
    web: Web, authority: Authority, folder: Path, name: str, content: bytes | None
) -> None:
    enrol(folder, url=web.url, ca_file=authority.ca_file, claim=CLAIM, post=post_json)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(IdentityBroken):
        load_identity(folder)
