"""The station's outbox: committed facts are on disk, in order, until the county's receipt and long after it.

When `Outbox.commit` has returned, the lamp may turn green. A fact's identity is ``(station, epoch, seq)``; seq comes
from the stream itself, never from a clock. Only a receipt tells what the county has.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.storage.errors import Damaged, StorageError
from agent.storage.outbox import prune
from agent.storage.outbox.disk import Disk, RealDisk
from agent.storage.outbox.earlier import EarlierStream, earlier_streams, spaced_heads
from agent.storage.outbox.next_stream import NextStream, load_next, write_next
from agent.storage.outbox.opening import open_file
from agent.storage.outbox.progress import MS_PER_DAY, Progress, ReceiptBook, load_progress, write_progress
from agent.storage.outbox.reissue import reissue
from agent.storage.outbox.stream import Appender, Tip, load_tip, read_facts
from agent.storage.store import Store
from protocol import birth, chain
from protocol.envelope import SENT_FACT_BYTES, SENT_FACTS, Envelope, SealedFact
from protocol.facts import MAX_BODY_BYTES, EpochReason, Fact, encode_fact
from protocol.heads import SignedHead, sign_head
from protocol.receipts import Receipt
from protocol.units import DATED_QUALITIES, FactRef, Moment

MAX_COMMIT_BYTES = MAX_BODY_BYTES - 256
"""Largest body that `Outbox.commit` takes: a later re-issue wraps it, and must fit too."""

FACTS_AT_ONCE = 500
"""How many facts are re-issued in one transaction, so that nobody waits long at the reader."""
_FACT_OVERHEAD = 24
"""Bytes of MessagePack around a sealed fact: salt and lengths."""


class Outbox:
    """The open outbox. Use it from one thread."""

    def __init__(
        self,
        store: Store,
        *,
        tip: Tip,
        progress: Progress,
        station: str,
        record_key: Ed25519PrivateKey,
        now: Callable[[], Moment],
    ) -> None:
        """Take over an opened and checked store; see `open`."""
        self._store = store
        self._tip = tip
        self._book = ReceiptBook(progress)
        self._station = station
        self._record_key = record_key
        self._now = now
        self._unsure = False
        """A write failed, so the file may say something else than this object: see `_transaction`."""
        self._damage: Damaged | None = None
        self._next = load_next(store, newest=tip.number + 1)
        self._signed: SignedHead | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        station: str,
        record_key: Ed25519PrivateKey,
        now: Callable[[], Moment],
        vfs: str = "",
        disk: Disk | None = None,
        within_s: float = 0.0,
        working: Callable[[], None] = lambda: None,
    ) -> Self:
        """Open the outbox file, or make it, or salvage it. A damaged file never keeps a station from starting.

        It is set aside as ``NAME.bad-YYYYmmddTHHMMSS``. Its readable facts are carried over. Those without a receipt
        are re-issued in a new stream, and gaps among these are stated as `FactsLost`.

        Args:
            station: The station's id; it enters every head.
            record_key: Signs heads.
            now: Dates the facts that the outbox itself writes.
            vfs: Name of a SQLite VFS to go through instead of the system's.
            disk: What renames and removes whole files, if not the operating system; it names its own VFS.
            within_s: How long another process that looks at the file is waited for.
            working: Called again and again until this returns: to check a large file takes some time, and to salvage
                one takes minutes on a slow card.

        Raises:
            StorageFull: No room to make or salvage the file; what was there is untouched.
            StorageFailed: The disk failed, another process has the file, or it is another station's.
        """
        disk = disk or RealDisk(vfs=vfs)
        store, tip, progress = open_file(path, disk, station=station, now=now, within_s=within_s, working=working)
        return cls(store, tip=tip, progress=progress, station=station, record_key=record_key, now=now)

    @property
    def epoch(self) -> bytes:
        """The 16 random bytes that name the current stream."""
        return self._tip.epoch

    @property
    def through(self) -> int:
        """The last seq of the current stream; at least 1, its `EpochOpened`."""
        return self._tip.through

    @property
    def head(self) -> bytes:
        """The chain's value at `through`."""
        return self._tip.head

    @property
    def receipted(self) -> int:
        """The last seq of the current stream that the county has, it and all before it."""
        return self._book.receipted

    @property
    def waiting(self) -> int:
        """How many facts of the current stream have no receipt."""
        return self.through - self.receipted

    @property
    def damage(self) -> Damaged | None:
        """What a write found wrong with the file itself, or None. Only opening the outbox anew can mend it."""
        return self._damage

    def commit(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> list[FactRef]:
        """Put facts on disk together, in this order, and return their identities: now they can't be lost.

        Args:
            state: Values by key, for `get`; on disk together with the facts, or not at all.

        Raises:
            StorageFull: Nothing was written; later commits work when there is room again.
            StorageFailed: Nothing of it counts.
            ValueError: A fact is larger than `MAX_COMMIT_BYTES`; nothing was written.
        """
        bodies = [encode_fact(fact) for fact in facts]
        if any(len(body) > MAX_COMMIT_BYTES for body in bodies):
            raise ValueError(f"a fact is larger than {MAX_COMMIT_BYTES} bytes")
        if not bodies and not state:
            return []
        with self._transaction():
            for key, value in (state or {}).items():
                self._store.write_state(key, value)
            appender = Appender(self._store, self._tip)
            seqs = [appender.add(body) for body in bodies]
            appender.flush()
            self._book.write(self._store, issued=appender.tip.through, now=self._now())
        # Only now: if the transaction fails, the stream still ends where it ended before.
        self._tip = appender.tip
        self._book.written()
        return [FactRef(epoch=self.epoch, seq=seq) for seq in seqs]

    def signed_head(self) -> SignedHead:
        """Return the record key's signature over `through` and `head`; the same bytes while these are the same."""
        if self._signed is None or (self._signed.epoch, self._signed.head) != (self.epoch, self.head):
            self._signed = self._sign(self.through, self.head)
        return self._signed

    def envelope_after(
        self, seq: int, *, max_facts: int = SENT_FACTS, max_bytes: int = SENT_FACT_BYTES
    ) -> Envelope | None:
        """Return the facts after ``seq`` of the current stream with the signed head at the last of them.

        Args:
            max_facts: At most so many facts.
            max_bytes: At most so many bytes of facts, though always one fact.

        Returns:
            None when there is no fact after ``seq``, or when the county has the next one and it can't be read here: it
            was erased, or it is damaged.

        Raises:
            Damaged: The next fact has no receipt and is not what was committed. It is not sent; opening the outbox anew
                salvages the rest.
            StorageFailed: The disk failed.
        """
        facts: list[SealedFact] = []
        head, size = b"", 0
        for stored in read_facts(self._store, self._tip.number, first=seq + 1, last=min(self.through, seq + max_facts)):
            if stored.salt is None or stored.body is None:
                break
            if not stored.intact():
                # The intact facts before it go first; the next call finds it again.
                if facts or stored.seq <= self.receipted:
                    break
                raise Damaged(f"seq {stored.seq} is not what was committed")
            size += len(stored.body) + _FACT_OVERHEAD
            if facts and size > max_bytes:
                break
            facts.append(SealedFact(salt=stored.salt, body=stored.body))
            head = stored.head
        if not facts:
            return None
        return Envelope(station=self._station, first=seq + 1, facts=facts, head=self._sign(seq + len(facts), head))

    def head_at(self, seq: int) -> bytes | None:
        """Return the chain's value of the current stream at ``seq``, or None when it is beyond `through`."""
        if seq == self.through:
            return self.head
        if seq == 0:
            return chain.first_head(station=self._station, epoch=self.epoch)
        return next((fact.head for fact in read_facts(self._store, self._tip.number, first=seq, last=seq)), None)

    def take_receipt(self, receipt: Receipt) -> bool:
        """Note up to where the county has the facts.

        The note becomes durable with the next write. If it is lost before, some facts are sent once more.
        A newer generation may lower `receipted`. Facts that the county holds unread are kept here for good.

        Returns:
            False when the receipt does not fit the current stream: another station or epoch, a seq beyond `through`,
            or another head. Nothing is noted then.
        """
        if receipt.station != self._station or receipt.epoch != self.epoch:
            return False
        if self.head_at(receipt.through) != receipt.head:
            return False
        held = {held.seq: held.reason for held in receipt.held if held.seq <= receipt.through}
        self._book.take(through=receipt.through, generation=receipt.generation, held=held)
        return True

    def spaced_heads(self) -> list[birth.HeadAtSeq]:
        """Return the heads at `through`, one before, three, seven, … and at 1: falling, at most `MAX_HEADS`."""
        return spaced_heads(self._store, self._tip.number, through=self.through)

    @property
    def generation(self) -> int:
        """The county's generation as the newest receipt said; 0 before the first."""
        return self._book.generation

    def earlier_streams(self) -> list[EarlierStream]:
        """Return the streams before the current one that a county of a new generation is to be asked about."""
        return earlier_streams(self._store, newest=self._tip.number)

    def reissue_earlier(self, earlier: EarlierStream, *, after: int) -> None:
        """Re-issue, in the current stream, the facts ``after + 1`` … ``matched`` of an earlier one.

        Raises:
            StorageFull: Nothing was written.
            StorageFailed: Nothing of it counts.
        """
        number, at = earlier.number, self._now()
        with self._transaction():
            appender = Appender(self._store, self._tip)
            through = earlier.matched
            reissue(self._store, appender, stream=number, epoch=earlier.epoch, after=after, through=through, at=at)
            appender.flush()
            self._book.write(self._store, issued=appender.tip.through, now=at)
        self._tip = appender.tip
        self._book.written()

    @property
    def opening(self) -> bool:
        """Whether a new stream is being built: `continue_epoch` goes on with it."""
        return self._next is not None

    def begin_epoch(self, reason: EpochReason, *, matched: int) -> None:
        """Begin to build a new stream that re-issues every fact of the current one after ``matched``.

        If the facts are at most `FACTS_AT_ONCE`, the new stream is the current one when this returns. Otherwise
        `continue_epoch` builds it, also in a later run, and facts are committed to the current stream meanwhile. If one
        is being built already, nothing is done.

        Args:
            matched: Up to which seq the county has the same facts as this stream.

        Raises:
            StorageFull: Nothing changed.
            StorageFailed: Nothing changed.
        """
        if self.opening:
            return
        ended, matched = self.epoch, min(matched, self.through)
        with self._transaction():
            # A transaction that failed before may count all the same: then this stream has ended already.
            if self.opening or self.epoch != ended:
                return
            appender = Appender.begin(
                self._store,
                station=self._station,
                number=self._tip.number + 1,
                reason=reason,
                previous=ended,
                matched=matched,
                at=self._now(),
            )
            after = self._build(appender, done=matched)
        self._built(appender, after)

    def continue_epoch(self) -> None:
        """Add a piece to the stream that is being built; after the last piece it is the current one.

        Raises:
            StorageFull: Nothing changed.
            StorageFailed: Nothing changed.
        """
        with self._transaction():
            if self._next is None:
                return
            appender = Appender.resume(self._store, station=self._station, number=self._next.number)
            after = self._build(appender, done=self._next.done)
        self._built(appender, after)

    def open_epoch(self, reason: EpochReason, *, matched: int) -> None:
        """Begin a new stream and build all of it.

        Raises:
            StorageFull: The stream before is still the current one, and what is built stays.
            StorageFailed: As before, for another failure.
        """
        self.begin_epoch(reason, matched=matched)
        while self.opening:
            self.continue_epoch()

    def _build(self, appender: Appender, *, done: int) -> Progress | NextStream:
        """Re-issue a piece, inside the caller's transaction; return the new stream's progress if it was the last."""
        old, at, through = self._tip, self._now(), min(done + FACTS_AT_ONCE, self.through)
        reissue(self._store, appender, stream=old.number, epoch=old.epoch, after=done, through=through, at=at)
        if through < old.through:
            appender.flush()
            built = NextStream(number=appender.tip.number, done=through)
            write_next(self._store, built)
            return built
        # The old stream as it ended: `prune` and salvage go by this row later.
        self._book.write(self._store, issued=old.through, now=at)
        appender.finish_reissue()
        progress = Progress(
            stream=appender.tip.number, day=0, generation=self._book.generation, issued=appender.tip.through
        )
        write_progress(self._store, progress)
        if self._next is not None:
            write_next(self._store, None)
        return progress

    def _built(self, appender: Appender, after: Progress | NextStream) -> None:
        """Take over what `_build` has made durable."""
        if isinstance(after, NextStream):
            self._next = after
        else:
            self._tip, self._book, self._next = appender.tip, ReceiptBook(after), None

    def get(self, key: str) -> bytes | None:
        """Return a value that `put` or `commit` stored; None when there is none, or when it is damaged."""
        return self._store.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Store a value durably under ``key``; an equal one is not written again.

        Raises:
            StorageFull: Nothing changed.
            StorageFailed: Nothing changed.
        """
        # After a failed write even an equal value is written: what that write left in the log could otherwise count at
        # the next start.
        surely_there = not self._unsure
        with self._transaction():
            if surely_there and self._store.get(key) == value:
                return
            self._store.write_state(key, value)
            self._book.write(self._store, issued=self.through, now=self._now())
        self._book.written()

    def prune(self, *, before_wall_ms: int) -> int:
        """Erase the bodies of facts that were receipted before then, and at least 90 days ago, in small transactions.

        Returns:
            How many were erased; none while the clock is not trusted.

        Raises:
            StorageFull: Some may have been erased.
            StorageFailed: Some may have been erased.
        """
        erased = 0
        while some := self.prune_some(before_wall_ms=before_wall_ms):
            erased += some
        return erased

    def prune_some(self, *, before_wall_ms: int) -> int:
        """Do a piece of `prune` in one transaction, so that no touch waits long for it.

        Returns:
            How many bodies were erased; 0 when there is nothing more to erase.

        Raises:
            StorageFull: Nothing was erased.
            StorageFailed: Nothing was erased.
        """
        now = self._now()
        if now.quality not in DATED_QUALITIES:
            return 0
        self._write_receipts(now)
        before = min(before_wall_ms, now.wall - prune.KEEP_DAYS * MS_PER_DAY)
        with self._transaction():
            return prune.erase_some(self._store, prune.erasable(self._store, before_wall_ms=before))

    def close(self) -> None:
        """Write the receipts that are only in memory, and close the file.

        Raises:
            StorageFull: The receipts were not noted; the file is closed, and nothing else is lost.
            StorageFailed: As before, for another failure.
        """
        try:
            self._write_receipts(self._now())
        finally:
            self._store.close()

    def _write_receipts(self, now: Moment) -> None:
        """Make the receipts since the last write durable."""
        if self._book.dirty:
            with self._transaction():
                self._book.write(self._store, issued=self.through, now=now)
            self._book.written()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Like `Store.transaction`. After a failure, the next one first reads from the file where the stream stands.

        A COMMIT that failed may count all the same; then the next fact must not get the same seq.
        """
        try:
            if self._unsure:
                self._reload()
            with self._store.transaction():
                yield
        except StorageError as error:
            self._unsure = True
            self._damage = error if isinstance(error, Damaged) else self._damage
            raise

    def _reload(self) -> None:
        self._tip = load_tip(self._store, station=self._station)
        self._next = load_next(self._store, newest=self._tip.number + 1)
        progress = load_progress(self._store, self._tip.number)
        if progress is None:
            raise Damaged(f"stream {self._tip.number} has no progress")
        if progress.stream != self._book.stream:
            self._book = ReceiptBook(progress)
        self._unsure = False

    def _sign(self, through: int, head: bytes) -> SignedHead:
        return sign_head(self._record_key, station=self._station, epoch=self.epoch, through=through, head=head)
