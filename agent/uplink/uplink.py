"""The uplink: one connection to the county at a time, and the order in which things are sent over it.

It runs on the core thread and never blocks: events come in by `handle`, time by `tick`. First comes the connection,
then birth and welcome, then facts, and only while no fact waits: reports and blobs. Vitals and frames are QoS 0 and
small; vitals go at any time, frames only while no fact waits.
"""

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from msgspec import Struct

from agent.events import Delivered, LinkDown, LinkUp, MessageCame
from agent.ports import DeviceError, Link
from agent.storage.state import StateStore
from agent.uplink.blob_sender import BlobSender
from agent.uplink.channel import AlarmLimiter, Channel, SharedParts
from agent.uplink.county_contract import CountyContract
from agent.uplink.county_time import CertificateClock
from agent.uplink.desired_leaf import read_desired_leaf
from agent.uplink.fact_sender import FactSender
from agent.uplink.frame_sender import FrameSender
from agent.uplink.ports import BlobSource, Stream, UplinkDelegate
from agent.uplink.reconnector import SILENCE_MS, Backoff, BrokerEndpoints, Reconnector
from agent.uplink.session import Session
from agent.uplink.take_overs import TakeOvers
from agent.uplink.vitals_sender import VitalsSender
from protocol import alarm_codes, result_reasons
from protocol.birth import Gone, Welcome
from protocol.codec import encode
from protocol.commands import unseal_command
from protocol.kiosk_status import LinkState
from protocol.refusal import Refused
from protocol.twin import Reported, ShelfNamed

log = logging.getLogger(__name__)

LONGEST_TICK_MS = 60_000

type LinkEvent = LinkUp | LinkDown | MessageCame | Delivered


class UplinkParts(Struct, frozen=True, kw_only=True):
    """What an uplink is made of. `agent.wiring.assembly` makes them."""

    station: str
    shard: int
    """Topic level of the county worker that serves this station, for the log; ``link`` uses it."""
    county_keys: Mapping[bytes, bytes]
    """Public keys (raw 32 bytes) that sign for the county, by `protocol.signing.key_id`."""
    outbox: Stream
    blobs: BlobSource
    link: Link
    mono_ms: Callable[[], int]
    delegate: UplinkDelegate
    jitter: Callable[[], float]
    """Returns a number in [0, 1)."""
    endpoints: int = 1
    """At how many ports ``link`` can reach the broker."""
    state: StateStore | None = None
    """Where the port that worked is kept. Without it, it is forgotten with this run."""


