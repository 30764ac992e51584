"""Each case of the strangers proof is counted at a county that refuses nobody."""

import hashlib
import io
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Self, cast

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from openpyxl import Workbook

from firmware_scripts.demo.officer import one_time
from firmware_scripts.demo.processes import wait_until
from protocol.blobs import BlobMissing
from protocol.codec import encode
from protocol.facts import Fact
from protocol.signing import seal
from protocol.topics import Up, topic
from server_broker.ingest.inbox import FairInbox
from server_broker.trust.authority import CertificateAuthority
from tests.agent.uplink.network import free_port
from tests.proofs.strangers import (
    administering,
    asking,
    connecting,
    console,
    crowding,
    enrolling,
    fetching,
    handing_in,
    knocking,
    obeying,
    reading,
    revoking,
    signing_in,
    storing,
    topics,
)
from tests.proofs.strangers import station as stations
from tests.proofs.strangers.browser import Browser, Page
from tests.proofs.strangers.case import Bench, Group, Outcomes
from tests.proofs.strangers.county import County
from tests.proofs.strangers.forging import make_certificate
from tests.proofs.strangers.speaking import READ_AT_ONCE, READ_EVERY_S
from tests.proofs.strangers.station import Answer, Board
from tests.proofs.strangers.visitor import Visitor
from tests.server_broker.station_double import StationDouble

AUTHORITY = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "示例")])


