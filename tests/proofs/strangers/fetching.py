"""Who may fetch what a station's index names: what is about people goes to this station alone, once for each request
that it signed.

A bundle is named by its hash. A stranger may know the hash, so knowing it must open nothing. psql tells which hashes
there are.
"""

import base64
import hashlib
import http.client
import json
import os
import ssl
import time
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_scripts.demo.processes import NotInTime, wait_until
from protocol.fetch import SCHEME, VALID_MS, sign_fetch
from protocol.refusal import Refused
from protocol.signing import split_signed
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.county import VILLAGE, County
from tests.proofs.strangers.signing_in import together
from tests.proofs.strangers.station import Board, client_tls

_INDEX_S = 60.0
"""How long the county may take to compute a station's index."""
_AT_ONCE = 8
_DAY_MS = 86_400_000
_NOTHING = "/bundles/" + "0" * 64
_NAMED = """
SELECT encode(b.sha256, 'hex') FROM bundles_bundle b
JOIN bundles_stationindex_bundles named ON named.bundle_id = b.id
JOIN bundles_stationindex i ON i.id = named.stationindex_id
WHERE i.station_id = '{station}' AND b.bundle = '{bundle}' ORDER BY i.version DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Given:
    """The county's answer."""

    status: int
    body: bytes = b""

    @property
    def opens(self) -> bool:
        """Whether any content came."""
        return self.status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)


def fetch(
    county: County,
    path: str,
    authorization: str = "",
    *,
    method: str = "GET",
    wants: str = "",
    tls: ssl.SSLContext | None = None,
) -> Given:
    """Ask once. ``wants`` is a header ``Range``, ``tls`` a context that shows a certificate."""
    trusted = tls or client_tls(county, "", Board(county).tls_key)
    headers = {name: said for name, said in (("Authorization", authorization), ("Range", wants)) if said}
    link = http.client.HTTPSConnection("127.0.0.1", county.web_port, timeout=20, context=trusted)
    try:
        link.request(method, path, headers=headers)
        answer = link.getresponse()
        return Given(answer.status, answer.read())
    finally:
        link.close()


def signed(
    board: Board,
    path: str,
    *,
    station: str = "",
    key: Ed25519PrivateKey | None = None,
    ahead_ms: int = 0,
    nonce: bytes | None = None,
) -> str:
    """Return the header of a request as ``board`` signs it, or as somebody forges it."""
    return sign_fetch(
        key or board.record_key,
        station=station or board.station,
        path=path,
        nonce=nonce or os.urandom(16),
        wall=time.time_ns() // 1_000_000 + ahead_ms,
    )


def roster_of(county: County, station: str) -> str:
    """Return the path of a station's roster."""
    return named(county, station, f"roster-{station}")


def named(county: County, station: str, bundle: str) -> str:
    """Return the path of a bundle once a station's index names it; of nothing if it never does."""
    found: list[list[str]] = []

    def is_named() -> bool:
        found[:] = county.rows(_NAMED.format(station=station, bundle=bundle))
        return bool(found)

    try:
        wait_until(is_named, what=f"{bundle} in the index of {station}", timeout_s=_INDEX_S)
    except NotInTime:
        return _NOTHING
    return f"/bundles/{found[0][0]}"


