"""One station under test: its real outbox, uplink and MQTT link, on a thread of its own, and its lamp log.

``scale`` makes the station's time run faster than the machine's. The uplink takes its clock as an argument, so its 90 s
become 9 s at scale 10, and all its waits keep their proportion. The other waits (keep-alive on the wire, the wait for a
connection) are arguments of the link, and are divided by the same factor.
"""

import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Literal, override

from agent.drivers.mqtt import CONNECT_S, PahoLink, station_context
from agent.drivers.mqtt_connection import LOOP_S
from agent.events import Delivered, LinkDown, LinkUp, MessageCame
from agent.identity.station_identity import Identity
from agent.inbox import Inbox
from agent.ports import JudgeAt
from agent.storage.blobs import BlobStore
from agent.storage.outbox import Outbox
from agent.uplink import Uplink, UplinkParts
from protocol.facts import BlobAnnounced, Severity, Touch
from protocol.kiosk_status import LinkState
from protocol.units import FactRef, Moment
from tests.proofs.link.netns import Namespace
from tests.proofs.link.proxy import Line, Proxy
from tests.proofs.quiet_host import QuietHost

type End = Literal["stays", "farewell", "vanishes"]

SOFTWARE = "cunhui link proof"
_GONE = Line(swallows=True, new=True)
_STEP_S = 0.05


class ScaledLink(PahoLink):
    """The real link, with a keep-alive that passes as fast as the station's time."""

    scale = 1.0

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        fast = max(2, round(keepalive_s / self.scale))
        super().connect(attempt=attempt, keepalive_s=fast, will=will, judge_at=judge_at, endpoint=endpoint)


@dataclass
class Lamp:
    """What people saw: each touch that was shown green, under its name. It is written before anything else happens to
    the touch."""

    green: dict[int, FactRef] = field(default_factory=dict)
    receipt_s: list[float] = field(default_factory=list)


