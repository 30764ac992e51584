"""Keep the learning packs that the county wants here. They are fetched by their hash and opened only if they are
signed.

Files lie in the station's folder under their SHA-256. One fetch runs at a time, on a thread of its own; a fetch that
failed is tried again later. A pack that is no longer wanted is deleted.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from agent.events import PackFetched
from agent.inbox import Inbox
from agent.storage.durable import make_folder, write_durably
from protocol.packs import Pack, unseal_pack
from protocol.refusal import Refused
from protocol.twin import PackRef

log = logging.getLogger(__name__)

RETRY_FIRST_MS = 5_000
RETRY_MOST_MS = 600_000

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
        self._packs: dict[bytes, Pack] = {}
        self._fetching = False
        self._due_ms = 0
        self._retry_ms = RETRY_FIRST_MS

    def want(self, refs: Sequence[PackRef]) -> None:
        """Take the list of wanted packs: open those on disk, delete the others."""
        self._wanted = list(refs)
        wanted = {ref.sha256 for ref in refs}
        self._packs = {digest: pack for digest, pack in self._packs.items() if digest in wanted}
        try:
            make_folder(self._folder)
            for path in self._folder.iterdir():
                if path.name not in {digest.hex() for digest in wanted}:
                    path.unlink(missing_ok=True)
            for ref in refs:
                path = self._folder / ref.sha256.hex()
                # The signature is verified again, because the disk or a person may have changed the file.
                if ref.sha256 not in self._packs and path.exists() and not self._open(ref, path.read_bytes()):
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the folder of packs can't be used: %s", error)
        self._due_ms, self._retry_ms = 0, RETRY_FIRST_MS

    def packs(self) -> list[Pack]:
        """Return the packs that can be played, in the county's order."""
        return [self._packs[ref.sha256] for ref in self._wanted if ref.sha256 in self._packs]

    def find(self, pack: str) -> Pack | None:
        """Return a pack by its id."""
        return next((one for one in self.packs() if one.id == pack), None)

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
        if event.file is None or not self._open(ref, event.file):
            log.warning("pack %s %d not fetched: %s", ref.pack, ref.version, event.problem or "refused")
            self._due_ms = self._mono_ms() + self._retry_ms
            self._retry_ms = min(self._retry_ms * 2, RETRY_MOST_MS)
            return False
        try:
            make_folder(self._folder)
            write_durably(self._folder / ref.sha256.hex(), event.file)
        except OSError as error:
            log.warning("pack %s is played from memory, its file was not kept: %s", ref.pack, error)
        self._retry_ms = RETRY_FIRST_MS
        return True

    def _open(self, ref: PackRef, file: bytes) -> bool:
        if len(file) != ref.size or sha256(file).digest() != ref.sha256:
            log.warning("the file of pack %s is not the one that the county named", ref.pack)
            return False
        try:
            pack = unseal_pack(file, self._county_keys)
        except Refused as refused:
            log.warning("pack %s refused: %s", ref.pack, refused)
            return False
        if (pack.id, pack.version) != (ref.pack, ref.version):
            log.warning("the file of pack %s holds another pack", ref.pack)
            return False
        self._packs[ref.sha256] = pack
        return True