def requests(bench: Bench, outcomes: Outcomes) -> None:
    """A roster opens to its station's own signed request, once, and to no other."""
    county, own, other = bench.county, bench.first, bench.second
    path = roster_of(county, own.station)
    asked = signed(own, path)
    given = fetch(county, path, asked)
    outcomes.welcome("a roster to its station", given.opens)
    outcomes.refused("other content than the hash says", not carries(given.body, path))
    outcomes.refused("the same request again", fetch(county, path, asked).opens)
    stolen = signed(own, path)
    taken = sum(one.opens for one in together([partial(fetch, county, path, stolen) for _ in range(_AT_ONCE)]))
    outcomes.welcome(f"one of {_AT_ONCE} with one nonce at once", taken > 0)
    outcomes.refused(f"several of {_AT_ONCE} with one nonce at once", taken != 1)
    nonce = os.urandom(16)
    outcomes.welcome("a first use of a nonce", fetch(county, path, signed(own, path, nonce=nonce)).opens)
    outcomes.refused("a nonce that is signed anew", fetch(county, path, signed(own, path, nonce=nonce)).opens)
    for case, header in _forged(own, other, path).items():
        outcomes.refused(f"a roster with {case}", fetch(county, path, header).opens)
    for case, board in (("another station's certificate", other), ("its certificate and no signature", own)):
        outcomes.refused(f"a roster with {case}", fetch(county, path, tls=board.tls()).opens)
    theirs = signed(other, path)
    outcomes.refused("another's certificate and signature", fetch(county, path, theirs, tls=other.tls()).opens)
    mine = roster_of(county, other.station)
    outcomes.welcome("the other's own roster", fetch(county, mine, signed(other, mine)).opens)
    outcomes.refused("a hash that its index does not name", fetch(county, mine, signed(own, mine)).opens)
    outcomes.welcome("its station after all of it", fetch(county, path, signed(own, path)).opens)


def carries(body: bytes, path: str) -> bool:
    """Return whether a signed file carries the document that ``path`` names."""
    try:
        payload, _ = split_signed(body)
    except Refused:
        return False
    return hashlib.sha256(payload).hexdigest() == path[-64:]


