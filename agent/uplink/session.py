"""Birth, welcome, and what follows when station and county disagree.

One connection has one nonce: it names the connection in its will. A birth may be said again on the same connection
(the county's worker was away, a receipt did not fit, or the time is still wanted); it asks the same question, where do
we stand, and under a nonce of its own what time it is.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Literal

from agent.storage.errors import StorageFull
from agent.uplink.agreement import Continue, Disagree, agree
from agent.uplink.alarms import Alarms
from agent.uplink.backoff import Backoff
from agent.uplink.channel import NOT_AUTHORIZED, Channel
from agent.uplink.offering import Offering
from agent.uplink.ports import Stream, UplinkDelegate
from agent.uplink.time_question import TimeQuestion
from protocol import alarm_codes
from protocol.birth import NOT_TOLD, Birth, Compare, Match, Welcome, unseal_match, unseal_welcome
from protocol.codec import encode
from protocol.receipts import Receipt

log = logging.getLogger(__name__)

URGENT_EVERY_MS = 5_000
"""A touch brings the next question forward at most this often."""

ANSWER_MS = 20_000
"""How long an answer of the county may take before the question is put again."""

TRUSTED_ROUND_TRIP_MS = 2_000
"""Signed time that took longer is not believed."""

NEXT_PIECE_MS = 1
"""Between two pieces of work that could be long, whatever waits has its turn."""

type Phase = Literal["closed", "asking", "comparing", "offering", "agreed"]


class Session:
    """The conversation at the start of a connection, up to the agreement from where to send."""

    def __init__(
        self,
        *,
        station: str,
        county_keys: Mapping[bytes, bytes],
        stream: Stream,
        channel: Channel,
        host: UplinkDelegate,
        alarms: Alarms,
        mono_ms: Callable[[], int],
        backoff: Backoff,
        time_told: Callable[[Welcome, int, int], None],
        agreed: Callable[[int], None],
    ) -> None:
        """Make a closed session.

        Args:
            time_told: Called with a welcome that tells the time and the monotonic times of question and answer.
            agreed: Called with the seq that both sides have, once they agree.
        """
        self._station = station
        self._keys = county_keys
        self._stream = stream
        self._channel = channel
        self._host = host
        self._alarms = alarms
        self._mono_ms = mono_ms
        self._backoff = backoff
        self._time_told = time_told
        self._agreed = agreed
        self.phase: Phase = "closed"
        self._nonce = bytes(16)
        self._due_ms = 0
        self._said_ms = 0
        self._time = TimeQuestion(mono_ms=mono_ms, wanted=host.wants_time)
        self._time_only = False
        self._disagreement: Disagree | None = None
        self._offering = Offering(station=station, stream=stream)
        self._agreement: tuple[Welcome, Continue] | None = None

    @property
    def due_ms(self) -> int | None:
        """When `pump` has something to do, or None."""
        if self.phase == "agreed":
            return self._time.due_ms
        return None if self.phase == "closed" else self._due_ms

    @property
    def time_settled(self) -> bool:
        """Whether this connection's first question is answered, with the time or without."""
        return self._time.settled

    def open(self, nonce: bytes, *, time_only: bool = False) -> None:
        """Begin on a new connection; with ``time_only`` nothing is taken from it but the county's signed time."""
        self._nonce = nonce
        self._time_only = time_only
        self._time.open(nonce)
        self.ask_again(after_ms=0)

    def close(self) -> None:
        """The connection is over."""
        self.phase = "closed"

    def ask_again(self, *, after_ms: int) -> None:
        """Doubt where the two stand, and say the birth (again) after a while."""
        self.phase = "asking"
        self._disagreement = None
        self._due_ms = self._mono_ms() + after_ms

    def begin_anew(self, after: int) -> None:
        """End a stream of which the county lost what the station has erased: the new one states the loss."""
        self.phase = "comparing"
        self._disagreement = Disagree(reason="differs", county_through=after)
        self._open_epoch(matched=after)

    def urgent(self) -> None:
        """Something new waits to be sent: ask now, unless that was just asked."""
        if self.phase == "asking":
            self._due_ms = min(self._due_ms, max(self._mono_ms(), self._said_ms + URGENT_EVERY_MS))

    def pump(self) -> None:
        """Say what is due."""
        if self.due_ms is None or self._mono_ms() < self.due_ms:
            return
        match self.phase:
            case "agreed":
                self._ask_time_again()
            case "asking":
                self._said_ms = now = self._mono_ms()
                self._due_ms = now + ANSWER_MS + (self._backoff.wait_ms(now) if self._backoff.troubled else 0)
                self._say_birth()
            case "comparing":
                self._say_compare()
            case _:
                self._offer()

    def _ask_time_again(self) -> None:
        self._time.plan()
        if self._time.due_ms is not None:
            self._say_birth()

    def _say_birth(self) -> None:
        question = self._time.ask()
        birth = Birth(
            station=self._station,
            head=self._stream.signed_head(),
            boot=self._host.boot_id(),
            nonce=self._nonce,
            software=self._host.software(),
            twin_version=self._host.twin_version(),
            generation=self._stream.generation,
            question=question,
        )
        self._channel.send("birth", encode(birth), lambda code: self._birth_settled(code, question))

    def _birth_settled(self, reason_code: int, question: bytes | None) -> None:
        if reason_code == 0:
            return
        self._time.unheard(question)
        if self.phase != "asking":
            return
        if reason_code == NOT_AUTHORIZED:
            self._alarms.raise_once(alarm_codes.BIRTH_REFUSED, "major", "the broker does not let this station publish")
        self._put_off(f"birth not delivered, reason code 0x{reason_code:02x}")

    def _put_off(self, why: str) -> None:
        now = self._mono_ms()
        if not self._backoff.troubled:
            log.warning("%s: the county does not answer: %s", self._station, why)
        self._due_ms = now + self._backoff.wait_ms(now)

    def welcome_came(self, raw: bytes, *, mono_ms: int) -> None:
        """Take the county's answer to the birth.

        Raises:
            Refused: It is not the county's answer to this station.
        """
        welcome = unseal_welcome(raw, station=self._station, public_keys=self._keys)
        if not self._time.is_ours(welcome.nonce) or welcome.epoch != self._stream.epoch:
            log.info("%s: a welcome for another birth is ignored", self._station)
            return
        self._take_time(welcome, answered_ms=mono_ms)
        if self.phase == "asking" and not self._time_only:
            self._compare(welcome)

    def _compare(self, welcome: Welcome) -> None:
        match agree(self._stream, welcome):
            case Continue() as ours if welcome.generation > self._stream.generation:
                self._begin_offering(welcome, ours)
            case Continue() as ours:
                self._begin_sending(welcome, ours)
            case Disagree() as quarrel:
                self._begin_comparing(quarrel)

    def _take_time(self, welcome: Welcome, *, answered_ms: int) -> None:
        """Believe signed time as the prompt, first answer to the newest question alone."""
        asked_ms = self._time.answered(welcome.nonce)
        if asked_ms is None:
            return
        if welcome.wall == NOT_TOLD:
            log.info("%s: the county does not trust its own clock and tells no time", self._station)
        elif 0 <= answered_ms - asked_ms <= TRUSTED_ROUND_TRIP_MS:
            self._time_told(welcome, asked_ms, answered_ms)
        if self.phase == "agreed":
            self._time.plan()

    def _begin_offering(self, welcome: Welcome, ours: Continue) -> None:
        """Ask about earlier streams before the new generation is taken note of, so that a crash repeats it."""
        self._offering.begin(welcome.generation)
        self._agreement = welcome, ours
        self.phase = "offering"
        self._offer()

    def _offer(self) -> None:
        """Ask the next question, or say again a piece of what the last answer wants."""
        question = self._offering.question
        if question is not None:
            self._due_ms = self._mono_ms() + ANSWER_MS
            self._channel.send("compare", encode(question), self._compare_settled)
            return
        try:
            self._offering.say_some()
        except StorageFull:
            log.exception("%s: no room for what the county lacks", self._station)
            self._due_ms = self._mono_ms() + self._backoff.wait_ms(self._mono_ms())
            return
        self._due_ms = self._mono_ms() + NEXT_PIECE_MS
        if self._offering.over and self._agreement is not None:
            self._begin_sending(*self._agreement)

    def _begin_sending(self, welcome: Welcome, ours: Continue) -> None:
        self.phase = "agreed"
        if ours.lowered:
            log.warning("%s: the county has facts up to %d only; the rest is sent again", self._station, ours.after)
            self._alarms.raise_once(alarm_codes.COUNTY_LOST_FACTS, "major", f"county is back at seq {ours.after}")
        self._stream.take_receipt(
            Receipt(
                station=welcome.station,
                epoch=welcome.epoch,
                through=welcome.through,
                head=welcome.head,
                generation=welcome.generation,
                held=welcome.held,
            )
        )
        self._agreed(ours.after)
        self._time.plan()

    def _begin_comparing(self, quarrel: Disagree) -> None:
        log.error("%s: the county's stream %s at seq %d", self._station, quarrel.reason, quarrel.county_through)
        self.phase = "comparing"
        self._disagreement = quarrel
        self._due_ms = self._mono_ms()

    def _say_compare(self) -> None:
        self._due_ms = self._mono_ms() + ANSWER_MS
        marks = self._stream.marks()
        if not marks:
            self._open_epoch(matched=0)
            return
        compare = Compare(station=self._station, epoch=self._stream.epoch, marks=marks)
        self._channel.send("compare", encode(compare), self._compare_settled)

    def _compare_settled(self, reason_code: int) -> None:
        if reason_code != 0 and self.phase in ("comparing", "offering"):
            self._put_off(f"comparison not delivered, reason code 0x{reason_code:02x}")

    def match_came(self, raw: bytes) -> None:
        """Take the answer to a comparison: of an earlier stream, or of the current one, which then ends.

        Raises:
            Refused: It is not the county's answer to this station.
        """
        answer: Match = unseal_match(raw, station=self._station, public_keys=self._keys)
        if self.phase == "offering":
            self._offer_taken(answer)
            return
        if self.phase != "comparing" or answer.epoch != self._stream.epoch:
            log.info("%s: a match that nobody asked for is ignored", self._station)
            return
        if answer.through > self._stream.through:
            log.error("%s: a match at seq %d, which the stream does not have", self._station, answer.through)
            return
        self._open_epoch(matched=answer.through)

    def _offer_taken(self, answer: Match) -> None:
        lacking = self._offering.answered(answer)
        if lacking is None:
            log.info("%s: a match that nobody asked for is ignored", self._station)
            return
        if lacking:
            self._alarms.raise_once(
                alarm_codes.COUNTY_LOST_FACTS,
                "major",
                f"county is back at seq {answer.through} of epoch {answer.epoch.hex()}",
            )
        self._offer()

    def _open_epoch(self, *, matched: int) -> None:
        quarrel = self._disagreement
        if quarrel is None:
            return
        ended = self._stream.epoch
        try:
            self._stream.open_epoch(quarrel.reason, matched=matched)
        except StorageFull:
            log.exception("%s: no room for a new epoch", self._station)
            self._due_ms = self._mono_ms() + self._backoff.wait_ms(self._mono_ms())
            return
        detail = f"epoch {ended.hex()} ended, matched to seq {matched}, county at {quarrel.county_through}"
        self._alarms.raise_once(alarm_codes.STREAM_ENDED[quarrel.reason], "critical", detail)
        self.ask_again(after_ms=0)