class OpenCounty:
    """Lets everybody in, keeps every message that it is asked to keep, and revokes nobody: a Mosquitto without any
    rule."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ca = home / "ca.pem"
        self.broker_port, self.web_port = free_port(), 0
        self.door, self.door_ca = "https://127.0.0.1", self.ca
        self._counted = count(1, 2)
        self._key = ec.generate_private_key(ec.SECP256R1())
        (home / "web.log").write_text("any link")
        trust = home / "trust"
        trust.mkdir()
        pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (trust / "ca.key").write_bytes(pem)
        (trust / "broker-local.password").write_text("any")
        (trust / "card.key").write_bytes(bytes(32))
        self.ca.write_text(make_certificate("authority", AUTHORITY, self._key, self._key))
        (home / "county.toml").write_text(f"broker_local_port = {self.broker_port}\n")
        config = home / "mosquitto.conf"
        config.write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\nretain_available true\nuser root\n"
        )
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
        assert program is not None
        self.broker = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
        wait_until(self._answers, what="the open broker", timeout_s=10)

    def _answers(self) -> bool:
        with Visitor(self.broker_port, "first-try") as visitor:
            return visitor.connect()

    def stop(self) -> None:
        self.broker.kill()
        self.broker.wait()

    def claim(self, station: str, village: str = "") -> str:
        return station

    def tool(self, *words: str) -> str:
        return ""

    def sql(self, statement: str) -> None: ...

    def rows(self, query: str) -> list[list[str]]:
        """Agree to every request. Values that are counted or compared are different each time."""
        if "IS NOT NULL" in query:
            return [["t"]]
        number = str(next(self._counted))
        return [["first-01", number]] if "GROUP BY" in query else [[number]]

    def try_tool(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(words, 0)

    def pid(self, part: str) -> int:
        return next(self._counted)

    def kill9(self, part: str) -> None: ...

    def answer(self, path: str, body: bytes) -> Answer:
        """Enrol everyone who asks."""
        asked = msgspec.json.decode(body)
        station = asked["claim"] if path == "/enrol" else asked["station"]
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = make_certificate(station, AUTHORITY, key, self._key)
        return Answer(200, {"station": station, "certificate": certificate})


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    county = OpenCounty(tmp_path)
    for room in (stations, enrolling, crowding):
        monkeypatch.setattr(room, "post", lambda _county, path, body, source="": county.answer(path, body))
    monkeypatch.setattr(stations, "client_tls", lambda *_: None)
    monkeypatch.setattr(asking, "broker_of", lambda _: county.broker.pid)
    monkeypatch.setattr(revoking, "LIMIT_S", 0.5)
    monkeypatch.setattr(topics, "_WILL_S", 0.7)
    as_county = cast(County, county)
    yield Bench(as_county, Board(as_county, station="first-01"), Board(as_county, station="second-01"))
    county.stop()


class Counted(Outcomes):
    """Remembers also how many had to be refused."""

    strangers = 0

    def refused(self, case: str, was_admitted: bool) -> None:
        self.strangers += 1
        super().refused(case, was_admitted)


@pytest.mark.small_proof
@pytest.mark.parametrize(
    "group",
    [
        connecting.older_versions,
        topics.wills,
        topics.kept_wills,
        asking.filters,
        asking.without_end,
        asking.twice,
        asking.unread,
        revoking.lost_answer,
        revoking.expiry,
    ],
    ids=lambda group: group.__name__,
)
def test_every_stranger_is_counted_where_nobody_is_refused(bench: Bench, group: Group) -> None:
    outcomes = Counted()
    group(bench, outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


class Credulous:
    """A connection to an ingest that believes everybody and has every picture."""

    def __init__(self, board: Board) -> None:
        self.station = board.station
        self.stream = StationDouble(id=board.station, key=board.record_key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def say(self, leaf: str, payload: bytes) -> None: ...

    def is_welcomed(self) -> bool:
        return True

    def is_receipted(self, *facts: Fact) -> bool:
        self.stream.add(*facts)
        return True

    def hear(self, leaf: str) -> bytes:
        return encode(BlobMissing(station=self.station, sha256=bytes(32), ranges=[]))


@pytest.mark.parametrize(
    "group",
    [
        storing.forged_facts,
        storing.words_about_others,
        storing.pictures_by_hash,
        storing.damaged_messages,
        administering.accounts,
        administering.neighbours,
        signing_in.links,
        signing_in.guesses,
        signing_in.forgeries,
        signing_in.tokens,
        crowding.guesses_at_once,
        crowding.shared_address,
    ],
    ids=lambda group: group.__name__,
)
def test_every_forgery_is_counted_where_all_is_believed(
    bench: Bench, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: Browser, method: str, path: str, *__: object, **___: object) -> Page:
        text = f"{SECRET} wide-auditor wide-operator"
        return Page(200, leads_to="/" if method == "POST" else path, text=text)

    monkeypatch.setattr(storing, "Speaker", Credulous)
    monkeypatch.setattr(crowding, "guess_beside", lambda code: code)
    monkeypatch.setattr(Browser, "ask", ask)
    outcomes = Counted()
    group(bench, outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


def test_a_conviction_that_its_station_clears_is_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    open_now = iter([True] * 3 + [False] * 3)
    monkeypatch.setattr(storing, "Speaker", Credulous)
    monkeypatch.setattr(storing, "_is_open", lambda *_: next(open_now))
    outcomes = Counted()
    storing.own_convictions(bench, outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


@pytest.mark.parametrize("group", [handing_in.scripts, handing_in.workbooks], ids=lambda group: group.__name__)
def test_every_thing_handed_in_is_counted_where_all_is_taken(
    bench: Bench, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, out = Workbook(), io.BytesIO()
    book.create_sheet("任意").append(["=HYPERLINK(1)"])
    book.save(out)
    formula = out.getvalue()

    def ask(_: Browser, method: str, path: str, *__: object, **___: object) -> Page:
        if method == "POST":
            return Page(500, leads_to="/")
        return Page(200, text=f"{SECRET} <script>alert(1)</script>", content=formula)

    monkeypatch.setattr(handing_in, "Speaker", Credulous)
    monkeypatch.setattr(handing_in, "FORMULA", "HYPERLINK(1)")
    monkeypatch.setattr(Browser, "ask", ask)
    outcomes = Counted()
    group(bench, outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


@pytest.mark.parametrize(
    "group",
    [fetching.requests, fetching.parts, fetching.other_doors, fetching.former],
    ids=lambda group: group.__name__,
)
def test_every_download_is_counted_where_all_are_given(
    bench: Bench, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = count(100)
    monkeypatch.setattr(fetching, "fetch", lambda *_, **__: fetching.Given(200, bytes(next(lengths))))
    outcomes = Counted()
    group(bench, outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


def test_content_that_is_not_of_its_hash_is_seen() -> None:
    file = seal(Ed25519PrivateKey.generate(), "cunhui bundle 1", b"document")
    assert fetching.carries(file, f"/bundles/{hashlib.sha256(b'document').hexdigest()}")
    assert not fetching.carries(file, f"/bundles/{hashlib.sha256(b'another').hexdigest()}")
    assert not fetching.carries(b"document", f"/bundles/{hashlib.sha256(b'document').hexdigest()}")


@pytest.mark.parametrize(
    "group", [knocking.codes, knocking.numbers, knocking.sessions, knocking.hosts], ids=lambda group: group.__name__
)
def test_everybody_at_the_front_door_is_counted_where_it_stands_open(
    bench: Bench, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: Browser, method: str, path: str, *__: object, **___: object) -> Page:
        return Page(200, leads_to="/", text=f"{knocking.AMY.name} {knocking.BEN.name} {SECRET}")

    monkeypatch.setattr(knocking, "Speaker", Credulous)
    monkeypatch.setattr(knocking, "_SWEEPS", 1)
    monkeypatch.setattr(Browser, "ask", ask)
    outcomes = Counted()
    group(bench, outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


def test_a_wish_that_came_true_is_seen() -> None:
    authority = CertificateAuthority.make()[0].certificate
    assert enrolling.has(authority, x509.BasicConstraints(ca=True, path_length=0)) is True
    assert enrolling.has(authority, x509.BasicConstraints(ca=False, path_length=None)) is False


class Docile:
    """A station that obeys every command."""

    def __init__(self) -> None:
        self.county_key = Ed25519PrivateKey.generate()
        self._heard = 0

    def say(self, raw: bytes, *, retain: bool = False) -> None:
        self._heard += 1

    def blinks(self) -> int:
        return self._heard

    def begin_anew(self) -> None: ...

    def touch(self, uid: str) -> bool:
        return True

    def prompt(self, said: bytes) -> None:
        self._heard += 1

    def facts_of_a_kiosk(self) -> int:
        return self._heard


def test_what_a_made_up_kiosk_corrects_is_counted() -> None:
    outcomes = Counted()
    obeying.prompting(Docile(), outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


def test_every_command_is_counted_where_a_station_obeys_anybody() -> None:
    outcomes = Counted()
    obeying.obedience(Docile(), outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


SECRET = '<p class="secret mono">GEZD GNBV GY3T QOJQ</p>'


@pytest.mark.parametrize(
    "group",
    [console.unsigned, console.roles, console.villages, reading.tokens, reading.owners],
    ids=lambda group: group.__name__,
)
def test_every_page_is_counted_where_all_are_open(bench: Bench, group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    token = f"cunhui_1_{'A' * 43}"
    everything = f'{SECRET} {token} <a href="/stations/first-01/"></a> <a href="/stations/second-01/"></a>'
    monkeypatch.setattr(Browser, "ask", lambda *_, **__: Page(200, leads_to="/", text=everything))
    outcomes = Counted()
    group(bench, outcomes)
    assert outcomes.failed == []
    assert len(outcomes.admitted) == outcomes.strangers > 0


@pytest.mark.parametrize(
    ("page", "refuses"),
    [
        (Page(401), True),
        (Page(403), True),
        (Page(302, "/sign-in/?next=/people/"), True),
        (Page(302, "/sign-in/second-factor/"), True),
        (Page(302, "/admin/login/?next=/admin/"), True),
        (Page(204, "/sign-in/"), True),
        (Page(200), False),
        (Page(302, "/audit/"), False),
        (Page(404), False),
        (Page(500), False),
    ],
)
def test_what_is_a_refusal(page: Page, refuses: bool) -> None:
    assert page.refuses is refuses


@pytest.mark.parametrize(
    ("at_s", "token"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_tokens_are_those_of_the_standard(at_s: int, token: str) -> None:
    """RFC 6238, appendix B, its last six digits."""
    assert one_time("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", at_s) == token


def test_who_is_refused_wrongly_is_counted_too() -> None:
    outcomes = Outcomes()
    outcomes.welcome("one", True)
    outcomes.welcome("another", False)
    outcomes.refused("a stranger", False)
    assert (outcomes.cases, outcomes.admitted, outcomes.failed) == (3, [], ["another"])


@pytest.mark.parametrize("leaf", storing.LISTENED)
def test_a_speaker_says_no_more_than_the_ingest_reads(leaf: Up) -> None:
    kind = FairInbox(lambda: 0.0).queue(topic(shard=0, station="shili-01", leaf=leaf)).kind
    if leaf in READ_EVERY_S:
        assert READ_EVERY_S[leaf] > kind.every_s > 0.0
    else:
        assert kind.every_s == 0.0
        assert kind.most >= READ_AT_ONCE
