"""Birth and welcome: find out up to where the county has the facts, and what to do if station and county disagree.

One connection has one nonce, which also names the connection in its will. The station may say a birth again on the
same connection: the county's worker was away, a receipt did not fit, or the station still wants to know the time. Each
birth asks where the two stand, and under a nonce of its own what time it is (see `agent.uplink.county_time`).
"""

import logging
from collections.abc import Callable
from typing import Literal

from agent.storage.errors import StorageFull
from agent.timekeeping.clock import ANSWER_WITHIN_MS
from agent.uplink.agreement import Continue, Disagree, Reissuer, agree
from agent.uplink.channel import COUNTY_REPLY_MS, NOT_AUTHORIZED, SharedParts
from agent.uplink.county_time import TimeQuestion
from agent.uplink.ports import Stream, UplinkDelegate
from agent.uplink.reconnector import URGENT_EVERY_MS, Backoff
from protocol import MINOR, alarm_codes
from protocol.birth import NOT_TOLD, Birth, Compare, Welcome, unseal_match, unseal_welcome
from protocol.codec import encode
from protocol.receipts import Receipt

log = logging.getLogger(__name__)

WELCOME_WAITS_MS = ((4_000, 8_000), (10_000, 20_000))
"""How long to wait for the welcome after the broker has taken a birth: from … to, the first time and the second.

The county's worker may die with births in its hands, and the broker, which has handed them over, does not know it. The
worker is back within seconds. The wait is drawn, so that stations whose births were lost together don't come together.
It is longer than `ANSWER_WITHIN_MS`: no question for the time is overtaken while its answer still counts. Afterwards
the station waits `COUNTY_REPLY_MS` and the back-off, so that a county which is away is asked more and more rarely.
"""
NEXT_PIECE_MS = 1
"""Between two pieces of long work, so that other events have their turn."""

type Phase = Literal["closed", "asking", "comparing", "opening", "reissuing", "agreed"]
"""
closed: there is no connection.
asking: a birth was said, or will be; the county's welcome is missing.
comparing: the two disagree; the county is asked up to where they agree, and then the stream ends.
opening: the stream that takes its place is being built. It may have been begun on an earlier connection.
reissuing: the county was restored from a backup and is given what it lost of earlier streams.
agreed: both know up to where the county has the facts, and the senders may send.
"""