class LinkedStation:
    """Runs from `start` to `stop`. Between them a fault may do anything to its line."""

    def __init__(
        self,
        identity: Identity,
        *,
        ca_file: Path,
        broker_port: int,
        numbers: range,
        scale: float,
        seed: int,
        namespace: Namespace | None = None,
    ) -> None:
        self.identity = identity
        self.name = identity.station
        self.namespace = namespace
        self.proxy = Proxy(broker_port, host=namespace.host if namespace else "127.0.0.1")
        self.lamp = Lamp()
        self.alarms: list[str] = []
        self.state: LinkState = "connecting"
        self.told_through = 0
        self.told_head = b""
        self.waiting = 0
        self.touches_per_s = 0.0
        self._ca_file = ca_file
        self._numbers = iter(numbers)
        self._scale = scale
        self._chance = random.Random(seed)
        self._boot = self._chance.randbytes(16)
        self._pictures: list[bytes] = []
        self._next_touch = 0.0
        self._touch_now = False
        self.pictures_waiting = 0
        self.moved_bytes = 0
        self._waits: tuple[int, float] | None = None
        self._end: End | None = None
        self._thread: threading.Thread | None = None
        self.problem: Exception | None = None

    def start(self) -> None:
        """Begin, or begin again with the same SD card."""
        self._end = None
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, end: End) -> None:
        """Say good-bye, or be gone without a word."""
        self._end = end
        if self._thread is not None:
            self._thread.join(30)

    def add_picture(self, content: bytes) -> None:
        """Give the station a picture to send; the station's thread takes it."""
        self._pictures.append(content)

    @property
    def unsent_pictures(self) -> int:
        """How many pictures the station's thread has not taken yet."""
        return len(self._pictures)

    def touch_once(self) -> None:
        """Have one card touched now."""
        self._touch_now = True

    def mono_ms(self) -> int:
        return int(monotonic() * 1000 * self._scale)

    def now(self) -> Moment:
        return Moment(wall=1_790_000_000_000, boot=self._boot, mono=self.mono_ms(), quality="synced")

    def _run(self) -> None:
        try:
            if self.namespace is not None:
                self.namespace.enter()
            folder = self.identity.folder
            key = self.identity.record_key
            outbox = Outbox.open(folder / "outbox.db", station=self.name, record_key=key, now=self.now)
            try:
                self._live(outbox, BlobStore(folder / "blobs"))
            finally:
                outbox.close()
        except Exception as error:  # noqa: BLE001 -- top of a thread: the proof counts it
            self.problem = error

    def _live(self, outbox: Outbox, blobs: BlobStore) -> None:
        inbox = Inbox()
        link = self._link(inbox)
        uplink = Uplink(
            UplinkParts(
                station=self.name,
                shard=self.identity.enrolled.broker.shard,
                county_keys=self.identity.county_keys,
                outbox=outbox,
                blobs=blobs,
                link=link,
                mono_ms=self.mono_ms,
                delegate=_Host(self, outbox),
                jitter=self._chance.random,
            )
        )
        while self._end is None:
            self._step(outbox, blobs, uplink, inbox)
            self.moved_bytes = sum(link.bytes_moved())
        if self._end == "farewell":
            uplink.say_gone("shutdown")
        elif self._end == "vanishes":
            # Nothing that its end still sends comes through.
            self.proxy.become(_GONE)
            link.disconnect()

    def _link(self, inbox: Inbox) -> PahoLink:
        link = ScaledLink(
            station=self.name,
            shard=self.identity.enrolled.broker.shard,
            endpoints=[(self.proxy.host, self.proxy.port)],
            context=lambda: station_context(
                ca_file=self._ca_file,
                certificate_file=self.identity.certificate_file,
                key_file=self.identity.tls_key_file,
            ),
            put=inbox.put,
            mono_ms=self.mono_ms,
            connect_s=CONNECT_S / self._scale,
            loop_s=LOOP_S / self._scale,
        )
        link.scale = self._scale
        return link

    def _step(self, outbox: Outbox, blobs: BlobStore, uplink: Uplink, inbox: Inbox) -> None:
        due_s = (uplink.tick() - self.mono_ms()) / 1000 / self._scale
        event = inbox.get(timeout_s=min(max(due_s, 0.001), _STEP_S))
        if event is not None:
            assert isinstance(event, LinkUp | LinkDown | MessageCame | Delivered)
            uplink.handle(event)
        if self._pictures:
            self._announce(self._pictures.pop(), outbox, blobs, uplink)
        if self._touch_now:
            self._touch_now = False
            self._touch(outbox, uplink)
        if self.touches_per_s and monotonic() >= self._next_touch:
            self._next_touch = monotonic() + self._chance.expovariate(self.touches_per_s)
            self._touch(outbox, uplink)
        self._look(outbox, uplink)
        self.pictures_waiting = blobs.waiting

    def _announce(self, content: bytes, outbox: Outbox, blobs: BlobStore, uplink: Uplink) -> None:
        sha256 = blobs.write(content)
        blobs.keep(sha256)
        outbox.commit(
            BlobAnnounced(at=self.now(), sha256=sha256, size=len(content), media_type="image/jpeg", purpose="touch")
        )
        uplink.facts_committed()

    def _touch(self, outbox: Outbox, uplink: Uplink) -> None:
        number = next(self._numbers)
        card = number.to_bytes(16, "big")
        touch = Touch(at=self.now(), card=card, reader="simulated", answer="recorded", direction="in")
        [self.lamp.green[number]] = outbox.commit(touch)
        self._waits = (self.lamp.green[number].seq, monotonic())
        uplink.facts_committed()

    def _look(self, outbox: Outbox, uplink: Uplink) -> None:
        """Write down for the judge what the station believes."""
        self.state, self.waiting = uplink.state, outbox.waiting
        self.told_through = outbox.through
        self.told_head = outbox.head_at(outbox.through) or b""
        if self._waits is not None and outbox.receipted >= self._waits[0]:
            self.lamp.receipt_s.append(monotonic() - self._waits[1])
            self._waits = None

    def close(self) -> None:
        """End for good."""
        self.proxy.close()


class _Host(QuietHost):
    """A duty window is open all the time, and alarms are noted for the judge."""

    def __init__(self, station: LinkedStation, outbox: Outbox) -> None:
        super().__init__(station=station.name, outbox=outbox, now=station.now, software=SOFTWARE)
        self._alarms = station.alarms

    @override
    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        self._alarms.append(code)
        super().alarm(code, severity, detail)

    @override
    def in_duty(self) -> bool:
        return True
