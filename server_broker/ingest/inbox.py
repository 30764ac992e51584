"""Messages that wait for the worker, taken out by turns, so that no station waits for what another sends.

Pure: no thread, no socket, and the clock is given.

**By turns.** Each station has an account of the worker's time that it has used. Of the messages at hand the one goes
first after which its station will have used least. So a touch goes before the week's backlog of five hundred stations
that have used as much. A message is charged when it is taken, by its size; where a station's messages turn out to be
dearer than that, the worker charges the rest (`FairInbox.charge`). A station that comes new begins where the others
stand, so nobody saves time up. That is fair queueing by finish numbers (Demers, Keshav and Shenker 1989, "Analysis and
Simulation of a Fair Queueing Algorithm") with the clock of start-time fair queueing (Goyal, Vin and Cheng 1996).

**Bounded.** A station has only so many messages of a kind waiting. An honest one never meets the bound: by the contract
(docs/protocol.md, 5 and 9.3) it has one envelope, one question and one piece of a picture under way, and a repeat of
each. What comes beyond is let go: the station that was given no receipt sends its facts again. Of messages that state a
latest value the newest stays, and of all others the oldest. A latest value is taken every few seconds only: there is no
quota for them as for facts, and each may write hundreds of rows.

**Those who owe share.** All that owe together have `PAID_A_SECOND` of the worker's time, however many they are. So ten
stolen stations get no more of it than one.

**Three precedences.** Only messages of one compete, so what a station has used is counted for each apart. If not, one
that sends pictures would put everybody's next touch behind all backlogs. Births go before facts, because a station
believes a welcome for 2 s only. Pieces of pictures go after facts, a few at a time.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from server_broker.ingest.messages import Incoming

MESSAGE_S = 0.0005
"""What a message costs the worker beside its bytes. 1,000 births or short envelopes take it about half a second."""
BYTE_S = 0.5 / 2**20
"""What a byte costs: facts of 1 MiB take the worker about half a second."""
BLOBS_AT_ONCE = 32
"""Messages about pictures in one batch: few, so that facts that come meanwhile wait briefly."""
MAX_BLOBS = 400
"""Most messages about pictures that wait, of all stations. The rest of the receive maximum is for facts."""
MAX_UNSURE_BYTES = 32 * 2**20
"""With more bytes of QoS 0 waiting, more are dropped. Nothing that must arrive is sent by QoS 0."""
DEBT_S = 1.0
"""A station may cost this much more than its messages are charged for. Then it waits until it owes only so much."""
LESS_FOR_S = 600.0
"""For how long a station whose messages reached the limit of a batch gets fewer into one."""
PAID_A_SECOND = 0.2
"""How much those who owe pay in a second, all together: the part of the worker's time that dear messages may take."""


class Precedence(IntEnum):
    """What goes before what."""

    BIRTHS = 0
    FACTS = 1
    BLOBS = 2


@dataclass(frozen=True, slots=True)
class _Kind:
    precedence: Precedence
    most: int
    """Messages of one station that may wait."""
    newest: bool = False
    """Whether the newest stays when there are more."""
    every_s: float = 0.0
    """How long the next one of a station waits after one was taken."""


_OTHER = _Kind(Precedence.FACTS, 4)
"""Of a leaf that is none of the contract's: such a message goes into quarantine."""
_KINDS = {
    # A welcome is believed for 2 s, and a station that lost its connection may be back within a second.
    "birth": _Kind(Precedence.BIRTHS, 1, newest=True, every_s=0.5),
    "facts": _Kind(Precedence.FACTS, 8),
    "compare": _Kind(Precedence.FACTS, 4),
    "vitals": _Kind(Precedence.FACTS, 1, newest=True, every_s=5.0),
    "reported": _Kind(Precedence.FACTS, 1, newest=True, every_s=5.0),
    "gone": _Kind(Precedence.FACTS, 4, newest=True),
    "asked": _Kind(Precedence.BLOBS, 4),
    "blob": _Kind(Precedence.BLOBS, 8),
}


def precedence_of(message: Incoming) -> Precedence:
    """Return what a message goes before and after."""
    return _KINDS.get(message.leaf, _OTHER).precedence


@dataclass(slots=True)
class _Account:
    """What a station has used of the worker's time, in seconds."""

    station: str
    used_s: dict[Precedence, float] = field(default_factory=lambda: dict.fromkeys(Precedence, 0.0))
    """What it has used of the worker's time, for the messages of each precedence."""
    owes_until_s: float = 0.0
    """Once whoever owes has paid so much (`_Debts.paid_s`), this one owes nothing more."""
    let_go: int = 0
    """Messages that were let go since somebody asked."""
    waiting: dict[Precedence, int] = field(default_factory=lambda: dict.fromkeys(Precedence, 0))
    most: int = 0
    """How many of its messages are taken at once up to ``most_until`` (monotonic, s)."""
    most_until: float = 0.0

    def at_once(self, at: float) -> int | None:
        """Return how many messages may be taken at once; None: any number."""
        return self.most if at < self.most_until else None


