"""A real county with two stations: who is given what is personal, and what a month of changes costs on the line."""

import base64
import json
import os
import random
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.drivers.https import post_json
from agent.identity.enrolment import enrol
from agent.identity.station_identity import Identity
from agent.shelf.disk import ShelfDisk
from agent.shelf.trip import Addressee, Allowance, Trip
from agent.wiring.shelf_line import open_county
from protocol.bundle_contents import Month, Notice, Notices
from protocol.codec import encode
from protocol.fetch import SCHEME, read_fetch, sign_fetch
from protocol.months import MonthTouch, OfStream
from protocol.progress import LevelProgress, Progress
from protocol.twin import PackState, Reported, ShelfRef
from tests.proofs.shelf.power import PLENTY, in_force
from tests.proofs.shelf.proxy import CountingProxy
from tests.proofs.strangers.county import OTHER_VILLAGE, VILLAGE, County

NIGHTS = 30
STANDING_BUNDLES = 28
"""Bundles of the village that do not change in the month: 40 with the months, progress and the notices."""
HOUR_MS = 3_600_000
MOST_KB = 250
PEOPLE = 10
"""Of the village, who have months."""
HALF_A_MONTH = 15
FIRST_MS = 1_793_462_400_000
"""2026-11-01 in the village."""
_PACKET_BYTES = 140
"""What a message of MQTT costs beside its payload: its heads, TLS and TCP, both ways."""


@dataclass
class RealFindings:
    """What the real county did."""

    tried: int = 0
    admitted: int = 0
    own_refused: int = 0
    """Requests of the station itself that were refused."""
    month_kb: float = 0
    """What thirty nights cost beside the content itself: handshakes, requests, indexes and what announces them,
    documents. Payload of TCP both ways, as the proxy counted it."""
    over_250_kb: int = 0
    reports_kb: float = 0
    """What the station's reports cost in the same nights."""
    content_kb: float = 0
    not_followed: int = 0
    """Nights after which the station had not what the index names."""
    spent_on: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


