"""Bring the shelf what a USB stick carries: index, bundles and items, all as the county signed them.

A stick may hold anything. Nothing is believed by its place: the index is verified by its signature, everything else by
the hashes that it names, as if it came over the line.
"""

import errno
import hashlib
import os
import stat
from pathlib import Path

from msgspec import Struct

from agent.shelf.disk import ShelfDisk
from agent.shelf.rebuild import rebuild
from agent.shelf.source import Bounds, NotGiven, Unreachable, Wanted
from agent.shelf.trip import Addressee, Allowance, Trip
from agent.storage.errors import storage_error
from protocol.bundles import bundle_hash
from protocol.refusal import Refused
from protocol.shelf_index import MAX_INDEX_BYTES, STICK_FOLDER, open_index
from protocol.signing import split_signed
from protocol.twin import ShelfRef

INDEX = "index"
_FOR_EVER_MS = 2**53
_PART_BYTES = 2**16
_SIGNED_BYTES = 1_024
"""More than what `protocol.signing.Signed` adds to an index."""


class StickRefused(Exception):
    """Nothing was taken from the stick. The message is Chinese, for the technician."""


class ShelfBusy(Exception):
    """The station's program is changing the shelf at this moment."""


class Loaded(Struct, frozen=True):
    """What came of a stick."""

    taken: int
    """Versions that came into force."""
    whole: int
    """Bundles of the index that are in force."""
    of: int
    """Bundles that the index names."""
    reasons: dict[str, str]
    """Of each bundle that is not in force: why, a code. ``not_admitted``: it is about people, and no stick has it."""
    ended_early: str = ""
    """A code, if not all of the index was gone through."""

    @property
    def is_all(self) -> bool:
        """Whether all came that a stick may have."""
        return not self.ended_early and not self._failed

    @property
    def _failed(self) -> dict[str, str]:
        return {name: reason for name, reason in self.reasons.items() if reason != "not_admitted"}

    def sentences(self) -> list[str]:
        """Return what the technician reads."""
        said = [f"已从 U 盘装入 {self.taken} 份内容；本站应有 {self.of} 份，现有 {self.whole} 份。"]
        said += [f"{name} 没有装入：{_said(reason)}" for name, reason in sorted(self._failed.items())]
        if personal := len(self.reasons) - len(self._failed):
            said.append(f"另有 {personal} 份关于个人的内容不在 U 盘上，连上县里以后再取。")
        if self.ended_early:
            said.append(f"没有装完：{_said(self.ended_early)}。已经装入的照常使用，请再装一次。")
        return said


def _said(reason: str) -> str:
    return _WORDS.get(reason, f"内容不合格（{reason}）")


_WORDS = {
    "not_found": "U 盘上没有",
    "unreachable": "U 盘读到一半读不出来了，可能拔早了，也可能坏了",
    "wrong_hash": "U 盘上的文件坏了",
    "no_room": "存储卡空间不够",
    "older_version": "比本站已有的旧",
    "other_content": "与本站已有的同一版本内容不同",
    "disk": "存储卡写不进去",
    "expired": "已经过期",
    "unknown_key": "不是本县签发的",
    "bad_signature": "不是本县签发的",
    "wrong_audience": "不是给本村的",
    "malformed": "内容自相矛盾或不完整",
    "too_large": "内容太大",
    "unknown_version": "本站的程序太旧，读不了",
    "unknown_value": "本站的程序太旧，读不了",
}


