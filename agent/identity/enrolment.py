"""Become a station of the county, and stay one: enrolment by claim code, and renewal of the certificate.

Each is one HTTPS call, signed with the record key. Both block, and the libraries that they load are large. So a running
agent renews in a process of its own (`agent.errands`).
"""

import datetime
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from agent.identity.station_identity import Identity, record_key, save_enrolment, tls_key
from agent.ports import DeviceError, PeerNotProven
from protocol.china_time import china_time, milliseconds
from protocol.claim import DIGITS, digits_typed, parse_claim_code
from protocol.enrolment import (
    MAX_ANSWER_BYTES,
    Enrolled,
    EnrolRequest,
    NotEnrolled,
    RenewRequest,
    decode_json,
    sign_request,
)
from protocol.refusal import Refused

_NOBODY_THERE = "暂时连不上县里：请检查网络后再试；查原因请运行 sudo cunhui-agent doctor"
_WRONG_PEER = "对方不是县里，证书不对：请检查 ca 文件和 url；网络要求登录的话先登录（自检代码 23）"
LIFE = datetime.timedelta(days=90)
"""How long a station's certificate is valid."""

OTHER_NUMBER = (
    "要换成别的编号（原来的吊销了也是），先把记录导出到 U 盘、把旧站点的文件夹移开，照《装机手册-救援》的“换站点编号”做"
)
"""What to do with a machine that is to become another station, in Chinese."""

type Post = Callable[[str, Path, bytes], tuple[int, bytes]]
"""``(url, ca_file, body) -> (status, response)``. Raises `DeviceError` if the county can't be reached, `PeerNotProven`
if the peer does not prove to be the county."""


class EnrolmentFailed(Exception):
    """The station was not enrolled, or its certificate not renewed.

    Attributes:
        message: What to do, in Chinese, for the person in front of the station.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CountyUnreachable(EnrolmentFailed):
    """Transient: the county decided nothing; try again later."""


class NotTheCounty(EnrolmentFailed):
    """The peer does not prove to be the county. A person must check the CA file, the address or the clock."""


class CountyRefused(EnrolmentFailed):
    """Permanent: the county refused, or the claim code can't be one. ``reason`` is the refusal's code for programs."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ResponseRefused(EnrolmentFailed):
    """The county's response does not fit the request. Nothing of it was kept."""


def enrol(folder: Path, *, url: str, ca_file: Path, claim: str, post: Post, only: str = "") -> Identity:
    """Enrol as the station for which the county made ``claim``.

    Args:
        folder: The station's folder. If it holds no keys, they are made first.
        url: The county's address, ``https://HOST:PORT``.
        claim: The claim code as a person types it.
        only: The station that this machine is already. Its records can't become another's, so a code for another one is
            used up, and nothing else changes.

    Raises:
        CountyUnreachable, NotTheCounty, CountyRefused, ResponseRefused: The folder is as it was, or has nothing but the
            keys.
        IdentityBroken: A key file is damaged.
    """
    try:
        code = parse_claim_code(claim)
    except Refused as refused:
        raise CountyRefused(refused.reason, wrong_code_words(claim)) from refused
    key = record_key(folder)
    request = EnrolRequest(
        claim=code,
        csr=_csr(folder),
        record_key=key.public_key().public_bytes_raw(),
        nonce=os.urandom(16),
        signature=bytes(64),  # `sign_request` puts the signature in its place
    )
    body = msgspec.json.encode(sign_request(key, request))
    enrolled = _call(f"{url.rstrip('/')}/enrol", ca_file, body, post)
    _check_response(enrolled, folder=folder, nonce=request.nonce)
    if only and enrolled.station != only:
        raise ResponseRefused(
            f"这个接入码是站点 {enrolled.station} 的，本机是 {only}，什么也没有改动。接入码已经用掉。{OTHER_NUMBER}"
        )
    return save_enrolment(folder, enrolled)


