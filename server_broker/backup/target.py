"""The folder or disk that the copies lie on: whether it is there, what lies on it, and whether that is whole.

A manifest names every file with its size and the SHA-256 of its encrypted bytes, so that a disk can be checked without
the key; and it is signed, so that a disk from other hands can hold nothing that the county did not write
(`server_broker.backup.manifest_key`). A file that no manifest names does not count: whatever was half written when a
disk was pulled is one of these.
"""

import datetime as dt
import errno
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from protocol.system_errors import os_cause
from server_broker.backup.encryption import PART, TargetFailed, Written
from server_broker.platform.files import sync_folder
from server_broker.platform.processes import ServiceError

FOLDER = "cunhui-backup"
"""Our own folder in the one that a person names."""
MARK = "cunhui-backup.json"
"""Says whose the copies are, by the key that they are encrypted to."""
_MANIFEST = "manifest.json"
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY
_NAMED = 5
"""Most files that an error names."""


@dataclass(frozen=True)
class Manifest:
    """What a copy is made of.

    Attributes:
        county: As people call it.
        made_at: What the county had by then is in it; of the database, what was archived by then.
        last_segment: The newest segment of the log, by its name in PostgreSQL; empty if there is none.
        keep_days: How long the county keeps its backups.
        files: Each file by its path below `FOLDER`.
        signature: As it was read; empty before it is written.
    """

    county: str
    recipient: str
    made_at: dt.datetime
    last_segment: str
    keep_days: int
    files: dict[str, Written] = field(default_factory=dict)
    signature: str = field(default="", compare=False)

    def signed_by(self, key: bytes) -> bool:
        """Tell whether a county with this key wrote it (`manifest_key_of`), and nobody who has the disk alone."""
        return hmac.compare_digest(self.signature.encode(), _signature(self._body(), key).encode())

    def encoded(self, key: bytes) -> bytes:
        """Return it as it lies on the disk, signed."""
        body = self._body()
        # Its own sum, because a flipped bit in a time or a size would still be JSON, and whoever has no key may look.
        said = {"signature": _signature(body, key), "sha256": _sum(body), "copy": body}
        return json.dumps(said, ensure_ascii=False, indent=0).encode()

    def _body(self) -> dict[str, Any]:
        return {
            "format": 1,
            "county": self.county,
            "recipient": self.recipient,
            "made_at": self.made_at.isoformat(),
            "last_segment": self.last_segment,
            "keep_days": self.keep_days,
            "files": {path: [one.size, one.sha256] for path, one in sorted(self.files.items())},
        }


