"""Build a station out of its configuration and identity."""

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from agent.camera.live_view import LiveView
from agent.camera.random_moments import RandomMoments
from agent.camera.snapshots import Snapshots
from agent.clocking.desk import ClockingDesk
from agent.clocking.lamp import Lamp
from agent.clocking.lifecycle import Lifecycle
from agent.clocking.touch_history import TouchHistory
from agent.clocking.unread_cards import UnreadCards
from agent.commands.command_log import CommandLog
from agent.commands.log_sending import LogSending
from agent.commands.log_tail import LogTail
from agent.config.station_config import OUTBOX_FILE, StationConfig
from agent.drivers.system_clock import LinuxClock
from agent.drivers.time_service import MachineTimeService
from agent.identity.renewal import Renewal
from agent.identity.station_identity import Identity
from agent.inbox import Inbox
from agent.inputs.contacts import Contacts
from agent.inputs.watched_devices import WatchedContact, WatchedReader
from agent.kiosk.home_publisher import HomePublisher
from agent.kiosk.kiosk_socket import KioskSocket
from agent.kiosk.learning import Learning
from agent.kiosk.packs import PackShelf
from agent.ports import Indicator
from agent.station.commands import Commands
from agent.station.core import Core, EventSource, StationParts
from agent.station.delegate import StationDelegate
from agent.station.notify import Notifier
from agent.storage.blobs import BlobStore
from agent.storage.disk import free_kib, written_kib
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.outbox import Outbox
from agent.storage.pending import PendingCount
from agent.storage.recent import recent_facts
from agent.timekeeping.clock import StationClock
from agent.timekeeping.time_watch import TimeWatch
from agent.twin import Twin
from agent.uplink import Uplink, UplinkParts
from agent.uplink.traffic import Meter, TrafficLedger
from agent.vitals.alarms import StandingAlarms
from agent.vitals.health import StationHealth
from agent.vitals.last_boot import LastBoot, ended_in_order
from agent.vitals.watched_machine import WatchedMachine
from agent.wiring import county, hardware
from agent.wiring.program import build_ms, software
from protocol.facts import EpochOpened, FactsLost
from protocol.health import DeviceHealth, DeviceKind

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Station:
    """A station that is ready to run: put `StopAsked` into its inbox to end it."""

    core: Core
    inbox: Inbox
    parts: StationParts


@contextmanager
def station(
    config: StationConfig,
    identity: Identity,
    *,
    environ: Mapping[str, str],
    clock: StationClock | None = None,
    inbox: Inbox | None = None,
    log_tail: LogTail | None = None,
) -> Iterator[Station]:
    """Build a station; on leaving its files are closed.

    Args:
        environ: Where the service manager says how to notify it (sd_notify(3)).
        clock: The station's time, if that is not the machine's.
        inbox: Where events go in, if that is not a plain inbox.
        log_tail: Holds the end of the log; without it there is no log to send.

    Raises:
        StorageFull: There is no room to begin.
        StorageFailed: The disk fails, or another agent runs on the folder.
    """
    clock = clock or StationClock(system=LinuxClock(), build_ms=build_ms())
    inbox = inbox or Inbox()
    with ExitStack() as stack:
        outbox = Outbox.open(
            config.folder / OUTBOX_FILE, station=identity.station, record_key=identity.record_key, now=clock.now
        )
        stack.callback(outbox.close)
        indicator = hardware.indicator(config.indicator)
        stack.callback(indicator.close)
        builder = _StationBuilder(
            config=config,
            identity=identity,
            clock=clock,
            outbox=outbox,
            indicator=indicator,
            inbox=inbox,
            log_tail=log_tail or LogTail(),
        )
        parts = builder.parts(environ)
        yield Station(core=Core(parts), inbox=inbox, parts=parts)