class _Debts:
    """What the messages of some stations cost beyond what they were charged for. Those who owe pay alike."""

    def __init__(self, at: float) -> None:
        self._at = at
        self._paid_s = 0.0
        """What a station would have paid that has owed from the beginning."""
        self._owing: list[_Account] = []

    def owed_s(self, account: _Account, at: float) -> float:
        """Return what a station owes at a time (monotonic, s)."""
        self._pay(at)
        return max(0.0, account.owes_until_s - self._paid_s)

    def add(self, account: _Account, seconds: float, at: float) -> None:
        """Have a station owe so much more."""
        owed_s = self.owed_s(account, at)
        if not owed_s:
            self._owing.append(account)
        account.owes_until_s = self._paid_s + owed_s + seconds

    def _pay(self, at: float) -> None:
        left_s = at - self._at
        self._at = at
        while self._owing and left_s > 0:
            first = min(self._owing, key=lambda one: one.owes_until_s)
            # Up to when the next one is done, all of them pay alike.
            takes_s = (first.owes_until_s - self._paid_s) * len(self._owing) / PAID_A_SECOND
            if takes_s > left_s:
                self._paid_s += left_s * PAID_A_SECOND / len(self._owing)
                return
            left_s -= takes_s
            self._paid_s = first.owes_until_s
            self._owing = [one for one in self._owing if one.owes_until_s > self._paid_s]


@dataclass(slots=True, eq=False)
class LeafQueue:
    """The messages of one station on one leaf. `FairInbox.queue` returns it, `FairInbox.put` fills it."""

    kind: _Kind
    account: _Account
    topic: str
    messages: deque[Incoming] = field(default_factory=deque)
    next_at: float = 0.0
    """When the next one may be taken (monotonic, s)."""

    @property
    def is_closed(self) -> bool:
        """Whether the next message would be let go: then its bytes need not be copied."""
        return len(self.messages) >= self.kind.most and not self.kind.newest

    @property
    def would_have_used_s(self) -> float:
        """What the station will have used after the first message here, which must exist."""
        return self.account.used_s[self.kind.precedence] + price_s(self.messages[0])

    def let_one_go(self) -> None:
        """Count a message that is not taken, or gives way to a later one."""
        self.account.let_go += 1


def price_s(message: Incoming) -> float:
    """Return what a message is charged when it is taken."""
    return MESSAGE_S + len(message.payload) * BYTE_S