def renew(identity: Identity, *, url: str, ca_file: Path, post: Post) -> Identity:
    """Get a new certificate for the same keys. The old one may have expired already.

    Raises:
        CountyUnreachable, NotTheCounty, CountyRefused, ResponseRefused: The old certificate stays in place.
        IdentityBroken: A key file is damaged.
    """
    request = RenewRequest(
        station=identity.station, csr=_csr(identity.folder), nonce=os.urandom(16), signature=bytes(64)
    )
    body = msgspec.json.encode(sign_request(identity.record_key, request))
    enrolled = _call(f"{url.rstrip('/')}/renew", ca_file, body, post)
    _check_response(enrolled, folder=identity.folder, nonce=request.nonce)
    # With a certificate for another name the broker would refuse this station's topics.
    if enrolled.station != identity.station:
        raise ResponseRefused("县里返回的站点编号与本站不符，证书未更新")
    return save_enrolment(identity.folder, enrolled)


def renewal_due_ms(certificate: str) -> int:
    """Return when half of a certificate's life is over, in milliseconds since 1970.

    Args:
        certificate: PEM. Its start is back-dated, so its life is counted back from its end.
    """
    ends = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
    return milliseconds(ends - LIFE / 2)


def wrong_code_words(text: str) -> str:
    """Say what is wrong with a claim code, so that the person knows whether to count the digits or to compare them."""
    typed = digits_typed(text)
    if typed and not (typed.isascii() and typed.isdecimal()):
        return "接入码应为13位数字，里面有别的字，请核对后重新输入"
    if len(typed) != DIGITS:
        return f"接入码应为13位数字，现在是{len(typed)}位，请核对后重新输入"
    return "接入码不对，请重读：有一位输错了（或者两位颠倒了），请一位一位核对后重新输入"


def _csr(folder: Path) -> str:
    """Return a certification request (PKCS#10, RFC 2986). Its subject means nothing, because the county decides the
    name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "station")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(tls_key(folder), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def _call(url: str, ca_file: Path, body: bytes, post: Post) -> Enrolled:
    try:
        status, raw = post(url, ca_file, body)
    except PeerNotProven as error:
        raise NotTheCounty(_wrong_dates() if error.dates else _WRONG_PEER) from error
    except DeviceError as error:
        raise CountyUnreachable(_NOBODY_THERE) from error
    try:
        if status == 200:
            return decode_json(raw, Enrolled, limit=MAX_ANSWER_BYTES)
        refusal = decode_json(raw, NotEnrolled)
    except Refused as refused:
        # A web server in trouble, or one before it, sends a page of its own and not our JSON. 429: too many requests
        # (RFC 6585, 4).
        if status >= 500 or status == 429:
            raise CountyUnreachable(f"县里的服务暂时有问题（{status}），请稍后再试") from refused
        if raw.lstrip()[:1] == b"<":
            raise ResponseRefused(
                f"{url} 回答的是网页，不是县平台的接入服务（{status}）：请核对地址和端口，县里用 cunhui-server where 看"
            ) from refused
        raise ResponseRefused(f"县里的答复无法识别（{status}），请联系县运维") from refused
    raise CountyRefused(refusal.reason, refusal.message)


def _wrong_dates() -> str:
    """Say this machine's time, because nothing but a person with a telephone can tell which clock is wrong."""
    now = china_time(round(time.time() * 1000))
    return (
        f"本机时间是 {now:%Y-%m-%d %H:%M}，按它县里的证书无效："
        "和手机上的时间不一样，是本机的时间不对，请联网等五分钟再试；"
        "一样，是县里的时间或证书不对，请报县里（自检代码 24）"
    )


def _check_response(enrolled: Enrolled, *, folder: Path, nonce: bytes) -> None:
    """Refuse a response to another request, and a certificate for another key or name."""
    if enrolled.nonce != nonce:
        raise ResponseRefused("县里的答复与本次请求不符，请重新接入")
    try:
        certificate = x509.load_pem_x509_certificate(enrolled.certificate.encode())
    except ValueError as error:
        raise ResponseRefused("县里签发的证书无法识别，请联系县运维") from error
    names = [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [enrolled.station] or certificate.public_key() != tls_key(folder).public_key():
        raise ResponseRefused("县里签发的证书与本站不符，请联系县运维")