class Session:
    """The conversation at the start of a connection, until both agree from where to send."""

    def __init__(
        self,
        shared: SharedParts,
        *,
        stream: Stream,
        delegate: UplinkDelegate,
        backoff: Backoff,
        jitter: Callable[[], float],
        on_time: Callable[[Welcome, int, int], None],
        on_agreed: Callable[[int], None],
    ) -> None:
        """Make a closed session.

        Args:
            jitter: Returns a number in [0, 1).
            on_time: Called with a welcome that tells the time and the monotonic times of question and answer.
            on_agreed: Called with the seq up to which the county has the facts.
        """
        self._station = shared.station
        self._keys = shared.county_keys
        self._channel = shared.channel
        self._alarms = shared.alarms
        self._mono_ms = shared.mono_ms
        self._contract = shared.contract
        self._stream = stream
        self._delegate = delegate
        self._backoff = backoff
        self._jitter = jitter
        self._on_time = on_time
        self._on_agreed = on_agreed
        self.phase: Phase = "closed"
        self._nonce = bytes(16)
        self._due_ms = 0
        self._born_ms = 0
        """When the last birth of the phase "asking" was said."""
        self._unanswered = 0
        """Births that the broker has taken since the connection began or the last welcome came."""
        self._time = TimeQuestion(mono_ms=shared.mono_ms, wanted=delegate.wants_time)
        self._time_only = False
        self._disagreement: Disagree | None = None
        self._reissuer = Reissuer(station=shared.station, stream=stream)
        self._agreement: tuple[Welcome, Continue] | None = None
        """What holds as soon as everything is reissued."""

    @property
    def due_ms(self) -> int | None:
        """When `pump` has something to do, or None."""
        if self.phase == "agreed":
            return self._time.due_ms
        return None if self.phase == "closed" else self._due_ms

    @property
    def first_answered(self) -> bool:
        """Whether this connection's first birth is answered, with the time or without."""
        return self._time.first_answered

    def open(self, nonce: bytes, *, time_only: bool = False) -> None:
        """Begin on a new connection. With ``time_only`` nothing is taken from it but the county's signed time."""
        self._nonce = nonce
        self._time_only = time_only
        self._unanswered = 0
        self._time.open(nonce)
        self.ask_again(after_ms=0)
        if self._stream.opening and not time_only:
            # The old stream has ended for good, so there is nothing to ask about it.
            self.phase = "opening"

    def close(self) -> None:
        """End with the connection."""
        self.phase = "closed"

    def ask_again(self, *, after_ms: int) -> None:
        """Say the birth (again) after a while, because it is not known where the two stand."""
        self.phase = "asking"
        self._disagreement = None
        self._due_ms = self._mono_ms() + after_ms

    def begin_anew(self, after: int) -> None:
        """End the stream, because the county lost facts after ``after`` that the station has erased since.

        The new stream states the loss.
        """
        self.phase = "comparing"
        self._disagreement = Disagree(reason="differs", county_through=after)
        self._open_epoch(matched=after)

    def hurry(self) -> None:
        """Ask now, because something new waits to be sent. If the county was asked a moment ago, ask soon."""
        if self.phase == "asking":
            self._due_ms = min(self._due_ms, max(self._mono_ms(), self._born_ms + URGENT_EVERY_MS))

    def pump(self) -> None:
        """Publish what is due."""
        if self.due_ms is None or self._mono_ms() < self.due_ms:
            return
        match self.phase:
            case "agreed":
                self._time.plan()
                if self._time.due_ms is not None:
                    self._publish_birth()
            case "asking":
                # While the county does not answer or does not receipt, it is asked more and more rarely.
                self._born_ms = now = self._mono_ms()
                fails = self._backoff.failing or self._unanswered >= len(WELCOME_WAITS_MS)
                self._due_ms = now + COUNTY_REPLY_MS + (self._backoff.wait_ms(now) if fails else 0)
                self._publish_birth()
            case "comparing":
                self._publish_compare()
            case "opening":
                self._build_epoch()
                if self.phase != "opening":
                    self.pump()
            case "reissuing":
                self._reissue()

    def _publish_birth(self) -> None:
        question = self._time.ask()
        birth = Birth(
            station=self._station,
            head=self._stream.signed_head(),
            boot=self._delegate.boot_id(),
            nonce=self._nonce,
            software=self._delegate.software(),
            twin_version=self._delegate.twin_version(),
            generation=self._stream.generation,
            question=question,
            contract=MINOR,
        )
        self._channel.publish_acknowledged("birth", encode(birth), lambda code: self._on_birth_puback(code, question))

    def _on_birth_puback(self, reason_code: int, question: bytes | None) -> None:
        if reason_code == 0:
            if self.phase == "asking":
                self._await_welcome()
            return
        self._time.undelivered(question)
        if self.phase != "asking":
            # This birth only asked for the time again, which TimeQuestion plans.
            return
        if reason_code == NOT_AUTHORIZED:
            self._alarms.raise_once(alarm_codes.BIRTH_REFUSED, "major", "the broker does not let this station publish")
        self._put_off(f"birth not delivered, reason code 0x{reason_code:02x}")

    def _await_welcome(self) -> None:
        """After the first birth without a welcome and the second, plan the next one sooner than `pump` did."""
        self._unanswered += 1
        if self._unanswered <= len(WELCOME_WAITS_MS):
            shortest, longest = WELCOME_WAITS_MS[self._unanswered - 1]
            wait_ms = shortest + int(self._jitter() * (longest - shortest))
            self._due_ms = min(self._due_ms, self._mono_ms() + wait_ms)

    def _put_off(self, why: str) -> None:
        if not self._backoff.failing:
            log.warning("%s: the county does not answer: %s", self._station, why)
        self._wait_longer()

    def _wait_longer(self) -> None:
        now = self._mono_ms()
        self._due_ms = now + self._backoff.wait_ms(now)

    def on_welcome(self, raw: bytes, *, mono_ms: int) -> None:
        """Take the county's answer to a birth.

        Raises:
            Refused: It is not the county's answer to this station.
        """
        welcome = unseal_welcome(raw, station=self._station, public_keys=self._keys)
        if not self._time.is_ours(welcome.nonce) or welcome.epoch != self._stream.epoch:
            # It came late: it answers a birth of an earlier connection, or of a stream that has ended since.
            log.info("%s: a welcome for another birth is ignored", self._station)
            return
        self._unanswered = 0
        self._contract.note(welcome.contract)
        self._take_time(welcome, answered_ms=mono_ms)
        # In another phase the birth only asked for the time again: where the two stand is known, or being found out.
        if self.phase != "asking" or self._time_only:
            return
        match agree(self._stream, welcome):
            case Continue() as agreed if welcome.generation > self._stream.generation:
                # The new generation is stored only when all is reissued: a crash before that repeats the reissue.
                self._reissuer.begin(welcome.generation)
                self._agreement = welcome, agreed
                self.phase = "reissuing"
                self._reissue()
            case Continue() as agreed:
                self._begin_sending(welcome, agreed)
            case Disagree(reason=reason, county_through=through) as disagreement:
                log.error("%s: the county's stream %s at seq %d", self._station, reason, through)
                self.phase = "comparing"
                self._disagreement = disagreement
                self._due_ms = self._mono_ms()

    def _take_time(self, welcome: Welcome, *, answered_ms: int) -> None:
        """Believe signed time only if it is the first answer to the newest question and came promptly.

        Otherwise somebody on the line could keep an answer back and set the station's clock late.
        """
        asked_ms = self._time.answered(welcome.nonce)
        if asked_ms is None:
            return
        if welcome.wall == NOT_TOLD:
            log.info("%s: the county does not trust its own clock and tells no time", self._station)
            self._delegate.on_no_county_time()
        elif 0 <= answered_ms - asked_ms <= ANSWER_WITHIN_MS:
            self._on_time(welcome, asked_ms, answered_ms)
        if self.phase == "agreed":
            self._time.plan()

    def _begin_sending(self, welcome: Welcome, agreed: Continue) -> None:
        self.phase = "agreed"
        if agreed.lowered:
            log.warning("%s: the county has facts up to %d only; the rest is sent again", self._station, agreed.after)
            # By a new generation the county has said itself that it came back from a backup: there is no riddle.
            if welcome.generation <= self._stream.generation:
                detail = f"县里只有到第 {agreed.after} 条的记录，其余重新上传"
                self._alarms.raise_once(alarm_codes.COUNTY_LOST_FACTS, "major", detail)
        # A welcome tells as much as a receipt, and it is signed like one. So the facts count as safe from now on.
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
        self._on_agreed(agreed.after)
        self._time.plan()

    def _reissue(self) -> None:
        """Ask about the next earlier stream, or reissue some of the facts which the county lacks of it."""
        question = self._reissuer.question
        if question is not None:
            self._due_ms = self._mono_ms() + COUNTY_REPLY_MS
            self._channel.publish_acknowledged("compare", encode(question), self._on_compare_puback)
            return
        try:
            self._reissuer.reissue_some()
        except StorageFull:
            log.exception("%s: no room for what the county lacks", self._station)
            self._wait_longer()
            return
        self._due_ms = self._mono_ms() + NEXT_PIECE_MS
        if self._reissuer.done and self._agreement is not None:
            self._begin_sending(*self._agreement)

    def _publish_compare(self) -> None:
        self._due_ms = self._mono_ms() + COUNTY_REPLY_MS
        marks = self._stream.spaced_heads()
        if not marks:
            # Nothing of this stream can be compared any more, so nothing of it counts as matched.
            self._open_epoch(matched=0)
            return
        compare = Compare(station=self._station, epoch=self._stream.epoch, marks=marks)
        self._channel.publish_acknowledged("compare", encode(compare), self._on_compare_puback)

    def _on_compare_puback(self, reason_code: int) -> None:
        if reason_code != 0 and self.phase in ("comparing", "reissuing"):
            self._put_off(f"comparison not delivered, reason code 0x{reason_code:02x}")

    def on_match(self, raw: bytes) -> None:
        """Take the answer to a comparison: of an earlier stream, or of the current one, which then ends.

        Raises:
            Refused: It is not the county's answer to this station.
        """
        match = unseal_match(raw, station=self._station, public_keys=self._keys)
        if self.phase == "reissuing":
            lacking = self._reissuer.on_match(match)
            if lacking is None:
                log.info("%s: a match that nobody asked for is ignored", self._station)
                return
            if lacking:
                log.warning("%s: the county lacks %d facts of an earlier stream", self._station, lacking)
            self._reissue()
        elif self.phase != "comparing" or match.epoch != self._stream.epoch:
            log.info("%s: a match that nobody asked for is ignored", self._station)
        elif match.through > self._stream.through:
            log.error("%s: a match at seq %d, which the stream does not have", self._station, match.through)
        else:
            self._open_epoch(matched=match.through)

    def _open_epoch(self, *, matched: int) -> None:
        disagreement = self._disagreement
        if disagreement is None:
            return
        try:
            self._stream.begin_epoch(disagreement.reason, matched=matched)
        except StorageFull:
            log.exception("%s: no room for a new epoch", self._station)
            self._wait_longer()
            return
        detail = f"原来的记录核对到第 {matched} 条一致，县里到第 {disagreement.county_through} 条；已另开记录流"
        self._alarms.raise_once(alarm_codes.STREAM_ENDED[disagreement.reason], "critical", detail)
        self._begin_asking_when_built()

    def _build_epoch(self) -> None:
        """Build a piece of the new stream."""
        try:
            self._stream.continue_epoch()
        except StorageFull:
            log.exception("%s: no room for the new epoch", self._station)
            self._wait_longer()
            return
        self._begin_asking_when_built()

    def _begin_asking_when_built(self) -> None:
        if self._stream.opening:
            self.phase = "opening"
            self._due_ms = self._mono_ms() + NEXT_PIECE_MS
        else:
            self.ask_again(after_ms=0)
