"""An uplink over paho and real sockets, for tests with a real broker."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from agent.drivers.mqtt import CONNECT_S, PahoLink, station_context
from agent.events import Delivered, LinkDown, LinkUp, MessageCame
from agent.inbox import Inbox
from agent.uplink import Uplink, UplinkParts
from tests.agent.uplink.bench import STATION, MemoryBlobSource, MemoryOutbox, RecordingDelegate, help_asked
from tests.agent.uplink.pki import Issued
from tests.fakes.county_peer import CountyBook

PATIENCE_S = 40.0


class RealStation:
    """An uplink with its inbox, run by the test's own thread as the core would."""

    def __init__(
        self,
        book: CountyBook,
        outbox: MemoryOutbox,
        *,
        port: int,
        ca_file: Path,
        identity: Issued,
        more_ports: Sequence[int] = (),
        connect_s: float = CONNECT_S,
    ) -> None:
        self.inbox = Inbox()
        self.outbox = outbox
        self.blobs = MemoryBlobSource()
        self.host = RecordingDelegate(outbox)
        self.skipped_ms = 0
        self.link = PahoLink(
            station=STATION,
            shard=0,
            endpoints=[("127.0.0.1", one) for one in (port, *more_ports)],
            context=lambda: station_context(
                ca_file=ca_file, certificate_file=identity.certificate, key_file=identity.key
            ),
            put=self.inbox.put,
            mono_ms=self.mono_ms,
            connect_s=connect_s,
        )
        self.uplink = Uplink(
            UplinkParts(
                station=STATION,
                shard=0,
                county_keys=book.public_keys,
                outbox=outbox,
                blobs=self.blobs,
                link=self.link,
                mono_ms=self.mono_ms,
                delegate=self.host,
                jitter=lambda: 0.05,
                endpoints=1 + len(more_ports),
            )
        )

    def mono_ms(self) -> int:
        return int(monotonic() * 1000) + self.skipped_ms

    def commit(self, *screens: str) -> None:
        self.outbox.commit(*(help_asked(screen) for screen in screens))
        self.uplink.facts_committed()

    def run(self, until: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> None:
        """Be the core until something holds."""
        deadline = monotonic() + patience_s
        while not until():
            assert monotonic() < deadline, f"it did not come about; alarms {self.host.alarms}"
            due = self.uplink.tick()
            wait_s = min(max(due - self.mono_ms(), 0) / 1000, 0.05)
            event = self.inbox.get(timeout_s=wait_s)
            if event is not None:
                assert isinstance(event, LinkUp | LinkDown | MessageCame | Delivered)
                self.uplink.handle(event)

    def linger(self, seconds: float) -> None:
        """Be the core for a while."""
        end = monotonic() + seconds
        self.run(lambda: monotonic() >= end)

    @property
    def all_receipted(self) -> bool:
        """Whether the county has receipted every fact on the connection that is up."""
        return self.uplink.state == "connected" and self.outbox.receipted == self.outbox.through