class FairInbox:
    """Used by one thread at a time: its owner locks it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Make an empty inbox. ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._accounts: dict[str, _Account] = {}
        self._queues: dict[str, LeafQueue] = {}
        self._busy: dict[Precedence, dict[LeafQueue, None]] = {precedence: {} for precedence in Precedence}
        """Queues with messages, as ordered sets: of a station's own, and of equal turns, the first come goes first."""
        self._blobs = 0
        self._unsure_bytes = 0
        self._debts = _Debts(clock())
        self._reached_s = dict.fromkeys(Precedence, 0.0)
        """What the station that was taken from last had used: where a station begins that comes new."""

    def queue(self, topic: str) -> LeafQueue:
        """Return the queue of a topic."""
        queue = self._queues.get(topic)
        if queue is None:
            before, _, leaf = topic.rpartition("/")
            station = before.rpartition("/")[2]
            account = self._accounts.setdefault(station, _Account(station))
            queue = self._queues[topic] = LeafQueue(_KINDS.get(leaf, _OTHER), account, topic)
        return queue

    def put(self, queue: LeafQueue, message: Incoming) -> Incoming | None:
        """Take a message in, and return the one that was let go for it, if any: that may be itself."""
        kind, account, messages = queue.kind, queue.account, queue.messages
        full = kind.precedence is Precedence.BLOBS and self._blobs >= MAX_BLOBS
        if full or queue.is_closed or (message.unsure and self._unsure_bytes > MAX_UNSURE_BYTES):
            queue.let_one_go()
            return message
        gone = None
        if len(messages) >= kind.most:
            queue.let_one_go()
            gone = messages.popleft()
            self._count(queue, gone, -1)
        if not account.waiting[kind.precedence]:
            self._catch_up(account, kind.precedence)
        messages.append(message)
        self._count(queue, message, 1)
        self._busy[kind.precedence][queue] = None
        return gone

    def _catch_up(self, account: _Account, precedence: Precedence) -> None:
        """Have a station begin where the others stand."""
        account.used_s[precedence] = max(account.used_s[precedence], self._reached_s[precedence])

    def _count(self, queue: LeafQueue, message: Incoming, sign: int) -> None:
        queue.account.waiting[queue.kind.precedence] += sign
        if queue.kind.precedence is Precedence.BLOBS:
            self._blobs += sign
        if message.unsure:
            self._unsure_bytes += sign * len(message.payload)

    def put_back(self, messages: Sequence[Incoming], *, most: int) -> None:
        """Put a station's messages back to where they were taken from, in their order, before what came meanwhile.

        They are charged once more when they are taken again, because they are processed again.

        Args:
            most: How many of the station are taken at once for the next `LESS_FOR_S`. 1 or more.
        """
        for message in reversed(messages):
            queue = self.queue(message.topic)
            queue.messages.appendleft(message)
            self._count(queue, message, 1)
            self._busy[queue.kind.precedence][queue] = None
            queue.account.most, queue.account.most_until = most, self._clock() + LESS_FOR_S

    def has_ready(self) -> bool:
        """Tell whether some message may be taken now."""
        at = self._clock()
        return any(self._is_ready(queue, at) for busy in self._busy.values() for queue in busy)

    def _is_ready(self, queue: LeafQueue, at: float) -> bool:
        return at >= queue.next_at and self._debts.owed_s(queue.account, at) <= DEBT_S

    def take(self, *, max_messages: int, max_bytes: int, blobs: bool = True) -> list[Incoming]:
        """Return births, then facts and what goes with them, then, if ``blobs``, a few pieces of pictures, by turns.

        At most half of ``max_messages`` and ``max_bytes`` are births, so that facts get through a storm of births.
        Pieces of pictures have as many bytes again for themselves.
        """
        births = self._take(Precedence.BIRTHS, max_messages // 2 or 1, max_bytes // 2)
        left = max(0, max_bytes - sum(len(message.payload) for message in births))
        facts = self._take(Precedence.FACTS, max_messages - len(births), left)
        return [*births, *facts, *(self._take(Precedence.BLOBS, BLOBS_AT_ONCE, max_bytes) if blobs else ())]

    def _take(self, precedence: Precedence, most: int, max_bytes: int) -> list[Incoming]:
        busy, at = self._busy[precedence], self._clock()
        ready: defaultdict[str, deque[LeafQueue]] = defaultdict(deque)
        for queue in busy:
            if self._is_ready(queue, at):
                ready[queue.account.station].append(queue)
        turns = [(queues[0].would_have_used_s, number, queues) for number, queues in enumerate(ready.values())]
        heapq.heapify(turns)
        taken: list[Incoming] = []
        of_those_with_less: Counter[str] = Counter()
        passed_over: list[_Account] = []
        size = 0
        while turns and len(taken) < most and size < max_bytes:
            _, number, queues = turns[0]
            queue, account = queues[0], queues[0].account
            if (at_once := account.at_once(at)) is not None:
                if of_those_with_less[account.station] == at_once:
                    passed_over.append(account)
                    heapq.heappop(turns)
                    continue
                of_those_with_less[account.station] += 1
            message = queue.messages.popleft()
            self._count(queue, message, -1)
            taken.append(message)
            size += len(message.payload)
            self._reached_s[precedence] = max(self._reached_s[precedence], account.used_s[precedence])
            account.used_s[precedence] += price_s(message)
            queue.next_at = at + queue.kind.every_s
            if not queue.messages:
                del busy[queue]
            if not queue.messages or queue.kind.every_s:
                queues.popleft()
            if queues:
                heapq.heapreplace(turns, (queues[0].would_have_used_s, number, queues))
            else:
                heapq.heappop(turns)
        for account in passed_over:
            # It waits by its own fault, so it saves nothing up.
            self._catch_up(account, precedence)
        return taken

    def charge(self, station: str, seconds: float) -> None:
        """Charge a station for what its messages cost beyond their price."""
        account = self._accounts.setdefault(station, _Account(station))
        for precedence in Precedence:
            account.used_s[precedence] += seconds
        self._debts.add(account, seconds, self._clock())

    def let_go(self) -> dict[str, int]:
        """Return how many messages of each station were let go since the last call."""
        found: defaultdict[str, int] = defaultdict(int)
        for account in self._accounts.values():
            if account.let_go:
                found[account.station] += account.let_go
                account.let_go = 0
        return dict(found)
