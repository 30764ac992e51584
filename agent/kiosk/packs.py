"""Keep the learning packs that the county wants here. They are fetched by their hash and opened only if they are
signed.

Files lie in the station's folder under their SHA-256. One fetch runs at a time, on a thread of its own; a fetch that
failed is tried again later. A pack that is no longer wanted is deleted; an earlier version of a wanted one is kept and
played until the new one is whole.
"""

import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from agent.events import PackFetched
from agent.inbox import Inbox
from agent.shelf.question_set import QuestionSet
from agent.storage.durable import make_folder, write_durably
from protocol.codec import decode
from protocol.packs import MAX_PACK_BYTES
from protocol.refusal import Refused
from protocol.signing import Signed, unseal
from protocol.twin import PackRef

log = logging.getLogger(__name__)

RETRY_FIRST_MS = 5_000
RETRY_MOST_MS = 600_000
_NAME = re.compile(r"[0-9a-f]{64}")

type Fetch = Callable[[PackRef], bytes]
"""Fetches a pack's file. Raises an error if it can't be fetched now."""


class PackShelf:
    """The packs that are here. Used on the core thread; only the fetch itself runs on another one."""

    def __init__(
        self,
        *,
        folder: Path,
        county_keys: Mapping[bytes, bytes],
        fetch: Fetch,
        inbox: Inbox,
        mono_ms: Callable[[], int],
    ) -> None:
        self._folder = folder
        self._county_keys = county_keys
        self._fetch = fetch
        self._inbox = inbox
        self._mono_ms = mono_ms
        self._wanted: list[PackRef] = []
        self._packs: dict[bytes, QuestionSet] = {}
        """By the SHA-256 of their files: wanted ones, and earlier versions that stand in for them."""
        self._fetching = False
        self._due_ms = 0
        self._retry_ms = RETRY_FIRST_MS

    def want(self, refs: Sequence[PackRef]) -> None:
        """Take the list of wanted packs, and open those on disk. An earlier version stays until the new one is here."""
        self._wanted = list(refs)
        try:
            make_folder(self._folder)
            for ref in refs:
                path = self._folder / ref.sha256.hex()
                # The signature is verified again, because the disk or a person may have changed the file.
                if ref.sha256 not in self._packs and path.exists() and not self._open(ref, path):
                    path.unlink(missing_ok=True)
            self._find_stand_ins()
        except OSError as error:
            log.warning("the folder of packs can't be used: %s", error)
        self._clear()
        self._due_ms, self._retry_ms = 0, RETRY_FIRST_MS

    def packs(self) -> list[QuestionSet]:
        """Return the packs that can be played, in the county's order."""
        shown = (self._packs.get(ref.sha256) or self._stand_in(ref.pack) for ref in self._wanted)
        return [pack for pack in shown if pack is not None]

    def _stand_in(self, pack: str) -> QuestionSet | None:
        """Return the newest version of a pack that is here."""
        return max((one for one in self._packs.values() if one.id == pack), key=lambda one: one.version, default=None)

    def _find_stand_ins(self) -> None:
        """Open the files of wanted packs' other versions, for a run that begins before the wanted ones are here."""
        missing = {ref.pack for ref in self._wanted if ref.sha256 not in self._packs}
        for path in self._folder.iterdir() if missing else ():
            if not _NAME.fullmatch(path.name) or bytes.fromhex(path.name) in self._packs:
                continue
            pack = self._read(bytes.fromhex(path.name), partial(path.read_bytes))
            if pack is not None and pack.id in missing:
                self._packs[bytes.fromhex(path.name)] = pack

    def _clear(self) -> None:
        """Let go of what is neither wanted nor stands in for anything, in memory and on disk."""
        missing = [ref.pack for ref in self._wanted if ref.sha256 not in self._packs]
        standing_in = [self._stand_in(pack) for pack in missing]
        wanted = {ref.sha256 for ref in self._wanted}
        self._packs = {digest: pack for digest, pack in self._packs.items() if digest in wanted or pack in standing_in}
        needed = wanted | self._packs.keys()
        try:
            for path in self._folder.iterdir():
                if path.name not in {digest.hex() for digest in needed}:
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the folder of packs can't be cleared: %s", error)

    def hurry(self) -> None:
        """Try at once what failed before, because the link is up again."""
        self._due_ms = 0

    def tick(self) -> None:
        """Begin the next fetch if one is due."""
        missing = next((ref for ref in self._wanted if ref.sha256 not in self._packs), None)
        if missing is None or self._fetching or self._mono_ms() < self._due_ms:
            return
        self._fetching = True
        threading.Thread(target=self._run_fetch, args=(missing,), name="pack-fetch", daemon=True).start()

    def _run_fetch(self, ref: PackRef) -> None:
        try:
            self._inbox.put(PackFetched(sha256=ref.sha256, file=self._fetch(ref)))
        except Exception as error:  # noqa: BLE001 -- top of a thread: the core decides what becomes of it
            self._inbox.put(PackFetched(sha256=ref.sha256, file=None, problem=f"{type(error).__name__}: {error}"))

    def fetched(self, event: PackFetched) -> bool:
        """Take a fetched file; return whether a new pack can be played."""
        self._fetching = False
        ref = next((one for one in self._wanted if one.sha256 == event.sha256), None)
        # The county may have withdrawn the pack while it was fetched.
        if ref is None:
            return False
        file = event.file
        if file is None or not self._open_file(ref, lambda: file):
            log.warning("pack %s %d not fetched: %s", ref.pack, ref.version, event.problem or "refused")
            self._due_ms = self._mono_ms() + self._retry_ms
            self._retry_ms = min(self._retry_ms * 2, RETRY_MOST_MS)
            return False
        self._retry_ms = RETRY_FIRST_MS
        try:
            make_folder(self._folder)
            write_durably(self._folder / ref.sha256.hex(), file)
            self._open(ref, self._folder / ref.sha256.hex())
        except OSError as error:
            # The file of the version before stays: it is what the next start has.
            log.warning("pack %s is played from memory, its file was not kept: %s", ref.pack, error)
            return True
        self._clear()
        return True

    def _open(self, ref: PackRef, path: Path) -> bool:
        """Open a file as the pack that ``ref`` names; return whether it is that pack.

        Raises:
            OSError: It can't be read.
        """
        return self._open_file(ref, path.read_bytes)

    def _open_file(self, ref: PackRef, read: Callable[[], bytes]) -> bool:
        if len(read()) != ref.size:
            log.warning("the file of pack %s is not the one that the county named", ref.pack)
            return False
        pack = self._read(ref.sha256, read)
        if pack is None:
            return False
        if (pack.id, pack.version) != (ref.pack, ref.version):
            log.warning("the file of pack %s holds another pack", ref.pack)
            return False
        self._packs[ref.sha256] = pack
        return True

    def _read(self, digest: bytes, read: Callable[[], bytes]) -> QuestionSet | None:
        """Return the signed pack in a file, or None if the file is another one or nobody of the county signed it."""

        def content() -> bytes:
            file = read()
            if sha256(file).digest() != digest:
                raise Refused("malformed", "not the file that its name says")
            return decode(file, Signed, limit=MAX_PACK_BYTES).payload

        try:
            # Once. Later the hash alone proves the file, so that a pack stays playable when the county changes its key.
            unseal(read(), "cunhui pack 1", self._county_keys, limit=MAX_PACK_BYTES)
            return QuestionSet.checked(content)
        except Refused as refused:
            log.warning("pack %s refused: %s", digest.hex()[:8], refused)
            return None
