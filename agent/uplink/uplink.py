"""The uplink: one connection to the county at a time, and what is said over it in which order.

It runs on the core thread and never blocks: events go in by `handle`, time by `tick`. Connection first, then
birth and welcome, then facts, and only while no fact waits: reports, blobs and vitals.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Literal

from agent.events import Delivered, LinkDown, LinkUp, MessageCame
from agent.ports import DeviceError, Link
from agent.uplink.alarms import Alarms
from agent.uplink.backoff import Backoff
from agent.uplink.blob_sender import BlobSender
from agent.uplink.broker_endpoints import BrokerEndpoints, Kept
from agent.uplink.channel import Channel
from agent.uplink.clock_doubt import ClockDoubt
from agent.uplink.frame_sender import FrameSender
from agent.uplink.orders import Orders
from agent.uplink.ports import BlobSource, Stream, UplinkDelegate
from agent.uplink.reconnector import SILENCE_MS, Reconnector
from agent.uplink.sender import FactSender
from agent.uplink.session import Session
from agent.uplink.vitals_sender import VitalsSender
from protocol.birth import Gone, Welcome
from protocol.codec import encode
from protocol.kiosk import LinkState
from protocol.refusal import Refused

log = logging.getLogger(__name__)

LONGEST_TICK_MS = 60_000

type LinkEvent = LinkUp | LinkDown | MessageCame | Delivered


class Uplink:
    """The station's way to its county."""

    def __init__(
        self,
        *,
        station: str,
        shard: int,
        county_keys: Mapping[bytes, bytes],
        outbox: Stream,
        blobs: BlobSource,
        link: Link,
        mono_ms: Callable[[], int],
        host: UplinkDelegate,
        jitter: Callable[[], float],
        doors: int = 1,
        state: Kept | None = None,
    ) -> None:
        """Make an uplink that connects at its first `tick`.

        Args:
            shard: Topic level of the county worker that serves this station, for the log; ``link`` uses it.
            county_keys: Public keys (raw 32 bytes) that sign for the county, by `protocol.signing.key_id`.
            jitter: Returns a number in [0, 1).
            doors: At how many ports ``link`` can reach the broker.
            state: Where the port that worked is kept; without it, it is forgotten with this run.
        """
        self._station = station
        self._shard = shard
        self._outbox = outbox
        self._link = link
        self._mono_ms = mono_ms
        self._host = host
        self._nonce = bytes(16)
        self._busy = False
        self._told_state: LinkState = "connecting"
        self._trouble = Backoff(jitter)
        self._dialling = Reconnector(
            mono_ms=mono_ms, jitter=jitter, doors=BrokerEndpoints(count=doors, kept=state, mono_ms=mono_ms)
        )
        self._clock_doubt = ClockDoubt(mono_ms)
        self._time_only = False
        self._channel = channel = Channel(link, mono_ms)
        self._alarms = Alarms(host, mono_ms)
        self._session = self._make_session(county_keys)
        self._sender = self._make_sender(county_keys)
        self._blobs = BlobSender(
            station=station,
            county_keys=county_keys,
            blobs=blobs,
            channel=channel,
            mono_ms=mono_ms,
            backoff=Backoff(jitter),
            damaged=host.blob_damaged,
        )
        self._frames = FrameSender(
            station=station, channel=channel, acknowledged=lambda: link.bytes_moved()[0], mono_ms=mono_ms
        )
        self._pulse = VitalsSender(channel=channel, host=host, mono_ms=mono_ms)
        self._orders = Orders(station=station, county_keys=county_keys, channel=channel, host=host)

    def _make_session(self, county_keys: Mapping[bytes, bytes]) -> Session:
        return Session(
            station=self._station,
            county_keys=county_keys,
            stream=self._outbox,
            channel=self._channel,
            host=self._host,
            alarms=self._alarms,
            mono_ms=self._mono_ms,
            backoff=self._trouble,
            time_told=self._time_told,
            agreed=self._agreed,
        )

    def _make_sender(self, county_keys: Mapping[bytes, bytes]) -> FactSender:
        return FactSender(
            station=self._station,
            county_keys=county_keys,
            stream=self._outbox,
            channel=self._channel,
            alarms=self._alarms,
            mono_ms=self._mono_ms,
            doubt=self._doubt,
            gone=self._session.begin_anew,
            progressed=self._trouble.over,
        )

    @property
    def state(self) -> LinkState:
        """What people are told: connected only when the county itself has answered."""
        if self._dialling.state == "up":
            return "connected" if self._session.phase == "agreed" else "connecting"
        return "offline" if self._dialling.failed_before else "connecting"

    @property
    def connected(self) -> bool:
        """Whether the county itself has answered."""
        return self.state == "connected"

    @property
    def frame_free(self) -> bool:
        """Whether a live view's frame can be sent now."""
        return self._frames.free and self._sender.idle

    @property
    def frames_stuck(self) -> bool:
        """Whether the line lets no frame through."""
        return self._frames.stuck

    def offer_frame(self, command: bytes, number: int, jpeg: bytes) -> bool:
        """Send a frame part by part, under the facts; False where one is under way or nobody is connected."""
        return self._frames.offer(command, number, jpeg)

    def end_frames(self) -> None:
        """Send nothing more of the frame under way."""
        self._frames.give_up()

    def handle(self, event: LinkEvent) -> None:
        """Take what the link says. Events of earlier connections are ignored."""
        if event.attempt == self._dialling.attempt and self._dialling.state != "down":
            self._run(lambda: self._take(event))

    def facts_committed(self) -> None:
        """Something new is in the outbox: send it now, and if the link is down try at once."""
        self._dialling.urgent()
        self._session.urgent()
        if not self._busy:
            self._run(lambda: None)

    def tick(self) -> int:
        """Do what is due.

        Returns:
            When to call again at the latest, in milliseconds of the monotonic clock.
        """
        self._run(lambda: None)
        dues = [self._dialling.due_ms, self._session.due_ms, self._sender.due_ms, self._pulse.due_ms]
        dues += [self._frames.due_ms, self._silent_until_ms, self._blobs.due_ms if self._blobs_may_go else None]
        return min([self._mono_ms() + LONGEST_TICK_MS, *(due for due in dues if due is not None)])

    def say_gone(self, reason: Literal["shutdown", "restart"]) -> None:
        """End the connection in good order and tell the county why. The next `tick` would connect again."""
        if self._dialling.state == "up":
            try:
                self._channel.tell("gone", encode(Gone(station=self._station, nonce=self._nonce, reason=reason)))
            except DeviceError as error:
                log.info("%s: no farewell: %s", self._station, error)
        if self._dialling.state != "down":
            self._hang_up()
            self._dialling.down()

    def _run(self, step: Callable[[], None]) -> None:
        """Do a step and all that follows from it. A dead connection ends in a wait, never in an error."""
        self._busy = True
        try:
            step()
            self._pump()
        except DeviceError as error:
            self._lost(str(error))
        finally:
            self._busy = False
        self._tell_state()

    def _take(self, event: LinkEvent) -> None:
        match event:
            case LinkUp():
                self._came_up()
            case LinkDown():
                if event.dates_refused:
                    self._clock_doubt.dates_refused()
                self._lost(event.reason)
            case Delivered(ticket=ticket, reason_code=code):
                self._channel.answered(ticket, code)
            case MessageCame():
                self._message(event)

    def _came_up(self) -> None:
        self._dialling.up()
        self._channel.reset()
        self._sender.connected()
        self._session.open(self._nonce, time_only=self._time_only)

    def _lost(self, reason: str) -> None:
        if not self._dialling.failed_before or self._dialling.state == "up":
            log.warning("%s: link down: %s", self._station, reason)
        self._hang_up()
        self._dialling.down()

    def _hang_up(self) -> None:
        self._link.disconnect()
        self._session.close()
        self._rest()

    def _rest(self) -> None:
        self._frames.stop()
        self._sender.stop()
        self._blobs.stop()
        self._pulse.stop()

    def _message(self, event: MessageCame) -> None:
        self._channel.heard()
        try:
            if event.retained:
                if event.leaf == "command" and not self._time_only:
                    self._orders.retained_came(event.payload)
                raise Refused("malformed", "retained, and nothing here ever is")
            self._deliver(event)
        except Refused as refused:
            log.warning("%s: message on %s refused: %s", self._station, event.leaf, refused)
            self._alarms.raise_once(f"refused_{event.leaf}", "minor", f"{event.leaf}: {refused.reason}")
            if refused.reason == "unknown_key":
                self._host.county_key_unknown()

    def _deliver(self, event: MessageCame) -> None:
        if self._time_only and event.leaf != "welcome":
            log.info("%s: %s ignored on a connection for time only", self._station, event.leaf)
            return
        match event.leaf:
            case "welcome":
                self._session.welcome_came(event.payload, mono_ms=event.mono_ms)
                if self._time_only and self._dialling.state == "up" and self._session.time_settled:
                    self._lost("the county's time came too late, or it tells none")
            case "match":
                self._session.match_came(event.payload)
            case "receipt":
                self._sender.receipt_came(event.payload)
            case "missing":
                self._blobs.missing_came(event.payload)
            case "desired":
                self._orders.desired_came(event.payload)
            case "command":
                self._orders.command_came(event.payload)

    def _time_told(self, welcome: Welcome, asked_ms: int, answered_ms: int) -> None:
        self._clock_doubt.told(welcome.wall, at_mono_ms=(asked_ms + answered_ms) // 2)
        self._host.time_told(
            welcome.wall, asked_mono_ms=asked_ms, answered_mono_ms=answered_ms, clock_run=welcome.clock_run
        )
        if self._time_only:
            self._hang_up()
            self._dialling.again()

    def _agreed(self, after: int) -> None:
        log.info("%s: connected on shard %d, the county has the facts up to %d", self._station, self._shard, after)
        self._sender.begin(after)
        if self._sender.idle:
            self._trouble.over()
        self._blobs.begin()
        self._frames.begin()
        self._pulse.begin()

    def _doubt(self, why: str) -> None:
        now = self._mono_ms()
        if not self._trouble.troubled:
            log.warning("%s: %s; asking where we stand", self._station, why)
        self._rest()
        self._session.ask_again(after_ms=self._trouble.wait_ms(now))

    def _pump(self) -> None:
        if self._dialling.state == "up":
            self._pump_up()
        if self._dialling.due:
            self._dial()

    def _pump_up(self) -> None:
        silent_until = self._silent_until_ms
        if silent_until is not None and self._mono_ms() >= silent_until:
            self._lost("no answer for 90 s")
            return
        self._session.pump()
        self._sender.pump()
        self._pulse.pump()
        self._frames.pump(may_send=self._sender.idle)
        if self._sender.idle:
            self._orders.pump()
            if self._blobs_may_go:
                self._blobs.pump()
            self._dialling.held()
            self._dialling.suit(in_duty=self._host.in_duty())

    @property
    def _silent_until_ms(self) -> int | None:
        unanswered = self._channel.unanswered_ms
        return None if unanswered is None or self._dialling.state != "up" else unanswered + SILENCE_MS

    @property
    def _blobs_may_go(self) -> bool:
        return self._sender.idle and not self._host.puts_off("blobs")

    def _dial(self) -> None:
        if self._dialling.state == "dialling":
            self._lost("the attempt said nothing")
            return
        if self._dialling.state == "up":
            if not self._sender.idle:
                self._dialling.stay()
                return
            self._hang_up()
            self._dialling.again()
        self._nonce = secrets.token_bytes(16)
        self._dialling.begin(in_duty=self._host.in_duty())
        will = encode(Gone(station=self._station, nonce=self._nonce, reason="broken"))
        self._time_only = self._clock_doubt.time_only
        self._link.connect(
            attempt=self._dialling.attempt,
            endpoint=self._dialling.door,
            keepalive_s=self._dialling.keepalive_s,
            will=will,
            judge_at=self._clock_doubt.judge_at,
        )

    def _tell_state(self) -> None:
        if self.state != self._told_state:
            self._told_state = self.state
            self._host.link_changed(self.state)
