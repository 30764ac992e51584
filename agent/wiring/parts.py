"""Put a station together out of its ports: in one way, for the product with real drivers and for a bench with fakes."""

import logging

from agent.camera.live_view import LiveView
from agent.camera.random_moments import RandomMoments
from agent.camera.snapshots import Snapshots
from agent.clocking.card_flood import CardFlood
from agent.clocking.desk import ClockingDesk
from agent.clocking.disk_alarm import DiskAlarm
from agent.clocking.duty_dates import DutyDates
from agent.clocking.lamp import Lamp
from agent.clocking.lifecycle import Lifecycle
from agent.clocking.touch_history import TouchHistory
from agent.clocking.unread_cards import UnreadCards
from agent.commands.command_log import CommandLog
from agent.commands.log_sending import LogSending
from agent.identity.renewal import Renewal
from agent.inputs.contacts import Contacts
from agent.inputs.watched_devices import WatchedContact, WatchedReader, WatchedSpeaker
from agent.kiosk.home_publisher import HomePublisher
from agent.kiosk.library import Library
from agent.kiosk.packs import PackShelf
from agent.kiosk.table import Rows
from agent.shelf.disk import ShelfDisk
from agent.shelf.shelf import Shelf, ShelfPorts
from agent.shelf.trip import Addressee
from agent.shelf.witness import Witness
from agent.station.commands import Commands
from agent.station.core import Core, EventSource, StationParts
from agent.station.delegate import StationDelegate
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.pending import PendingCount
from agent.storage.recent import RecentFacts
from agent.timekeeping.time_watch import TimeWatch
from agent.twin import Twin
from agent.uplink import Uplink, UplinkParts
from agent.uplink.traffic import TrafficLedger
from agent.vitals.alarms import StandingAlarms
from agent.vitals.health import StationHealth
from agent.vitals.last_boot import LastBoot, ended_in_order
from agent.vitals.watched_machine import WatchedMachine
from agent.wiring.duty_turns import latest_turns
from agent.wiring.kiosk_parts import KioskRooms, Recent
from agent.wiring.ports import StationPorts
from protocol.facts import EpochOpened, FactsLost
from protocol.health import DeviceHealth, DeviceKind
from protocol.kiosk import ChooseDirection, KeepDirection
from protocol.kiosk_status import AskStatus

log = logging.getLogger(__name__)