class Target:
    """The copies of one county in a folder that a person names."""

    def __init__(self, folder: Path) -> None:
        """Name the folder, or our own folder in it."""
        inner = folder / FOLDER
        self.root = folder if not inner.exists() and (folder / _MANIFEST).exists() else inner
        self._folder = folder

    def begin(self, *, recipient: str, county: str, now: dt.datetime) -> None:
        """Make our folder in it with its mark. If it is there and is this county's, nothing changes.

        Raises:
            TargetFailed: It can't be written, or it belongs to another county or to another key.
        """
        if self.require_free(recipient):
            return
        mark = {"county": county, "recipient": recipient, "made_at": now.isoformat(), "disk": secrets.token_hex(8)}
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(MARK, json.dumps(mark, ensure_ascii=False, indent=1).encode())
            sync_folder(self._folder)
        except OSError as error:
            raise TargetFailed(f"{self._folder} 写不进去：{_cause(error)}") from error

    def require_free(self, recipient: str) -> bool:
        """Check that the folder is empty or this county's, and return whether it has its mark.

        Raises:
            TargetFailed: It belongs to another county or to another key.
        """
        try:
            if not self.root.exists() or not any(self.root.iterdir()):
                return False
        except OSError as error:
            raise TargetFailed(f"{self.root} 读不了：{os_cause(error)}") from error
        self._require_mark(recipient, disk=False)
        return True

    def require(self, *, recipient: str, disk: bool) -> str:
        """Check that the copies may be written here, and return the disk's own id.

        Args:
            disk: It lies on a disk of its own.

        Raises:
            TargetFailed: The disk is not there, or it is another one. Nothing was written.
        """
        if disk and mount_of(self._folder) == Path("/"):
            raise TargetFailed(f"备份盘没有插上或没有挂载：{self._folder} 现在在系统盘上，没有写入任何内容")
        return self._require_mark(recipient, disk=disk)

    def _require_mark(self, recipient: str, *, disk: bool) -> str:
        try:
            with self.open(MARK) as file:
                mark = json.loads(file.read())
        except OSError as error:
            again = setup_again(self._folder, disk=disk)
            if isinstance(error, PermissionError):
                raise TargetFailed(f"备份盘 {self._folder} 读不了：没有权限。从别的机器拿来的盘，{again}") from error
            if error.errno is not None and not isinstance(error, FileNotFoundError):
                raise TargetFailed(f"备份盘 {self._folder} 读不了：{_cause(error)}") from error
            said = f"{self._folder} 里没有本县的备份（没有 {FOLDER}/{MARK}）：备份盘没有插上，或换了新盘。"
            raise TargetFailed(f"{said}新盘先{again}") from error
        except ValueError as error:
            raise TargetFailed(f"{self.root / MARK} 坏了") from error
        if mark.get("recipient") != recipient:
            if self._is_bare():
                said = f"{self.root} 里没有备份，只有另一把密钥的标记：一次没有做完的设置，或别的县的新盘"
                raise TargetFailed(f"{said}。确认不要了，就删掉这个文件夹，再运行一次")
            raise TargetFailed(f"{self._folder} 里是别的县的备份，或是用另一把密钥加密的，没有写入")
        return str(mark.get("disk", ""))

    def _is_bare(self) -> bool:
        """Tell whether nothing lies here but the mark."""
        return [path.name for path in self.root.iterdir()] == [MARK]

    def manifest(self) -> Manifest | None:
        """Return the manifest of the last whole copy; None if there is none yet. `Manifest.signed_by` says whose it is.

        Raises:
            TargetFailed: It can't be read, or was changed.
        """
        try:
            with self.open(_MANIFEST) as file:
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TargetFailed(f"{self.root / _MANIFEST} 读不了：{_cause(error)}") from error
        try:
            said = json.loads(content)
            body = said["copy"]
            whole = said["sha256"] == _sum(body)
            files = {path: Written(size, sha256) for path, (size, sha256) in body["files"].items()}
            made_at = dt.datetime.fromisoformat(body["made_at"])
            known = {name: body[name] for name in ("county", "recipient", "last_segment", "keep_days")}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TargetFailed(f"{self.root / _MANIFEST} 坏了，读不出来") from error
        if not whole:
            raise TargetFailed(f"{self.root / _MANIFEST} 被改动过或坏了：校验和不符")
        for path in files:
            if not _stays_inside(path):
                raise TargetFailed(f"{self.root / _MANIFEST} 里有不该有的路径，不是我们写的：{path!r}")
        return Manifest(**known, made_at=made_at, files=files, signature=str(said.get("signature", "")))

    def put_manifest(self, manifest: Manifest, key: bytes) -> None:
        """Put a manifest in place, signed with this key. From now on its files count.

        Raises:
            TargetFailed: It was not written. The one before still counts.
        """
        try:
            self._write(_MANIFEST, manifest.encoded(key))
        except OSError as error:
            raise TargetFailed(f"备份盘写不进去（{_MANIFEST}）：{_cause(error)}") from error

    def _write(self, name: str, content: bytes) -> None:
        # Without a mode or an owner: a disk of exFAT has neither.
        temporary = self.root / f".{name}{PART}"
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.root / name)
            sync_folder(self.root)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def sizes(self) -> dict[str, int]:
        """Return the size of each file that lies here, whether it counts or not.

        Raises:
            TargetFailed: The disk can't be read.
        """
        try:
            return {str(path.relative_to(self.root)): _size_of(path) for path in self._files()}
        except OSError as error:
            raise TargetFailed(f"备份盘 {self._folder} 读不了：{_cause(error)}") from error

    def _files(self) -> Iterator[Path]:
        for folder, folders, names in self.root.walk(on_error=_raise):
            for link in (folder / name for name in folders if (folder / name).is_symlink()):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(link))
            for name in names:
                if name not in (MARK, _MANIFEST):
                    yield folder / name

    def open(self, path: str) -> BufferedReader:
        """Open a file of the copies for reading.

        No link is followed, and nothing is opened that is no file: the disk may have been in other hands.

        Raises:
            OSError: It is not there, it can't be read, or something else is in its place.
        """
        # Where our folder was named itself, the person knows whether that is a link.
        place = os.open(self.root, _FOLDER_FLAGS if self.root == self._folder else _FOLDER_FLAGS | os.O_NOFOLLOW)
        try:
            *folders, name = path.split("/")
            for folder in folders:
                inner = os.open(folder, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=place)
                os.close(place)
                place = inner
            # Not blocking, because a pipe without a writer would hold us for ever.
            found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
        finally:
            os.close(place)
        file = open(self.root / path, "rb", opener=lambda *_: found)  # noqa: SIM115 - the caller closes it
        if not stat.S_ISREG(os.fstat(found).st_mode):
            file.close()
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        return file

    def drop_others(self, kept: set[str]) -> int:
        """Delete the files that are not ``kept``, and return how many. Call it when their manifest is in place."""
        others = set(self.sizes()) - kept
        for path in others:
            with suppress(OSError):  # the next copy tries again
                (self.root / path).unlink()
                self._drop_empty((self.root / path).parent)
        return len(others)

    def _drop_empty(self, folder: Path) -> None:
        """Remove a folder and those above it, as long as they are empty."""
        with suppress(OSError):  # the first one that is not
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent

    def damages(self, manifest: Manifest) -> dict[str, str]:
        """Read the files of a manifest wholly, and return what is wrong with which, one sentence each."""
        found = {}
        for path, written in manifest.files.items():
            try:
                with self.open(path) as file:
                    size = os.fstat(file.fileno()).st_size
                    bad = size != written.size or hashlib.file_digest(file, "sha256").hexdigest() != written.sha256
            except FileNotFoundError:
                found[path] = f"缺少 {path}"
                continue
            except OSError as error:
                found[path] = f"{path} 读不了：{_cause(error)}"
                continue
            if bad:
                found[path] = f"{path} 坏了：{'大小' if size != written.size else '校验和'}不符"
        return found