class Publisher:
    """Has the county publish."""

    def __init__(self, county: County) -> None:
        command = [sys.executable, "-m", "tests.proofs.shelf.publishing"]
        self._process = subprocess.Popen(
            command, env=county.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def change(self, station: str, **change: Any) -> dict[str, Any]:
        """Publish or withdraw bundles; return what names the station's index then."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(change | {"station": station}), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@contextmanager
def running(folder: Path) -> Iterator[tuple[County, Publisher, Identity, Identity]]:
    """Run a county with a station in each of two villages."""
    home = folder / "county"
    home.mkdir()
    home.chmod(0o755)
    with County(home, "ingest", "chores") as county:
        identities = []
        for name, village in (("shelf-0001", VILLAGE), ("shelf-0002", OTHER_VILLAGE)):
            claim, url = county.claim(name, village), f"https://127.0.0.1:{county.web_port}"
            made = folder / name
            made.mkdir()
            identities.append(enrol(made, url=url, ca_file=county.ca, claim=claim, post=post_json))
        publisher = Publisher(county)
        try:
            yield county, publisher, identities[0], identities[1]
        finally:
            publisher.close()


def ref_of(answer: dict[str, Any]) -> ShelfRef:
    """Return the name of the index that a publisher answered."""
    return ShelfRef(version=answer["version"], sha256=bytes.fromhex(answer["sha256"]), size=answer["size"])


def asked(county: County, path: str, authorization: str) -> int:
    """Ask for a file as anybody can; return the status."""
    context = ssl.create_default_context(cafile=str(county.ca))
    connection = HTTPSConnection("127.0.0.1", county.web_port, context=context, timeout=20)
    connection.request("GET", path, headers={"Authorization": authorization} if authorization else {})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def prove_admission(
    county: County, publisher: Publisher, own: Identity, other: Identity, folder: Path, found: RealFindings
) -> None:
    """Ask for what is personal of one village in every wrong way, and in the right one."""
    picture = folder / "picture.jpg"
    picture.write_bytes(os.urandom(9_000))
    progress = encode(Progress(person="p1", as_of=int(time.time() * 1000)))
    bundle = {"id": "progress-p1", "kind": "progress", "regions": [VILLAGE], "access": "station"}
    answer = publisher.change(
        own.station, publish=[bundle | {"content": base64.b64encode(progress).decode(), "items": [str(picture)]}]
    )
    paths = [f"/bundles/{answer['published']['progress-p1']}", f"/items/{sha256(picture.read_bytes()).hexdigest()}"]
    for path, elsewhere in zip(paths, reversed(paths), strict=True):
        _ask_wrongly(county, own, other, path, elsewhere, found)
        if asked(county, path, _signed(own, path)) != 200:
            found.own_refused += 1
    county.sql(f"UPDATE fleet_station SET revoked_at = now() WHERE id = '{own.station}'")
    for path in paths:
        _try(county, "a revoked station", path, _signed(own, path), found)
    county.sql(f"UPDATE fleet_station SET revoked_at = NULL WHERE id = '{own.station}'")


def _signed(identity: Identity, path: str, *, wall: int | None = None, key: Ed25519PrivateKey | None = None) -> str:
    now = int(time.time() * 1000) if wall is None else wall
    return sign_fetch(key or identity.record_key, station=identity.station, path=path, nonce=os.urandom(16), wall=now)


def _try(county: County, how: str, path: str, authorization: str, found: RealFindings) -> None:
    found.tried += 1
    if asked(county, path, authorization) in (200, 206):
        found.admitted += 1
        found.examples.append(f"admitted: {how}")


def _ask_wrongly(
    county: County, own: Identity, other: Identity, path: str, elsewhere: str, found: RealFindings
) -> None:
    now = int(time.time() * 1000)
    stranger = Ed25519PrivateKey.generate()
    good = _signed(own, path)
    request = read_fetch(_signed(own, path))

    def changed(**fields: Any) -> str:
        return f"{SCHEME} {base64.b64encode(encode(msgspec.structs.replace(request, **fields))).decode()}"

    wrong = {
        "no request": "",
        "another scheme": good.replace(SCHEME, "Bearer"),
        "no base64": f"{SCHEME} ???",
        "rubbish": f"{SCHEME} {base64.b64encode(os.urandom(150)).decode()}",
        "another station's request": _signed(other, path),
        "another station's key in this one's name": _signed(own, path, key=other.record_key),
        "a stranger's key": _signed(own, path, key=stranger),
        "the other station in this one's request": changed(station=other.station),
        "for another path": _signed(own, elsewhere),
        "for another path, with this one written in": changed(path=elsewhere),
        "another nonce": changed(nonce=os.urandom(16)),
        "another time": changed(wall=request.wall + 1),
        "of yesterday": _signed(own, path, wall=now - 24 * HOUR_MS),
        "of tomorrow": _signed(own, path, wall=now + 24 * HOUR_MS),
        "of no time": _signed(own, path, wall=0),
        "a flipped bit in the signature": changed(signature=bytes([request.signature[0] ^ 1]) + request.signature[1:]),
    }
    for how, authorization in wrong.items():
        _try(county, how, path, authorization, found)
    if asked(county, path, good) != 200:
        found.own_refused += 1
    _try(county, "the same request again", path, good, found)


def prove_month(
    county: County, publisher: Publisher, own: Identity, folder: Path, found: RealFindings, *, seed: int
) -> None:
    """Follow thirty nights of changes by the product's own errands, one trip a night, through a counting proxy."""
    chance = random.Random(seed)
    proxy = CountingProxy(county.web_port)
    disk = ShelfDisk(folder / "month", room=lambda: PLENTY)
    disk.load()
    content = 0
    try:
        standing = [
            {"id": f"library-{number:02}", "kind": "library", "regions": [VILLAGE], "night": True}
            for number in range(STANDING_BUNDLES)
        ]
        _follow(county, publisher, own, disk, proxy, standing, found)
        first = proxy.carried.up + proxy.carried.down
        found.spent_on.clear()
        for night in range(NIGHTS):
            changes = _changes(night, chance, own=own.station)
            content += sum(len(base64.b64decode(str(one["content"]))) for one in changes)
            _follow(county, publisher, own, disk, proxy, changes, found)
        moved = proxy.carried.up + proxy.carried.down - first
    finally:
        proxy.close()
    found.month_kb = round((moved - content + found.spent_on["announcing"]) / 1000, 1)
    found.reports_kb = round(found.spent_on["reporting"] / 1000, 1)
    found.over_250_kb = max(0, round(found.month_kb - MOST_KB))
    found.content_kb = round(content / 1000, 1)


def _changes(night: int, chance: random.Random, *, own: str) -> list[dict[str, Any]]:
    """Return what changes in a night: somebody's progress, a notice, and months.

    As `server_broker.months.month_source` has it, everybody's month changes twice a month, and every other night that
    of one person, who was at another station or got an answer.
    """
    now = int(time.time() * 1000)
    levels = [LevelProgress(pack="sample", level=str(n), stars=chance.randrange(4)) for n in range(20)]
    progress = encode(Progress(person=f"p{chance.randrange(15):02}", as_of=now, levels=levels))
    notices = encode(Notices(notices=[Notice(id=str(night), line=f"示例通知{night}", not_after=now + HOUR_MS)]))
    private = {"regions": [VILLAGE], "access": "station", "night": True}
    some = [chance.randrange(PEOPLE)] if night % 2 else []
    people = range(PEOPLE) if night % HALF_A_MONTH == 0 else some
    return [
        private | {"id": "progress-nightly", "kind": "progress", "content": base64.b64encode(progress).decode()},
        {"id": "news", "kind": "notices", "regions": [VILLAGE], "content": base64.b64encode(notices).decode()},
        *(
            private
            | {"id": f"month-{own}-{one:05}", "kind": "month", "content": base64.b64encode(_month(one, night)).decode()}
            for one in people
        ),
    ]


def _month(person: int, night: int) -> bytes:
    """Return the month of somebody who touches four times a day."""
    touches = [
        MonthTouch(
            at=FIRST_MS + day * 86_400_000 + touch * 3 * HOUR_MS,
            direction="out" if touch % 2 else "in",
            touch=OfStream(stream=0, seq=1_000 * person + 4 * day + touch + 1),
        )
        for day in range(night + 1)
        for touch in range(4)
    ]
    month = Month(
        person=f"p{person:02}", month="2026-11", as_of=FIRST_MS + night, streams=[bytes(16)], touches=touches[::-1]
    )
    return encode(month)


def _follow(
    county: County,
    publisher: Publisher,
    own: Identity,
    disk: ShelfDisk,
    proxy: CountingProxy,
    changes: list[dict[str, Any]],
    found: RealFindings,
) -> None:
    answer = publisher.change(own.station, publish=changes)
    addressee = Addressee(station=own.station, region=VILLAGE, public_keys=own.county_keys)
    allowance = Allowance(mono_ms=lambda: 0, night_until_ms=HOUR_MS, signs_at=lambda: int(time.time() * 1000))
    trip = Trip(disk, addressee=addressee, allowance=allowance, via="line", changed=lambda: None, refused={})
    url = f"https://127.0.0.1:{proxy.port}"
    with open_county(url, county.ca, own.folder, billed=lambda _: None) as source:
        trip.run(source, ref_of(answer), survey=False)
    for name, digest in answer["published"].items():
        if in_force(disk.state).get(name, (0, b""))[1].hex() != digest:
            found.not_followed += 1
            found.examples.append(f"{name} is not in force: {trip.outcome}")
    states = [PackState(id=one.id, version=one.version, state="whole") for one in disk.state.held]
    reported = Reported(station=own.station, version=1, at=0, packs=states)
    found.spent_on["announcing"] += answer["named_bytes"] + _PACKET_BYTES
    found.spent_on["reporting"] += len(encode(reported)) + _PACKET_BYTES