class Station:
    """A station that is ready to run: put `StopAsked` into its inbox to end it.

    Every part is public, so that a bench can look at it and ask it alone. The product uses `core` and `inbox`.
    """

    def __init__(self, ports: StationPorts) -> None:
        self._ports = ports
        self.inbox = ports.inbox
        recent = RecentFacts(ports.outbox)
        # Opening the outbox may have begun a new stream just now. The facts about that say nothing of the run before.
        lived = [fact.at for _, fact in recent if not isinstance(fact, EpochOpened | FactsLost)]
        self._last_fact = lived[-1] if lived else None
        self._ended_well = ended_in_order(fact for _, fact in recent)
        # First of all, because the other parts compare what they recall with the time and with this boot.
        ports.clock.restore(ports.outbox, last_fact=self._last_fact)
        self._make_the_record(recent)
        self._make_the_shelf()
        self._make_the_room(recent)
        self._make_the_desk(recent)
        self._make_the_screens(recent)
        self._make_the_vitals()
        self._make_the_commands()
        self._make_the_uplink()
        self._make_the_kiosk_table()
        self.parts = self._parts()
        self.core = Core(self.parts)

    def _make_the_record(self, recent: Recent) -> None:
        """Make the parts that write facts and small states, and on which all others stand."""
        ports = self._ports
        self.fact_writer = FactWriter(ports.outbox)
        self.twin = Twin(station=ports.station, village=ports.village, state=ports.outbox)
        self.alarms = StandingAlarms(clock=ports.clock, fact_writer=self.fact_writer, state=ports.outbox)
        self.command_log = CommandLog(clock=ports.clock, fact_writer=self.fact_writer, state=ports.outbox)
        self.command_log.recall(recent)
        self.traffic = TrafficLedger(
            clock=ports.clock,
            fact_writer=self.fact_writer,
            state=ports.outbox,
            settings=lambda: self.twin.desired.settings,
            meters=ports.meters,
        )

    def _make_the_room(self, recent: Recent) -> None:
        """Make the parts that know when the office is manned, and those that see it: pictures, live view, doors."""
        ports = self._ports
        self.lifecycle = Lifecycle(
            clock=ports.clock,
            fact_writer=self.fact_writer,
            duty_dates=self.duty_dates,
            state=ports.outbox,
            software=ports.software,
        )
        camera = ports.camera.thread if ports.camera else None
        self.snapshots = Snapshots(
            clock=ports.clock,
            fact_writer=self.fact_writer,
            twin=self.twin,
            duty_dates=self.duty_dates,
            blobs=ports.blobs,
            command_log=self.command_log,
            alarms=self.alarms,
            moments=RandomMoments(random=ports.chance),
            taker=camera,
        )
        self.snapshots.recall(recent)
        self.live = LiveView(
            clock=ports.clock,
            fact_writer=self.fact_writer,
            command_log=self.command_log,
            screens=ports.kiosks,
            watched=lambda: ports.kiosks.watched,
            saving=lambda: self.traffic.puts_off("blobs"),
            camera=camera,
        )
        self.contacts = Contacts(
            clock=ports.clock,
            fact_writer=self.fact_writer,
            duty_dates=self.duty_dates,
            pictures=self.snapshots,
            alarms=self.alarms,
            sensors=ports.sensors,
        )
        self.contacts.recall(recent)

    def _make_the_desk(self, recent: Recent) -> None:
        """Make the parts of a touch."""
        ports = self._ports
        self.lamp = Lamp(ports.indicator)
        self.touch_history = TouchHistory(clock=ports.clock, twin=self.twin, duty_dates=self.duty_dates)
        self.touch_history.recall(recent)
        self.kiosk = KioskRooms(
            ports,
            fact_writer=self.fact_writer,
            twin=self.twin,
            duty_dates=self.duty_dates,
            history=self.touch_history,
            lamp=self.lamp,
        )
        self.desk = ClockingDesk(
            clock=ports.clock,
            fact_writer=self.fact_writer,
            twin=self.twin,
            history=self.touch_history,
            lamp=self.lamp,
            screens=self.kiosk.screens,
            pictures=self.snapshots,
            unread=UnreadCards(self.alarms),
            flood=CardFlood(self.alarms, state=ports.outbox, mono_ms=ports.clock.mono_ms),
            disk_alarm=DiskAlarm(self.alarms, mono_ms=ports.clock.mono_ms),
            visits=self.kiosk.visits,
            meetings=self.kiosk.meetings,
            card_key=ports.card_key,
        )

    def _make_the_shelf(self) -> None:
        """Make what holds the county's documents, who has duty by them, and what keeps the roots of its manifests."""
        ports = self._ports
        self.shelf = Shelf(
            ShelfPorts(
                disk=ShelfDisk(ports.folder / "shelf"),
                open_source=ports.open_shelf_source,
                addressee=lambda: Addressee(
                    station=ports.station, region=self.twin.region, public_keys=dict(ports.county_keys)
                ),
                clock=ports.clock,
                fact_writer=self.fact_writer,
                state=ports.outbox,
                settings=lambda: self.twin.desired.settings,
                data_left=lambda: self.traffic.left_for("packs"),
                inbox=ports.inbox,
            )
        )
        self.shelf.want(self.twin.shelf)
        offered = ports.offered or self.shelf.offered
        self.duty_dates = DutyDates(
            desired=lambda: self.twin.desired, latest=lambda: latest_turns(offered), mono_ms=ports.clock.mono_ms
        )
        self.witness = Witness(
            ports.folder / "heads", station=ports.station, offered=self.shelf.offered, alarms=self.alarms
        )

    def _make_the_screens(self, recent: Recent) -> None:
        """Make the quiz and the home screen."""
        ports = self._ports
        self.packs = PackShelf(
            folder=ports.folder / "packs",
            county_keys=ports.county_keys,
            fetch=ports.fetch,
            inbox=ports.inbox,
            mono_ms=ports.clock.mono_ms,
        )
        self.packs.want(self.twin.desired.packs)
        offered = ports.offered or self.shelf.offered
        self.kiosk.furnish(
            library=Library(self.shelf.offered, self.packs),
            offered=offered,
            shelf=self.shelf,
            recent=recent,
            connected=lambda: self.home.link == "connected",
        )
        self.learning = self.kiosk.learning
        is_simulated = {
            "reader": any(reader.simulated for reader in ports.readers.values()),
            "indicator": ports.indicator.simulated,
            "input": any(contact.simulated for contact in ports.contacts.values()),
            "camera": ports.camera is not None and ports.camera.simulated,
            "speaker": ports.speaker is not None and ports.speaker.speaker.simulated,
        }
        self.home = HomePublisher(
            station=ports.station,
            clock=ports.clock,
            twin=self.twin,
            history=self.touch_history,
            learning=self.learning,
            lifecycle=self.lifecycle,
            screens=ports.kiosks,
            waiting=PendingCount(ports.outbox).count,
            simulated=[kind for kind, simulated in is_simulated.items() if simulated],
            camera_trouble=lambda: self.snapshots.trouble,
            notice=self.shelf.offered.notice,
            help_calls=self.kiosk.help_calls,
            meetings=self.kiosk.meetings.lines,
            duty_dates=self.duty_dates,
        )

    def _make_the_vitals(self) -> None:
        """Make the part that knows how machine and devices are."""
        ports = self._ports
        self.last_boot = LastBoot(clock=ports.clock, state=ports.outbox, ended_well=self._ended_well)
        self.health = StationHealth(
            clock=ports.clock,
            alarms=self.alarms,
            last_boot=self.last_boot,
            last_alive=lambda: self.lifecycle.last_alive,
            free_kib=ports.free_kib,
            written_kib=ports.written_kib,
            devices=self._devices,
            camera_untried=lambda: self.snapshots.camera_untried,
            reverted=ports.reverted,
        )

    def _make_the_commands(self) -> None:
        """Make the part that executes the county's commands."""
        ports = self._ports
        self.commands = Commands(
            clock=ports.clock,
            command_log=self.command_log,
            inbox=ports.inbox,
            lamp=self.lamp,
            snapshots=self.snapshots,
            logs=LogSending(
                clock=ports.clock,
                fact_writer=self.fact_writer,
                blobs=ports.blobs,
                command_log=self.command_log,
                tail=ports.log_tail,
            ),
            live=self.live,
        )

    def _make_the_uplink(self) -> None:
        """Make the way to the county, and what it may ask of the station."""
        ports = self._ports
        self.renewal = Renewal(clock=ports.clock, inbox=ports.inbox, county_keys=ports.county_keys, renew=ports.renew)
        self.delegate = StationDelegate(
            station=ports.station,
            software=ports.software,
            clock=ports.clock,
            fact_writer=self.fact_writer,
            twin=self.twin,
            duty_dates=self.duty_dates,
            lifecycle=self.lifecycle,
            snapshots=self.snapshots,
            commands=self.commands,
            shelf=self.shelf,
            packs=self.packs,
            home=self.home,
            health=self.health,
            head=ports.outbox.signed_head,
            waiting=lambda: ports.outbox.waiting,
            blobs_waiting=lambda: ports.blobs.waiting,
            free_kib=ports.free_kib,
            traffic=self.traffic,
            key_unknown=self.renewal.key_unknown,
        )
        self.uplink = Uplink(
            UplinkParts(
                station=ports.station,
                shard=ports.shard,
                county_keys=ports.county_keys,
                outbox=ports.outbox,
                blobs=ports.blobs,
                link=ports.link,
                mono_ms=ports.clock.mono_ms,
                delegate=self.delegate,
                jitter=ports.chance,
                endpoints=ports.endpoints,
                state=ports.outbox,
            )
        )

    def _make_the_kiosk_table(self) -> None:
        """Say which part deals with which message of a kiosk."""
        kiosks = self._ports.kiosks

        def status(kiosk: int, _: AskStatus) -> None:
            kiosks.answer(kiosk, self.delegate.status(screen=kiosks.watched))

        corrections: Rows = {ChooseDirection: self.desk.choose_direction, KeepDirection: self.desk.keep_direction}
        self.kiosk_table = self.kiosk.table(corrections, {AskStatus: status})

    def _parts(self) -> StationParts:
        ports = self._ports
        return StationParts(
            inbox=ports.inbox,
            clock=ports.clock,
            fact_writer=self.fact_writer,
            waiting=lambda: ports.outbox.waiting,
            damage=lambda: ports.outbox.damage,
            last_fact=self._last_fact,
            traffic=self.traffic,
            prune=self._prune,
            lifecycle=self.lifecycle,
            desk=self.desk,
            snapshots=self.snapshots,
            contacts=self.contacts,
            commands=self.commands,
            live=self.live,
            ended_well=self._ended_well,
            shelf=self.shelf,
            witness=self.witness,
            packs=self.packs,
            reported=self.delegate.reported,
            renewal=self.renewal,
            home=self.home,
            health=self.health,
            kiosk_table=self.kiosk_table,
            visits=self.kiosk.visits,
            meetings=self.kiosk.meeting_visits,
            keeping=self.kiosk.keeping,
            sound=self.kiosk.sound,
            documents=self.kiosk.documents,
            number_sign_in=self.kiosk.number_sign_in,
            pin_work=self.kiosk.pin_work,
            uplink=self.uplink,
            notifier=ports.notifier,
            sources=self._sources(),
        )

    def _sources(self) -> list[EventSource]:
        ports = self._ports
        cameras = [ports.camera.thread] if ports.camera else []
        contacts = [WatchedContact(contact, name, ports.inbox) for name, contact in ports.contacts.items()]
        readers = [WatchedReader(reader, name, ports.inbox) for name, reader in ports.readers.items()]
        speakers = [WatchedSpeaker(ports.speaker.speaker, ports.inbox)] if ports.speaker else []
        machine = WatchedMachine(ports.machine, ports.inbox)
        watch = TimeWatch(
            service=ports.time_service, hints=ports.time_hints, inbox=ports.inbox, mono_ms=ports.clock.mono_ms
        )
        # Cameras start before readers, so that the first touch gets its picture. The kiosk's socket comes last, because
        # whoever sees it may take it that cards are read.
        return [machine, *cameras, *speakers, *contacts, *readers, *ports.keyboards, watch, ports.kiosks]

    def _prune(self) -> bool:
        if not self._ports.clock.signed:
            # Facts are erased by their age. By an NTP server that lies, what was receipted yesterday would be old.
            return False
        try:
            return self._ports.outbox.prune_some(before_wall_ms=self._ports.clock.now().wall) > 0
        except StorageError as error:
            log.warning("old facts were not erased: %s", error)
            return False

    def _devices(self) -> list[DeviceHealth]:
        ports = self._ports

        def device(kind: DeviceKind, name: str, ready: bool, simulated: bool) -> DeviceHealth:
            return DeviceHealth(name=name, kind=kind, ready=ready, simulated=simulated)

        # A reader that has not reported yet counts as not ready.
        heard, watched, camera = self.lifecycle.readers, self.contacts.watched, ports.camera
        readers = [device("reader", name, heard.get(name, False), one.simulated) for name, one in ports.readers.items()]
        cameras = [device("camera", camera.name, self.snapshots.camera_ready, camera.simulated)] if camera else []
        inputs = [device("input", name, watched[name], one.simulated) for name, one in ports.contacts.items()]
        # Where the village wants no sound, nobody looks whether there could be any.
        sound, speaker = self.kiosk.sound, ports.speaker
        speakers = (
            [device("speaker", speaker.name, sound.ready, speaker.speaker.simulated)]
            if speaker and sound.wanted
            else []
        )
        lamp = device("indicator", ports.indicator_name, self.lamp.ready, ports.indicator.simulated)
        return [*readers, *cameras, *inputs, *speakers, lamp]
