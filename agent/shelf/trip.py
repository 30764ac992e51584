"""One trip to a source: bring the shelf nearer to its index, file by file, and put each bundle in force when it is
whole.

A trip runs on a thread of its own and may be cut off at any moment, also by a power cut. What it did so far stays.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from copy import replace
from typing import Literal

from msgspec import Struct, field

from agent.shelf.disk import ShelfDisk, item_name, signed_name
from agent.shelf.judging import MAX_SHELF_ITEMS, held_as, objection_to, open_entry
from agent.shelf.sealed import sealed_size, split_sealed
from agent.shelf.source import Bounds, NotGiven, Source, Unreachable, Wanted
from agent.shelf.state import HeldBundle, HeldIndex, ShelfState, Via
from agent.storage.errors import StorageError, StorageFull, storage_error
from protocol.bundles import MAX_BUNDLE_BYTES, Bundle, Item
from protocol.codec import decode
from protocol.refusal import Refused
from protocol.shelf_index import MAX_INDEX_BYTES, IndexEntry, ShelfIndex, open_index
from protocol.twin import NotWhole, PackState, PackStateName, ShelfReason, ShelfRef

log = logging.getLogger(__name__)

FETCH_S = 3_600.0
"""For one file. It is long, because a file may come over a slow line."""
HEADERS_BYTES = 1_500
"""What a request costs beside the bytes of its file: headers both ways, and their packets."""


_MAY_CHANGE = frozenset({"wrong_hash", "unknown_key", "bad_signature"})
"""Why bytes are refused that may be good at the next trip: the file decayed here, or the county has another key."""


class Allowance(Struct, frozen=True, kw_only=True):
    """What a trip may do, as it was when it began."""

    mono_ms: Callable[[], int]
    data_bytes: int | None = None
    """How much it may spend of the month's data; None for as much as it likes."""
    night_until_ms: int | None = None
    """When the night window closes, by ``mono_ms``; None while it is closed, or by a time that can't be trusted."""
    drops_at: int | None = None
    """The time if the county told it in this boot. Bundles that are over by it are dropped, or not fetched at all. None
    drops nothing: a time from elsewhere may be wrong, and what is dropped costs data once more."""
    signs_at: Callable[[], int] | None = None
    """Tells the time for a signed request; None while the station does not know it."""


class Addressee(Struct, frozen=True, kw_only=True):
    """Who this shelf belongs to, and whom it believes."""

    station: str
    region: str
    public_keys: Mapping[bytes, bytes]


class _Waits(Exception):
    """A file may not be fetched now.

    Attributes:
        reason: A code for the report.
    """

    def __init__(self, reason: ShelfReason) -> None:
        super().__init__(reason)
        self.reason: ShelfReason = reason


class Outcome(Struct):
    """What a trip came to."""

    states: dict[str, PackState] = field(default_factory=dict)
    """How far each bundle of the index is, by id, where it is not in force."""
    problem: str = ""
    """Why the trip ended early, English for the log."""
    reason: NotWhole | Literal[""] = ""
    """The same as a code, where the source or the index is the reason."""