class Uplink:
    """The station's way to its county."""

    def __init__(self, parts: UplinkParts) -> None:
        """Make an uplink that connects at its first `tick`."""
        self._station = parts.station
        self._shard = parts.shard
        self._county_keys = parts.county_keys
        self._link = parts.link
        self._mono_ms = parts.mono_ms
        self._delegate = parts.delegate
        self._nonce = bytes(16)
        """Names the connection in its birth and in its will."""
        self._stepping = False
        """A step is under way. Facts that are committed meanwhile are sent at its end."""
        self._refused = False
        self._take_overs = TakeOvers(parts.mono_ms)
        self._told: tuple[LinkState, bool, bool] = ("connecting", False, False)
        """The link's state as the delegate was told last."""
        self._unreported: Reported | None = None
        """The report on what is in force. It waits until no fact does."""
        self._reporting: Reported | None = None
        """The report that is sent and not acknowledged."""
        self._certificate_clock = CertificateClock(parts.mono_ms)
        self._time_only = False
        """Whether the connection that is up may be used for nothing but the county's signed time."""
        endpoints = BrokerEndpoints(count=parts.endpoints, state=parts.state, mono_ms=parts.mono_ms)
        self._reconnector = Reconnector(mono_ms=parts.mono_ms, jitter=parts.jitter, endpoints=endpoints)
        self._county_backoff = Backoff(parts.jitter)
        """Waits between births while the county does not answer or does not receipt."""
        self._channel = Channel(parts.link, parts.mono_ms)
        self._alarms = AlarmLimiter(parts.delegate, parts.mono_ms)
        shared = SharedParts(
            station=parts.station,
            county_keys=parts.county_keys,
            channel=self._channel,
            alarms=self._alarms,
            mono_ms=parts.mono_ms,
            contract=CountyContract(parts.state),
        )
        self._session = Session(
            shared,
            stream=parts.outbox,
            delegate=parts.delegate,
            backoff=self._county_backoff,
            jitter=parts.jitter,
            on_time=self._on_time,
            on_agreed=self._on_agreed,
        )
        self._facts = FactSender(
            shared,
            stream=parts.outbox,
            on_doubt=self._on_doubt,
            on_erased=self._session.begin_anew,
            on_progress=self._county_backoff.recovered,
        )
        self._blobs = BlobSender(
            shared, blobs=parts.blobs, backoff=Backoff(parts.jitter), on_damaged=parts.delegate.on_blob_damaged
        )
        self._frames = FrameSender(shared, acknowledged=lambda: parts.link.bytes_moved()[0])
        self._vitals = VitalsSender(shared, delegate=parts.delegate)

    @property
    def state(self) -> LinkState:
        """What people are told: connected only when the county itself has answered."""
        if self._reconnector.state == "up":
            return "connected" if self._session.phase == "agreed" else "connecting"
        return "offline" if self._reconnector.failed_before else "connecting"

    @property
    def refused(self) -> bool:
        """Whether the county's broker has refused this machine since it let it in last: revoked, or replaced.

        It stays so while the line is down, because the next answer will be the same.
        """
        return self._refused

    @property
    def identity_shared(self) -> bool:
        """Whether another machine connects by this station's identity, so that neither keeps its connection."""
        return self._take_overs.go_on

    @property
    def connected(self) -> bool:
        """Whether the county itself has answered."""
        return self.state == "connected"

    @property
    def frame_free(self) -> bool:
        """Whether a live view's frame can be sent now."""
        return self._frames.free and self._facts.idle

    @property
    def frames_stuck(self) -> bool:
        """Whether the line lets no frame through."""
        return self._frames.stuck

    def expect_frames(self, expected: bool) -> None:
        """Say whether a live view runs: as long as it does, no new connection is made for the keep-alive's sake."""
        self._frames.expected = expected

    def offer_frame(self, command: bytes, number: int, jpeg: bytes) -> bool:
        """Send a frame part by part, after the facts. Return False if one is under way or there is no connection."""
        return self._frames.offer(command, number, jpeg)

    def end_frames(self) -> None:
        """Send nothing more of the frame under way."""
        self._frames.give_up()

    def facts_committed(self) -> None:
        """Send the new facts of the outbox now. If the link is down, try to connect at once."""
        self._reconnector.hurry()
        self._session.hurry()
        # The uplink commits facts itself, for example alarms. The step that is under way sends them at its end.
        if not self._stepping:
            with self._step():
                pass

    def tick(self) -> int:
        """Do what is due.

        Returns:
            When to call again at the latest, in milliseconds of the monotonic clock.
        """
        with self._step():
            pass
        # While blobs must wait, nothing serves their due time: once over, it would make the core spin.
        dues = [self._reconnector.due_ms, self._session.due_ms, self._facts.due_ms, self._vitals.due_ms]
        dues += [self._frames.due_ms, self._silent_until_ms, self._blobs.due_ms if self._blobs_may_go else None]
        return min([self._mono_ms() + LONGEST_TICK_MS, *(due for due in dues if due is not None)])

    def say_gone(self, reason: Literal["shutdown", "restart"]) -> None:
        """End the connection in good order and tell the county why. The next `tick` would connect again."""
        if self._reconnector.state == "up":
            try:
                self._channel.publish("gone", encode(Gone(station=self._station, nonce=self._nonce, reason=reason)))
            except DeviceError as error:
                log.info("%s: no farewell: %s", self._station, error)
        if self._reconnector.state != "down":
            self._hang_up()
            self._reconnector.down()

    def handle(self, event: LinkEvent) -> None:
        """Act on an event of the link. Events of earlier connections are ignored."""
        # Threads of a connection that was given up may still have put events into the inbox.
        if event.attempt != self._reconnector.attempt or self._reconnector.state == "down":
            return
        with self._step():
            match event:
                case LinkUp():
                    self._reconnector.up()
                    self._refused = False
                    self._channel.reset()
                    self._facts.connected()
                    self._session.open(self._nonce, time_only=self._time_only)
                case LinkDown():
                    if event.dates_refused:
                        self._certificate_clock.dates_refused()
                    if event.refused and not self._refused:
                        log.warning("%s: the county's broker refuses this machine", self._station)
                    self._refused = self._refused or event.refused
                    if event.taken_over:
                        # Of this connection: what an earlier one of this station still hears never comes here.
                        self._take_overs.heard()
                    self._lose(event.reason)
                case Delivered(ticket=ticket, reason_code=code):
                    self._channel.on_puback(ticket, code)
                case MessageCame():
                    self._channel.on_sign_of_life()
                    try:
                        self._on_message(event)
                    except Refused as refused:
                        log.warning("%s: message on %s refused: %s", self._station, event.leaf, refused)
                        self._alarms.raise_once(
                            alarm_codes.MESSAGE_REFUSED[event.leaf], "minor", f"{event.leaf}: {refused.reason}"
                        )
                        if refused.reason == "unknown_key":
                            self._delegate.on_unknown_key()

    def _on_message(self, event: MessageCame) -> None:
        """Hand a message to the part that its topic is for. Each part verifies the county's signature.

        Raises:
            Refused: It is not the county's message to this station, or it came in a way in which it must not.
        """
        if event.retained:
            if event.leaf == "command" and not self._time_only:
                # A retained command would come again at each connection. The answer tells the county of it.
                command = unseal_command(event.payload, station=self._station, public_keys=self._county_keys)
                self._delegate.refuse_command(command, result_reasons.RETAINED)
            raise Refused("malformed", "retained, and nothing here ever is")
        if self._time_only and event.leaf != "welcome":
            log.info("%s: %s ignored on a connection for time only", self._station, event.leaf)
            return
        match event.leaf:
            case "welcome":
                self._session.on_welcome(event.payload, mono_ms=event.mono_ms)
                # If the welcome told the time, _on_time has ended this connection already.
                if self._time_only and self._reconnector.state == "up" and self._session.first_answered:
                    self._lose("the county's time came too late, or it tells none")
            case "match":
                self._session.on_match(event.payload)
            case "receipt":
                self._facts.on_receipt(event.payload)
            case "missing":
                self._blobs.on_missing(event.payload)
            case "desired":
                told = read_desired_leaf(event.payload, station=self._station, public_keys=self._county_keys)
                if isinstance(told, ShelfNamed):
                    self._delegate.on_shelf_named(told.shelf)
                else:
                    self._unreported = self._delegate.on_desired(told)
            case "command":
                command = unseal_command(event.payload, station=self._station, public_keys=self._county_keys)
                self._delegate.on_command(command)

    def report(self, reported: Reported) -> None:
        """Send a report on what is in force, when no fact waits. It replaces one that waits still."""
        self._unreported = reported

    @contextmanager
    def _step(self) -> Iterator[None]:
        """Do what the block does, then all that follows from it, and tell the station if the link's state changed.

        A dead connection ends in a wait, never in an error.
        """
        self._stepping = True
        try:
            yield
            if self._reconnector.state == "up":
                if (silent_until := self._silent_until_ms) is not None and self._mono_ms() >= silent_until:
                    self._lose("no answer for 90 s")
                else:
                    self._publish_what_is_due()
            if self._reconnector.due:
                self._dial()
        except DeviceError as error:
            self._lose(str(error))
        finally:
            self._stepping = False
        shared = self.identity_shared
        if (self.state, self._refused, shared) != self._told:
            if shared and not self._told[-1]:
                log.warning("%s: another machine connects by this station's identity", self._station)
            self._told = (self.state, self._refused, shared)
            self._delegate.link_changed(self.state, refused=self._refused, identity_shared=shared)

    def _publish_what_is_due(self) -> None:
        # Whatever is published first takes the line first: birth and facts before everything else.
        self._session.pump()
        self._facts.pump()
        self._vitals.pump()
        self._frames.pump(may_send=self._facts.idle)
        # A report or a chunk that is under way would hold up the next fact on a slow line.
        if not self._facts.idle:
            return
        reported, self._unreported = self._unreported, None
        if reported is not None:
            self._reporting = reported
            self._channel.publish_acknowledged("reported", encode(reported), self._on_report_puback)
        if self._blobs_may_go:
            self._blobs.pump()
        self._reconnector.note_stable()
        self._reconnector.match_keepalive(in_duty=self._delegate.in_duty())

    def _on_report_puback(self, reason_code: int) -> None:
        self._reporting = None
        if reason_code != 0:
            # It is not sent again: the next birth states the twin's version, and then the county knows.
            log.info("%s: report not delivered, reason code 0x%02x", self._station, reason_code)

    @property
    def _silent_until_ms(self) -> int | None:
        silent_since = self._channel.silent_since_ms
        return None if silent_since is None or self._reconnector.state != "up" else silent_since + SILENCE_MS

    @property
    def _blobs_may_go(self) -> bool:
        return self._facts.idle and not self._delegate.puts_off("blobs")

    def _dial(self) -> None:
        if self._reconnector.state == "dialling":
            # An attempt is due again only when its ATTEMPT_MS are over.
            self._lose("the attempt said nothing")
            return
        if self._reconnector.state == "up":
            # A new connection only for the sake of the keep-alive must not hold up facts or end a live view.
            if not self._facts.idle or self._frames.expected:
                self._reconnector.postpone_redial()
                return
            self._hang_up()
            self._reconnector.connect_again()
        # The will names this connection, so that the county can ignore the late will of an earlier one.
        self._nonce = secrets.token_bytes(16)
        self._reconnector.begin(in_duty=self._delegate.in_duty())
        self._time_only = self._certificate_clock.time_only
        self._link.connect(
            attempt=self._reconnector.attempt,
            endpoint=self._reconnector.endpoint,
            keepalive_s=self._reconnector.keepalive_s,
            will=encode(Gone(station=self._station, nonce=self._nonce, reason="broken")),
            judge_at=self._certificate_clock.judge_at,
        )

    def _lose(self, reason: str) -> None:
        # While attempts fail one after the other, the log tells of the first one only.
        if not self._reconnector.failed_before or self._reconnector.state == "up":
            log.warning("%s: link down: %s", self._station, reason)
        self._hang_up()
        self._reconnector.down()

    def _hang_up(self) -> None:
        self._link.disconnect()
        self._session.close()
        self._stop_senders()
        # Nobody knows whether the county has it, and nothing else tells how far the bundles are.
        self._unreported, self._reporting = self._unreported or self._reporting, None

    def _stop_senders(self) -> None:
        self._frames.stop()
        self._facts.stop()
        self._blobs.stop()
        self._vitals.stop()

    def _on_time(self, welcome: Welcome, asked_ms: int, answered_ms: int) -> None:
        # The county read its clock somewhere between the two. Half-way is the guess with the smallest possible error.
        self._certificate_clock.learn(welcome.wall, at_mono_ms=(asked_ms + answered_ms) // 2)
        self._delegate.on_county_time(
            welcome.wall, asked_mono_ms=asked_ms, answered_mono_ms=answered_ms, clock_run=welcome.clock_run
        )
        if self._time_only:
            # The connection has served its purpose. The next one judges the certificate by the time just learnt.
            self._hang_up()
            self._reconnector.connect_again()

    def _on_agreed(self, after: int) -> None:
        log.info("%s: connected on shard %d, the county has the facts up to %d", self._station, self._shard, after)
        self._facts.begin(after)
        if self._facts.idle:
            # Otherwise only a receipt shows that the county is well: it may welcome births and lose facts.
            self._county_backoff.recovered()
        self._blobs.begin()
        self._frames.begin()
        self._vitals.begin()

    def _on_doubt(self, why: str) -> None:
        if not self._county_backoff.failing:
            log.warning("%s: %s; asking where we stand", self._station, why)
        self._stop_senders()
        self._session.ask_again(after_ms=self._county_backoff.wait_ms(self._mono_ms()))
