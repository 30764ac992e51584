"""Encrypt files to a public key, and decrypt them by the secret one, with Debian's age (age-encryption.org/v1).

The secret key never lies on a disk of ours: it is made in memory, shown once, and comes back in a file of the person's.
"""

import hashlib
import hmac
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, override

from protocol.system_errors import os_cause
from server_broker.platform.files import sync_folder
from server_broker.platform.processes import ServiceError

_KEY = re.compile(r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}")
_PIECE_BYTES = 2**20
PART = ".part"
"""How the name of a file ends that is being written."""
type Fill = Callable[[IO[bytes]], object]
"""Writes the content of a file."""


class TargetFailed(ServiceError):
    """The disk or folder for the copies did not take a file, or did not give one back."""


@dataclass(frozen=True)
class Written:
    """A file that was encrypted and written: its size and the SHA-256 of its bytes as they lie there, in hex."""

    size: int
    sha256: str


def new_key() -> str:
    """Return a new secret key.

    Raises:
        ServiceError: age is not installed.
    """
    found = _KEY.search(_run(["age-keygen"]))
    assert found is not None
    return found[0]


def recipient_of(key: str) -> str:
    """Return the public key of a secret one.

    Raises:
        ServiceError: A character of it is wrong (Bech32 has a checksum), or age is not installed.
    """
    try:
        return _run(["age-keygen", "-y"], key).strip()
    except subprocess.CalledProcessError as error:
        raise ServiceError("恢复密钥抄错了：校验不通过，请对照纸上逐字核对（没有字母 B、I、O 和数字 1）") from error


def manifest_key_of(key: str) -> bytes:
    """Return what manifests are signed with: it follows from a secret key, and opens nothing.

    The county has it, and whoever has the key on paper finds it again on an empty machine. Who has a disk alone can
    encrypt to the public key, but not sign what they put there.
    """
    return hmac.digest(key.encode("ascii"), b"cunhui backup manifest", "sha256")


def read_key(file: Path) -> str:
    """Return the secret key in a file: the printed sheet, or what somebody typed from it. Blanks do not count.

    Raises:
        ServiceError: The file can't be read, or holds none.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ServiceError(f"恢复密钥文件 {file} 读不了：{os_cause(error)}") from error
    return key_in(text, what=str(file))


def key_in(text: str, *, what: str) -> str:
    """Return the secret key in a text, as `read_key` does.

    Args:
        what: What an error calls the text.

    Raises:
        ServiceError: It holds none.
    """
    for line in text.splitlines():
        if found := _KEY.fullmatch("".join(line.split()).upper()):
            return found[0]
    raise ServiceError(f"{what} 里没有恢复密钥：应有一行以 AGE-SECRET-KEY-1 开头，共 74 个字符，中间的空格不算")


def _run(command: list[str], said: str = "") -> str:
    try:
        return subprocess.run(command, input=said, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours
    except FileNotFoundError as error:
        raise ServiceError("没有安装 age：请运行 apt-get install age") from error


def encrypt(fill: Fill, target: Path, *, recipient: str) -> Written:
    """Put what ``fill`` writes at ``target``, encrypted. It is on disk when this returns.

    Raises:
        TargetFailed: It was not written. Nothing has the name.
        OSError: ``fill`` could not read its source. Nothing has the name.
    """
    temporary = target.with_name(f".{target.name}{PART}")
    try:
        with _target(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            output = temporary.open("wb")
        with output:
            written = _pass_through_age(fill, output, target, recipient)
            with _target(target):
                output.flush()
                # Before it gets its name: whoever pulls the disk may leave no file with a name and half its content.
                os.fsync(output.fileno())
        with _target(target):
            temporary.replace(target)
            sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):  # the disk may be gone
            temporary.unlink(missing_ok=True)
        raise
    return written


def _pass_through_age(fill: Fill, output: IO[bytes], target: Path, recipient: str) -> Written:
    digest, size = hashlib.sha256(), 0
    with subprocess.Popen(["age", "-r", recipient], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as age:  # noqa: S603, S607 - ours
        assert age.stdin is not None
        assert age.stdout is not None
        # One thread writes and this one reads: otherwise both pipes would be full, and each end wait for the other.
        filler = _Filler(fill, age.stdin)
        filler.start()
        try:
            while piece := age.stdout.read(_PIECE_BYTES):
                with _target(target):
                    output.write(piece)
                digest.update(piece)
                size += len(piece)
        except BaseException:
            age.kill()
            raise
        finally:
            filler.join()
    if filler.failed is not None:
        raise filler.failed
    if age.returncode != 0:
        raise ServiceError(f"age 没有加密成功（{age.returncode}）")
    return Written(size, digest.hexdigest())


class _Filler(threading.Thread):
    """Writes the content into age's pipe, and closes it."""

    def __init__(self, fill: Fill, pipe: IO[bytes]) -> None:
        super().__init__(name="content of a copy")
        self._fill = fill
        self._pipe = pipe
        self.failed: Exception | None = None

    @override
    def run(self) -> None:
        try:
            with self._pipe:
                self._fill(self._pipe)
        except BrokenPipeError:
            pass  # age has ended, which its status says
        except Exception as error:  # noqa: BLE001 - raised again by whoever started this thread
            self.failed = error


@contextmanager
def _target(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TargetFailed(f"备份盘写不进去（{path.name}）：{os_cause(error)}") from error


@contextmanager
def decrypted(source: BinaryIO, *, key: str) -> Iterator[IO[bytes]]:
    """Read an encrypted file that is open. Read it to its end: only there age knows that it is whole.

    Raises:
        ServiceError: It can't be read, was changed, or another key opens it.
    """
    # In memory and not on a disk: age takes a key from a file alone.
    held = os.memfd_create("key")
    try:
        os.write(held, f"{key}\n".encode("ascii"))
        command = ["age", "-d", "-i", f"/proc/self/fd/{held}"]
        with subprocess.Popen(  # noqa: S603 - argv is ours
            command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[held]
        ) as age:
            assert age.stdout is not None
            assert age.stderr is not None
            try:
                yield age.stdout
            except BaseException:
                age.kill()
                raise
            said = age.stderr.read().decode(errors="replace")
            if age.wait() != 0:
                raise ServiceError(
                    f"{Path(source.name).name} 解不开：文件坏了，或不是用这把密钥加密的（{said.strip()[:120]}）"
                )
    finally:
        os.close(held)


def decrypt(source: BinaryIO, target: Path, *, key: str) -> None:
    """Decrypt a file. ``target`` has its name only when it is whole and on disk.

    Raises:
        ServiceError: As for `decrypted`. Nothing has the name.
        OSError: There is no room for it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}{PART}")
    try:
        with temporary.open("wb") as output, decrypted(source, key=key) as content:
            shutil.copyfileobj(content, output, _PIECE_BYTES)
            output.flush()
            os.fsync(output.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