def setup_again(folder: Path, *, disk: bool) -> str:
    """Return in Chinese what makes a disk ready for the county that has its backup set up already."""
    return f"运行一次 cunhui-server backup setup {folder}{' --disk' if disk else ''}"


def require_whole(damages: Iterable[str], *, what: str) -> None:
    """Raise if there are any.

    Raises:
        ServiceError: With the first few of them.
    """
    if named := list(damages):
        more = f"，还有 {len(named) - _NAMED} 处" if len(named) > _NAMED else ""
        raise ServiceError(f"{what}：" + "；".join(named[:_NAMED]) + more)


def mount_of(folder: Path) -> Path:
    """Return where the disk is mounted on which a folder lies."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.ismount(path))


def _sum(body: dict[str, Any]) -> str:
    return hashlib.sha256(_plain(body)).hexdigest()


def _signature(body: dict[str, Any], key: bytes) -> str:
    return hmac.digest(key, _plain(body), "sha256").hex()


def _plain(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _stays_inside(path: str) -> bool:
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))


def _size_of(path: Path) -> int:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return found.st_size


def _cause(error: OSError) -> str:
    # What the kernel says of a link where none may be (open(2), O_NOFOLLOW).
    return "是链接，不是我们写的" if error.errno in (errno.ELOOP, errno.ENOTDIR) else os_cause(error)


def _raise(error: OSError) -> None:
    raise error