@dataclass(kw_only=True)
class _StationBuilder:
    """Makes the parts of one station: first what all others stand on, in `parts` the rest."""

    config: StationConfig
    identity: Identity
    clock: StationClock
    outbox: Outbox
    indicator: Indicator
    inbox: Inbox
    log_tail: LogTail

    def __post_init__(self) -> None:
        recent = list(recent_facts(self.outbox))
        # Opening the outbox may have begun a new stream just now. The facts about that say nothing of the run before.
        lived = [fact.at for _, fact in recent if not isinstance(fact, EpochOpened | FactsLost)]
        self.last_fact = lived[-1] if lived else None
        self.ended_well = ended_in_order(fact for _, fact in recent)
        self.clock.restore(self.outbox, last_fact=self.last_fact)
        self.fact_writer = FactWriter(self.outbox)
        self.command_log = CommandLog(clock=self.clock, fact_writer=self.fact_writer, state=self.outbox)
        self.command_log.recall(recent)
        self.alarms = StandingAlarms(clock=self.clock, fact_writer=self.fact_writer, state=self.outbox)
        self.lamp = Lamp(self.indicator)
        self.readers = {chosen.name: hardware.reader(chosen) for chosen in self.config.readers}
        self.inputs = {one.chosen.name: hardware.contact(one.chosen) for one in self.config.inputs}
        self.kiosks = KioskSocket(path=self.config.kiosk_socket, inbox=self.inbox)
        self.blobs = BlobStore(self.config.folder / "blobs")
        self.camera = hardware.camera(self.config, self.identity.station, self.blobs, self.inbox)
        self.twin = Twin(station=self.identity.station, village=self.identity.enrolled.village, state=self.outbox)
        self.touch_history = TouchHistory(clock=self.clock, twin=self.twin)
        self.touch_history.recall(recent)
        self.snapshots = Snapshots(
            clock=self.clock,
            fact_writer=self.fact_writer,
            twin=self.twin,
            blobs=self.blobs,
            command_log=self.command_log,
            alarms=self.alarms,
            moments=RandomMoments(random=secrets.SystemRandom().random),
            taker=self.camera,
        )
        self.snapshots.recall(recent)
        self.contacts = Contacts(
            clock=self.clock,
            fact_writer=self.fact_writer,
            twin=self.twin,
            pictures=self.snapshots,
            alarms=self.alarms,
            sensors={one.chosen.name: one.sensor for one in self.config.inputs},
        )
        self.contacts.recall(recent)
        self.machine = hardware.machine(self.config)
        self.last_boot = LastBoot(clock=self.clock, state=self.outbox, ended_well=self.ended_well)
        self._make_the_ways_to_the_county()

    def _make_the_ways_to_the_county(self) -> None:
        self.county_keys = self.identity.county_keys
        self.link = county.link(self.config, self.identity, self.clock, self.inbox)
        self.errand_meter = Meter()
        self.traffic = TrafficLedger(
            clock=self.clock,
            fact_writer=self.fact_writer,
            state=self.outbox,
            settings=lambda: self.twin.desired.settings,
            meters=[self.link.bytes_billed, self.errand_meter.total],
        )
        self.live = LiveView(
            clock=self.clock,
            fact_writer=self.fact_writer,
            command_log=self.command_log,
            screens=self.kiosks,
            watched=lambda: self.kiosks.watched,
            saving=lambda: self.traffic.puts_off("blobs"),
            camera=self.camera,
        )
        self.renewal = Renewal(
            clock=self.clock,
            inbox=self.inbox,
            county_keys=self.county_keys,
            renew=partial(county.renew, self.config, self.errand_meter),
        )

    def parts(self, environ: Mapping[str, str]) -> StationParts:
        """Make the parts that need the first ones, and put all of them together."""
        lifecycle = Lifecycle(
            clock=self.clock, fact_writer=self.fact_writer, twin=self.twin, state=self.outbox, software=software()
        )
        shelf = self._shelf()
        learning = Learning(
            clock=self.clock,
            fact_writer=self.fact_writer,
            state=self.outbox,
            shelf=shelf,
            screens=self.kiosks,
            random=secrets.SystemRandom(),
        )
        home = self._home(learning, lifecycle)
        commands = self._commands()
        health = self._health(lifecycle)
        delegate = self._delegate(lifecycle, shelf, home, health, commands)
        return StationParts(
            inbox=self.inbox,
            clock=self.clock,
            fact_writer=self.fact_writer,
            waiting=self._waiting,
            damage=lambda: self.outbox.damage,
            last_fact=self.last_fact,
            traffic=self.traffic,
            prune=self._prune,
            lifecycle=lifecycle,
            desk=self._desk(),
            learning=learning,
            snapshots=self.snapshots,
            contacts=self.contacts,
            commands=commands,
            live=self.live,
            ended_well=self.ended_well,
            shelf=shelf,
            renewal=self.renewal,
            home=home,
            health=health,
            status=lambda: delegate.status(screen=self.kiosks.watched),
            kiosks=self.kiosks,
            uplink=self._uplink(delegate),
            notifier=Notifier(environ=environ, mono_ms=self.clock.mono_ms),
            sources=self._sources(),
        )

    def _waiting(self) -> int:
        return self.outbox.waiting

    def _prune(self) -> None:
        if not self.clock.signed:
            # Facts are erased by their age. By an NTP server that lies, what was receipted yesterday would be old.
            return
        try:
            self.outbox.prune(before_wall_ms=self.clock.now().wall)
        except StorageError as error:
            log.warning("old facts were not erased: %s", error)

    def _desk(self) -> ClockingDesk:
        return ClockingDesk(
            clock=self.clock,
            fact_writer=self.fact_writer,
            twin=self.twin,
            history=self.touch_history,
            lamp=self.lamp,
            screens=self.kiosks,
            pictures=self.snapshots,
            unread=UnreadCards(self.alarms),
            card_key=self.identity.enrolled.card_key,
        )

    def _home(self, learning: Learning, lifecycle: Lifecycle) -> HomePublisher:
        simulated = ["reader"] if any(reader.simulated for reader in self.readers.values()) else []
        simulated += ["indicator"] if self.indicator.simulated else []
        simulated += ["input"] if any(contact.simulated for contact in self.inputs.values()) else []
        simulated += ["camera"] if self.config.camera and self.config.camera.driver == "simulated" else []
        return HomePublisher(
            station=self.identity.station,
            clock=self.clock,
            twin=self.twin,
            history=self.touch_history,
            learning=learning,
            lifecycle=lifecycle,
            screens=self.kiosks,
            waiting=PendingCount(self.outbox).count,
            simulated=simulated,
            notice=lambda: self.snapshots.notice,
        )

    def _health(self, lifecycle: Lifecycle) -> StationHealth:
        return StationHealth(
            clock=self.clock,
            alarms=self.alarms,
            last_boot=self.last_boot,
            last_alive=lambda: lifecycle.last_alive,
            free_kib=lambda: free_kib(self.config.folder),
            written_kib=lambda: written_kib(self.config.folder),
            devices=lambda: self._device_health(lifecycle.readers),
            camera_untried=lambda: self.snapshots.camera_untried,
        )

    def _device_health(self, heard: Mapping[str, bool]) -> list[DeviceHealth]:
        """Return how each device is. A reader that has not reported yet counts as not ready."""
        devices = [
            _device("reader", name, heard.get(name, False), reader.simulated) for name, reader in self.readers.items()
        ]
        if (camera := self.config.camera) is not None:
            devices.append(_device("camera", camera.name, self.snapshots.camera_ready, camera.driver == "simulated"))
        watched = self.contacts.watched
        devices += [_device("input", name, watched[name], one.simulated) for name, one in self.inputs.items()]
        lamp = self.config.indicator.name
        return [*devices, _device("indicator", lamp, self.lamp.ready, self.indicator.simulated)]

    def _commands(self) -> Commands:
        return Commands(
            clock=self.clock,
            command_log=self.command_log,
            inbox=self.inbox,
            lamp=self.lamp,
            snapshots=self.snapshots,
            logs=LogSending(
                clock=self.clock,
                fact_writer=self.fact_writer,
                blobs=self.blobs,
                command_log=self.command_log,
                tail=self.log_tail,
            ),
            live=self.live,
        )

    def _delegate(
        self, lifecycle: Lifecycle, shelf: PackShelf, home: HomePublisher, health: StationHealth, commands: Commands
    ) -> StationDelegate:
        return StationDelegate(
            station=self.identity.station,
            software=software(),
            folder=self.config.folder,
            clock=self.clock,
            fact_writer=self.fact_writer,
            twin=self.twin,
            lifecycle=lifecycle,
            snapshots=self.snapshots,
            commands=commands,
            shelf=shelf,
            home=home,
            health=health,
            head=self.outbox.signed_head,
            waiting=self._waiting,
            blobs_waiting=lambda: self.blobs.waiting,
            traffic=self.traffic,
            key_unknown=self.renewal.key_unknown,
        )

    def _uplink(self, delegate: StationDelegate) -> Uplink:
        return Uplink(
            UplinkParts(
                station=self.identity.station,
                shard=self.identity.enrolled.broker.shard,
                county_keys=self.county_keys,
                outbox=self.outbox,
                blobs=self.blobs,
                link=self.link,
                mono_ms=self.clock.mono_ms,
                delegate=delegate,
                jitter=secrets.SystemRandom().random,
                endpoints=len(county.ports(self.identity.enrolled.broker)),
                state=self.outbox,
            )
        )

    def _shelf(self) -> PackShelf:
        shelf = PackShelf(
            folder=self.config.folder / "packs",
            county_keys=self.county_keys,
            fetch=partial(county.fetch, self.config, self.errand_meter),
            inbox=self.inbox,
            mono_ms=self.clock.mono_ms,
        )
        shelf.want(self.twin.desired.packs)
        return shelf

    def _sources(self) -> list[EventSource]:
        cameras = [self.camera] if self.camera else []
        readers = [WatchedReader(reader, name, self.inbox) for name, reader in self.readers.items()]
        contacts = [WatchedContact(contact, name, self.inbox) for name, contact in self.inputs.items()]
        hints = hardware.time_hints(self.config)
        watch = TimeWatch(service=MachineTimeService(), hints=hints, inbox=self.inbox, mono_ms=self.clock.mono_ms)
        machine = WatchedMachine(self.machine, self.inbox)
        keyboards = hardware.keyboards(self.config, self.inbox)
        # Cameras start before readers, so that the first touch gets its picture. The kiosk's socket comes last, because
        # whoever sees it may take it that cards are read.
        return [machine, *cameras, *contacts, *readers, *keyboards, watch, self.kiosks]


def _device(kind: DeviceKind, name: str, ready: bool, simulated: bool) -> DeviceHealth:
    return DeviceHealth(name=name, kind=kind, ready=ready, simulated=simulated)