class StickSource:
    """Reads a stick's files. Implements `agent.shelf.source.Source`."""

    def __init__(self, folder: Path, index: bytes) -> None:
        """Read from ``folder``; ``index`` is the hash of what is inside the file of the index."""
        self._folder = folder
        self._index = index

    @property
    def spent_bytes(self) -> int:
        """A stick costs no data."""
        return 0

    def fetch(self, wanted: Wanted, *, into: Path, bounds: Bounds) -> None:
        """Copy one file; see `agent.shelf.source.Source.fetch`. It is copied anew from its beginning."""
        path = self._folder / wanted.kind / wanted.sha256.hex()
        if wanted.kind == "bundles" and wanted.sha256 == self._index:
            path = self._folder / INDEX
        try:
            # No link of somebody's, and no pipe that would be waited for.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self._not_opened(error, path, wanted) from error
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size != wanted.size:
                raise NotGiven("wrong_hash", f"{path.name[:8]} is no file of its size")
            _copy(descriptor, into)
        finally:
            os.close(descriptor)
        if wanted.kind == "items":
            with into.open("rb") as copied:
                intact = hashlib.file_digest(copied, "sha256").digest() == wanted.sha256
            if not intact:
                into.unlink()
                raise NotGiven("wrong_hash", f"{path.name[:8]} is another file")

    def _not_opened(self, error: OSError, path: Path, wanted: Wanted) -> NotGiven | Unreachable:
        # What every stick has is gone too: somebody pulled it out.
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.EACCES) or not os.path.lexists(self._folder / INDEX):
            return Unreachable(f"the stick can't be read: {error}")
        return NotGiven("not_admitted" if wanted.private else "not_found", f"{path.name[:8]} is not on the stick")


def _copy(descriptor: int, into: Path) -> None:
    """Copy what a stick has.

    Raises:
        Unreachable: The stick reads no further. What came is kept.
        StorageFull, StorageFailed: The disk takes no more.
    """
    try:
        with into.open("wb") as copy:
            while part := _read(descriptor):
                copy.write(part)
    except OSError as error:
        raise storage_error(error) from error


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _PART_BYTES)
    except OSError as error:
        raise Unreachable(f"the stick can't be read: {error}") from error


def load_stick(folder: Path, disk: ShelfDisk, addressee: Addressee) -> Loaded:
    """Take from a stick what its index names and this station may have.

    Raises:
        StickRefused: There is no index of this station on it.
        ShelfBusy: Try again in a moment.
        StorageFull: What came into force before stays in force.
        StorageFailed: As before.
    """
    folder = folder / STICK_FOLDER if (folder / STICK_FOLDER).is_dir() else folder
    ref, announced = _index_on(folder, addressee)
    with disk.alone() as alone:
        if not alone:
            raise ShelfBusy
        if not disk.load():
            rebuild(disk, addressee)
        if disk.state.index is not None and disk.state.index.version > ref.version:
            raise StickRefused("U 盘上的内容比本站已有的旧，请让县里重新拷一份")
        before = {one.sha256 for one in disk.state.held}
        trip = Trip(
            disk,
            addressee=addressee,
            allowance=Allowance(mono_ms=lambda: 0, night_until_ms=_FOR_EVER_MS, signs_at=lambda: 0),
            via="stick",
            changed=lambda: None,
            refused={},
        )
        trip.run(StickSource(folder, ref.sha256), ref, survey=True)
    held = {one.sha256 for one in disk.state.held}
    return Loaded(
        taken=len(held - before),
        whole=len(held & announced),
        of=len(announced),
        reasons={name: state.reason or state.state for name, state in trip.outcome.states.items()},
        ended_early=trip.outcome.reason,
    )


def _index_on(folder: Path, addressee: Addressee) -> tuple[ShelfRef, set[bytes]]:
    """Return how the stick's index is named, and the hashes of the bundles that it names."""
    try:
        descriptor = os.open(folder / INDEX, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            raw = file.read(MAX_INDEX_BYTES + _SIGNED_BYTES)
    except OSError as error:
        raise StickRefused(f"U 盘的文件夹 {folder} 里没有本站内容的目录文件 {INDEX}") from error
    try:
        payload, beside = split_signed(raw, limit=len(raw))
        index = open_index(payload, beside, station=addressee.station, sha256=None, public_keys=addressee.public_keys)
    except Refused as refused:
        if refused.reason == "wrong_station":
            raise StickRefused("这个 U 盘是给另一个站点的") from refused
        raise StickRefused("U 盘上的目录不是本县签发的，或者已经损坏") from refused
    ref = ShelfRef(version=index.version, sha256=bundle_hash(payload), size=len(payload))
    return ref, {entry.sha256 for entry in index.bundles}