def _forged(own: Board, other: Board, path: str) -> dict[str, str]:
    good = signed(own, path)
    flipped = good[:-10] + ("A" if good[-10] != "A" else "B") + good[-9:]
    return {
        "no request": "",
        "a request of another station": signed(other, path),
        "a request in its name by another's key": signed(own, path, key=other.record_key),
        "a request in its name by a new key": signed(own, path, key=Ed25519PrivateKey.generate()),
        "another's name over its signature": signed(own, path, station=other.station),
        "a request for something else": signed(own, _NOTHING),
        "a request for an item of this hash": signed(own, path.replace("/bundles/", "/items/")),
        "a request of yesterday": signed(own, path, ahead_ms=-_DAY_MS),
        "a request of tomorrow": signed(own, path, ahead_ms=_DAY_MS),
        "a request that has just become too old": signed(own, path, ahead_ms=-VALID_MS - 5_000),
        "a request with a flipped bit": flipped,
        "a request of nobody": signed(own, path, station="nobody-01"),
        "half a request": good[: len(good) // 2],
        "another scheme": good.replace(SCHEME, "Bearer"),
        "a basic password": "Basic " + base64.b64encode(b"first-01:any").decode(),
        "a very long header": f"{SCHEME} " + "A" * 20_000,
    }


def parts(bench: Bench, outcomes: Outcomes) -> None:
    """A header `Range` opens nothing that the request itself does not, brings no more than it asks for, and costs the
    county no more than the whole."""
    county, own, other = bench.county, bench.first, bench.second
    path = roster_of(county, own.station)
    whole = fetch(county, path, signed(own, path))
    outcomes.welcome("the whole", whole.opens)
    outcomes.welcome("ten bytes of it", fetch(county, path, signed(own, path), wants="bytes=0-9").opens)
    used = signed(own, path)
    fetch(county, path, used, wants="bytes=0-9")
    for case, header in (("no request", ""), ("another's request", signed(other, path)), ("a used request", used)):
        for wants in ("bytes=0-0", "bytes=10-", "bytes=-1"):
            outcomes.refused(f"{wants} with {case}", fetch(county, path, header, wants=wants).opens)
    for wants in (
        "bytes=" + ",".join(["0-"] * 1_000),
        "bytes=" + ",".join(f"{place}-{place}" for place in range(500)),
        "bytes=0-18446744073709551615",
        "bytes=18446744073709551615-",
        "bytes=-18446744073709551615",
        "bytes=5-2",
        "bytes=-0",
        "bytes=-",
        "bytes=--5",
        "bytes=²-³",
        "pages=1-2",
        "bytes=0-\t9",
    ):
        given = fetch(county, path, signed(own, path), wants=wants)
        wrong = given.status >= HTTPStatus.INTERNAL_SERVER_ERROR or len(given.body) > len(whole.body)
        outcomes.refused(f"{wants[:40]} breaks something or brings more than the whole", wrong)
    part = fetch(county, path, signed(own, path), wants="bytes=0-9")
    outcomes.refused("more than ten bytes for ten", len(part.body) > 10)


def other_doors(bench: Bench, outcomes: Outcomes) -> None:
    """No other way of asking opens a roster: another method, another writing of its path, a path out of the folder."""
    county, own = bench.county, bench.first
    path = roster_of(county, own.station)
    name = path[-64:]
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        outcomes.refused(f"{method} of a roster", fetch(county, path, method=method).opens)
    for case, asked in {
        "in capitals": f"/bundles/{name.upper()}",
        "as an item": f"/items/{name}",
        "with a slash behind it": f"{path}/",
        "with a query": f"{path}?station={own.station}",
        "with two slashes": f"//bundles/{name}",
        "by its folder": f"/bundles/{name[:2]}/{name}",
        "by a way around": f"/packs/../bundles/{name}",
        "with its first letter encoded": f"/bundles/%{ord(name[0]):02x}{name[1:]}",
        "the folder": "/bundles/",
        "the county's key": "/items/../../trust/ca.key",
        "the county's key, encoded": "/items/%2e%2e%2f%2e%2e%2ftrust%2fca.key",
        "nothing": _NOTHING,
    }.items():
        given = fetch(county, asked)
        outcomes.refused(f"a roster {case}", given.opens or given.status >= HTTPStatus.INTERNAL_SERVER_ERROR)


def former(bench: Bench, outcomes: Outcomes) -> None:
    """A board that was replaced, a station that was revoked, and content that was withdrawn open nothing any more."""
    county = bench.county
    old, new = Board(county), Board(county)
    outcomes.welcome("a board before its end", old.enrol(county.claim("fetch-01")).admitted)
    path = roster_of(county, old.station)
    outcomes.welcome("its roster", fetch(county, path, signed(old, path)).opens)
    kept = signed(old, path)
    outcomes.welcome("a new board in its place", new.enrol(county.claim("fetch-01")).admitted)
    outcomes.refused("the old board's key", fetch(county, path, signed(old, path)).opens)
    outcomes.refused("what the old board signed before", fetch(county, path, kept).opens)
    outcomes.welcome("the new board's key", fetch(county, path, signed(new, path)).opens)
    kept = signed(new, path)
    county.tool("revoke", new.station, "--reason", "proof of fetching")
    outcomes.refused("a revoked station", fetch(county, path, signed(new, path)).opens)
    outcomes.refused("what a revoked station signed before", fetch(county, path, kept).opens)
    outcomes.refused("a revoked station's certificate", fetch(county, path, signed(new, path), tls=new.tls()).opens)
    _private_items(bench, outcomes)


def _private_items(bench: Bench, outcomes: Outcomes) -> None:
    county, own, other = bench.county, bench.first, bench.second
    content = b"%PDF-1.7" + os.urandom(3_000)
    item = f"/items/{hashlib.sha256(content).hexdigest()}"
    folder = county.home / "papers"
    folder.mkdir(exist_ok=True)
    (folder / "paper.pdf").write_bytes(content)
    listed = {"id": "paper", "kind": "library", "title": "示例文件", "regions": [VILLAGE], "until": "2099-01-01"}
    (folder / "paper.json").write_text(json.dumps(listed | {"night": False, "items": [{"name": "paper.pdf"}]}))
    county.tool("publish-bundle", str(folder / "paper.json"))
    path = named(county, own.station, "paper")
    county.sql("UPDATE bundles_bundle SET access = 'station' WHERE bundle = 'paper'")
    for what in (path, item):
        kind = what.split("/")[1]
        outcomes.welcome(f"one of {kind} to its station", fetch(county, what, signed(own, what)).opens)
        outcomes.refused(f"one of {kind} to anybody", fetch(county, what).opens)
        outcomes.refused(f"one of {kind} to another village's station", fetch(county, what, signed(other, what)).opens)
    county.tool("withdraw-bundle", "paper", "--reason", "proof of fetching")
    for what in (path, item):
        outcomes.refused(f"withdrawn, {what.split('/')[1]}", fetch(county, what, signed(own, what)).opens)