class Trip:
    """Does one trip. `outcome` grows while it runs."""

    def __init__(
        self,
        disk: ShelfDisk,
        *,
        addressee: Addressee,
        allowance: Allowance,
        via: Via,
        changed: Callable[[], None],
        refused: dict[bytes, NotWhole],
    ) -> None:
        """Prepare.

        Args:
            changed: Called after each change of what is in force.
            refused: By the hash of a bundle, why an earlier trip refused it; the trip adds to it. What is refused is
                not fetched again.
        """
        self._disk = disk
        self._source: Source | None = None
        self.addressee = addressee
        self._allowance = allowance
        self._via: Via = via
        self._changed = changed
        self._refused = refused
        self._stopped = threading.Event()
        self.outcome = Outcome()

    def stop(self) -> None:
        """Have the trip end before its next file. Any thread may call it."""
        self._stopped.set()

    def run(self, source: Source, ref: ShelfRef | None, *, survey: bool) -> None:
        """Take the index that ``ref`` names, if it is newer than the one that is here, and fetch what is missing.

        Args:
            survey: Look first whether everything in force is still whole.

        Raises:
            StorageFull: The disk takes nothing more. What was in force is still in force.
            StorageFailed: As before.
        """
        self._source = source
        if survey:
            self._survey()
        try:
            index = self._index(ref)
            if index is not None:
                self._drop_what_is_over(index)
                # What may wait for the night comes last, so that it never stands in the way of what may not.
                for entry in sorted(index.bundles, key=lambda entry: entry.night):
                    self._serve(entry)
                self._sweep(index)
        except Unreachable as error:
            self.outcome.problem, self.outcome.reason = str(error), "unreachable"
        except (NotGiven, Refused, _Waits) as error:
            self.outcome.problem, self.outcome.reason = f"the index: {error}", error.reason

    def _survey(self) -> None:
        """Take out of force what is no longer whole: files may decay, and people may put a hand to them."""
        broken = set()
        for held in self._disk.state.held:
            try:
                items = self._items_of(held)
            except (Refused, OSError) as error:
                log.warning("bundle %s %d can't be read any more: %s", held.id, held.version, error)
                self._disk.discard(signed_name(held.sha256))
                broken.add(held.id)
                continue
            if not all(self._disk.has(item_name(item.sha256), item.size) for item in items):
                log.warning("bundle %s %d lacks a file", held.id, held.version)
                broken.add(held.id)
        if broken:
            self._keep(self._disk.state.dropping(broken))

    def _items_of(self, held: HeldBundle) -> list[Item]:
        payload, _ = self._disk.read_signed(held.sha256, limit=MAX_BUNDLE_BYTES)
        return decode(payload, Bundle, limit=MAX_BUNDLE_BYTES).items

    def _index(self, ref: ShelfRef | None) -> ShelfIndex | None:
        """Return the index that holds: the one that ``ref`` names, or the one that is here if that is not older."""
        here = self._disk.state.index
        if ref is None or (here is not None and here.version >= ref.version):
            return self._index_here(here)
        wanted = Wanted("bundles", ref.sha256, sealed_size(ref.size))
        self._bring(wanted)
        try:
            raw = self._disk.read_raw(wanted.name, limit=wanted.size, coming=True)
            payload, beside = split_sealed(raw, sha256=ref.sha256)
            index = open_index(
                payload,
                beside,
                station=self.addressee.station,
                sha256=ref.sha256,
                public_keys=self.addressee.public_keys,
            )
        except (Refused, OSError):
            self._disk.refuse(wanted.name)
            raise
        self._disk.adopt(wanted.name)
        named = {entry.id for entry in index.bundles}
        state = self._disk.state
        held = [one for one in state.held if one.id in named]
        self._keep(replace(state, index=HeldIndex(version=index.version, sha256=ref.sha256, size=ref.size), held=held))
        return index

    def _index_here(self, here: HeldIndex | None) -> ShelfIndex | None:
        if here is None:
            return None
        try:
            payload, _ = self._disk.read_signed(here.sha256, limit=MAX_INDEX_BYTES)
            return decode(payload, ShelfIndex, limit=MAX_INDEX_BYTES)
        except (Refused, OSError) as error:
            log.warning("the shelf's index can't be read any more: %s", error)
            self._disk.discard(signed_name(here.sha256))
            self._keep(replace(self._disk.state, index=None))
            raise Unreachable("the index that was here is lost, and is fetched again") from error

    def _drop_what_is_over(self, index: ShelfIndex) -> None:
        now = self._allowance.drops_at
        if now is None:
            return
        # A later index may have given a bundle an earlier end.
        ends = {entry.sha256: entry.not_after for entry in index.bundles}
        held = self._disk.state.held
        over = {one.id for one in held if min(one.not_after, ends.get(one.sha256, one.not_after)) <= now}
        if over:
            self._keep(self._disk.state.dropping(over))

    def _serve(self, entry: IndexEntry) -> None:
        """Bring one bundle into force, or note why that is not done.

        Raises:
            Unreachable: Nothing more can be fetched.
            StorageFull: As `run`.
            StorageFailed: As `run`.
        """
        held = self._disk.state.find(entry.id)
        if held is not None and held.sha256 == entry.sha256:
            return
        now = self._allowance.drops_at
        objection = objection_to(entry, self._disk.state) or self._refused.get(entry.sha256, "")
        if now is not None and entry.not_after <= now:
            self._note(entry, "expired", "")
        elif objection:
            self._note(entry, "refused", objection)
        else:
            self._try_to_take(entry)

    def _try_to_take(self, entry: IndexEntry) -> None:
        try:
            self._take(entry)
        except Refused as refused:
            log.warning("bundle %s %d refused: %s", entry.id, entry.version, refused)
            if refused.reason not in _MAY_CHANGE:
                self._refused[entry.sha256] = refused.reason
            self._note(entry, "refused", refused.reason)
        except NotGiven as error:
            log.warning("bundle %s %d not fetched: %s", entry.id, entry.version, error)
            self._note(entry, "refused", error.reason)
        except _Waits as waits:
            self._note(entry, "waiting", waits.reason)
        except Unreachable:
            self._note(entry, "fetching", "unreachable")
            raise
        except StorageError as error:
            self._note(entry, "waiting", "no_room" if isinstance(error, StorageFull) else "disk")
            raise

    def _take(self, entry: IndexEntry) -> None:
        wanted = Wanted("bundles", entry.sha256, sealed_size(entry.size), private=entry.access == "station")
        try:
            payload, beside, is_here = self._sealed(wanted, entry)
            keys, region = self.addressee.public_keys, self.addressee.region
            bundle = open_entry(entry, payload, beside, public_keys=keys, region=region)
            held = held_as(bundle, entry, via=self._via)
            others = sum(one.items for one in self._disk.state.held if one.id != entry.id)
            if others + held.items > MAX_SHELF_ITEMS:
                raise Refused("too_large", "the shelf would hold too many files")
        except Refused:
            self._disk.refuse(wanted.name)
            self._disk.discard(wanted.name)
            raise
        except OSError as error:
            raise storage_error(error) from error
        if not is_here:
            self._disk.adopt(wanted.name)
        for item in bundle.items:
            self._bring_item(item, entry)
        self._keep(self._disk.state.taking(held))
        log.info("bundle %s %d is in force", entry.id, entry.version)

    def _sealed(self, wanted: Wanted, entry: IndexEntry) -> tuple[bytes, bytes, bool]:
        """Return a bundle's bytes, the signature beside them, and whether its file has its place already."""
        if self._disk.has(wanted.name, wanted.size):
            try:
                return *self._disk.read_signed(entry.sha256, limit=entry.size), True
            except Refused:  # it has decayed, so it is fetched anew
                self._disk.discard(wanted.name)
        self._bring(wanted, entry)
        raw = self._disk.read_raw(wanted.name, limit=wanted.size, coming=True)
        return *split_sealed(raw, sha256=entry.sha256), False

    def _bring_item(self, item: Item, entry: IndexEntry) -> None:
        wanted = Wanted("items", item.sha256, item.size, private=entry.access == "station")
        # One that another bundle has here already serves both, and is not believed by its name alone.
        if self._disk.has(wanted.name, wanted.size) and self._disk.intact(item.sha256):
            return
        self._bring(wanted, entry)
        self._disk.adopt(wanted.name)

    def _bring(self, wanted: Wanted, entry: IndexEntry | None = None) -> None:
        """Fetch one file, if that is allowed now. Afterwards it is coming, whole and with the right hash."""
        if self._stopped.is_set():
            raise Unreachable("the trip is ended")
        allowed = self._allowance
        within_s = FETCH_S
        if entry is not None and entry.night:
            left_ms = (allowed.night_until_ms or 0) - allowed.mono_ms()
            if left_ms <= 0:
                raise _Waits("night")
            within_s = min(within_s, left_ms / 1000)
        if wanted.private and allowed.signs_at is None:
            raise _Waits("clock")
        if not self._disk.room_for(wanted.size):
            raise _Waits("no_room")
        had_a_part = self._disk.coming(wanted.name).exists()
        try:
            self._fetch(wanted, within_s)
        except NotGiven as error:
            if error.reason != "wrong_hash" or not had_a_part:
                raise
            # A power cut may have spoilt the part that lay here. It is gone now, so the whole comes anew.
            self._fetch(wanted, within_s)

    def _fetch(self, wanted: Wanted, within_s: float) -> None:
        source, allowed = self._source, self._allowance
        if source is None:
            raise Unreachable("no source")
        most_bytes = None if allowed.data_bytes is None else allowed.data_bytes - source.spent_bytes
        if most_bytes is not None and wanted.size + HEADERS_BYTES > most_bytes:
            raise _Waits("data")
        into = self._disk.coming(wanted.name)
        wall_ms = allowed.signs_at() if wanted.private and allowed.signs_at else None
        source.fetch(wanted, into=into, bounds=Bounds(within_s=within_s, most_bytes=most_bytes, wall_ms=wall_ms))
        if wanted.kind == "items":
            return  # the source has checked it, because an item may be too large for this process
        try:
            split_sealed(self._disk.read_raw(wanted.name, limit=wanted.size, coming=True), sha256=wanted.sha256)
        except Refused as refused:
            self._disk.refuse(wanted.name)
            raise NotGiven("wrong_hash", str(refused)) from refused
        except OSError as error:
            raise storage_error(error) from error

    def _keep(self, state: ShelfState) -> None:
        self._disk.keep(state)
        self._changed()

    def _note(self, entry: IndexEntry, state: PackStateName, reason: NotWhole | Literal[""]) -> None:
        self.outcome.states[entry.id] = PackState(id=entry.id, version=entry.version, state=state, reason=reason)

    def _sweep(self, index: ShelfIndex) -> None:
        """Clear away what neither the state nor the index names. Old files go only here, when the state is durable."""
        state = self._disk.state
        bundles = {one.sha256 for one in state.held} | {entry.sha256 for entry in index.bundles}
        needed = {signed_name(sha256) for sha256 in bundles}
        if state.index is not None:
            needed.add(signed_name(state.index.sha256))
        for sha256 in bundles:
            if not self._disk.has(signed_name(sha256)):
                continue
            try:
                payload, _ = self._disk.read_signed(sha256, limit=MAX_BUNDLE_BYTES)
                needed.update(item_name(item.sha256) for item in decode(payload, Bundle, limit=MAX_BUNDLE_BYTES).items)
            except (Refused, OSError) as error:
                # Without its list nobody knows which files are its own. The next survey takes it out of force.
                log.warning("the shelf is not cleared: %s", error)
                return
        self._disk.sweep(needed)
