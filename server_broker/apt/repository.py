"""Keep the repository with reprepro(1), signed by a key of its own in the county's folder of keys.

The key is made once, with the first package. Stations fetch its public part when they are set up and believe no other
one, so it must not get lost: it lies beside the county's other keys and goes into the same backup.
"""

import fcntl
import filecmp
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

PACKAGE = "cunhui-station"
CODENAME = "trixie"
ARCHITECTURES = ("amd64", "arm64")
KEY_FILE = "cunhui.asc"
MAX_PACKAGE_BYTES = 400 * 2**20
_KEY_NAME = "Cunhui county packages"
_DISTRIBUTIONS = """\
Codename: {codename}
Architectures: {architectures}
Components: main
SignWith: {key}
"""
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~-]{0,63}")
_FILE = re.compile(
    rf"{re.escape(KEY_FILE)}"
    rf"|dists/{CODENAME}/(InRelease|Release|Release\.gpg)"
    rf"|dists/{CODENAME}/main/binary-({'|'.join(ARCHITECTURES)})/(Release|Packages|Packages\.gz)"
    rf"|pool/main/c/cunhui(-station)?/{PACKAGE}_[0-9][A-Za-z0-9.+~-]{{0,63}}_({'|'.join(ARCHITECTURES)})\.deb"
)
"""All that a client may ask for."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A version that stations get."""

    version: str
    architecture: str


class PackageRepository:
    """The repository of one county. It is there with the first package."""

    def __init__(self, home: CountyHome) -> None:
        self._root = home.root / "apt"
        self._public = self._root / "public"
        self._gnupg = home.trust / "apt-gnupg"

    @property
    def held(self) -> bool:
        """Whether stations get nothing at present."""
        return self._held.exists()

    def hold(self) -> None:
        """Give stations nothing until `release`: what they have keeps running."""
        self._root.mkdir(mode=0o700, exist_ok=True)
        write_atomically(self._held, b"")

    def release(self) -> None:
        """Give stations packages again."""
        self._held.unlink(missing_ok=True)

    def offered(self) -> list[Offered]:
        """Return what stations get, of each architecture."""
        found = []
        for architecture in ARCHITECTURES:
            index = self._public / "dists" / CODENAME / "main" / f"binary-{architecture}" / "Packages"
            text = index.read_text("utf-8") if index.exists() else ""
            found += [Offered(version, architecture) for version in re.findall(r"^Version: (\S+)$", text, re.MULTILINE)]
        return found

    def add(self, deb: Path) -> Offered:
        """Offer a package in the place of the former version of its architecture.

        What is offered already may be added again: an earlier call may have been ended before stations could get it.

        Raises:
            ServiceError: It is another package, an earlier version or for another machine, or a tool is missing or
                failed. What was offered before still is.
        """
        wanted = _described(deb)
        with self._locked() as lock:
            self._prepare()
            others = []
            for there in self.offered():
                package = self._package(there)
                if there.architecture != wanted.architecture:
                    others += [package] if package else []
                elif not _is_later(wanted.version, there.version) and not _is_same(wanted, deb, there, package):
                    raise ServiceError(
                        f"没有放入：已有 {there.version}（{there.architecture}），{wanted.version} 不比它新。"
                        "站点不会退回旧版；要退回旧的内容，请用新的版本号重新打包"
                    )
            # Its database is made anew of the two packages: a reprepro that was killed has left a lock and half of one.
            shutil.rmtree(self._root / "db", ignore_errors=True)
            self._reprepro(lock, "--silent", "includedeb", CODENAME, *map(str, [*others, deb.resolve()]))
            offered = {self._package(one) for one in self.offered()}
            for path in (self._public / "pool").rglob("*.deb"):
                if path not in offered:
                    path.unlink()
        return wanted

    def file(self, name: str) -> Path | None:
        """Return a file that clients may have, None if there is none of this name."""
        if _FILE.fullmatch(name) is None:
            return None
        path = self._public / name
        return path if path.is_file() else None

    @property
    def _held(self) -> Path:
        return self._root / "held"

    @property
    def _distributions(self) -> Path:
        return self._root / "conf" / "distributions"

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Keep out another call, and yield the lock for reprepro to hold too: it may outlive a call that is killed."""
        self._root.mkdir(mode=0o700, exist_ok=True)
        with (self._root / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock.fileno()

    def _package(self, offered: Offered) -> Path | None:
        name = f"{PACKAGE}_{offered.version}_{offered.architecture}.deb"
        return next((self._public / "pool").rglob(name), None)

    def _prepare(self) -> None:
        self._gnupg.mkdir(mode=0o700, exist_ok=True)
        if self._distributions.exists():
            if f"SignWith: {self._fingerprint()}\n" not in self._distributions.read_text("ascii"):
                raise ServiceError(
                    f"没有放入：签名的钥匙不在 {self._gnupg} 里，请从备份里找回这个文件夹。"
                    f"找不回来才删掉 {self._root} 再放入一次：会生成新的钥匙，站点要照《县服务器-站点升级》一台一台换"
                )
            return
        fingerprint = self._fingerprint() or self._new_key()
        (self._root / "conf").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._public.mkdir(mode=0o700, exist_ok=True)
        key = self._run("gpg", "--batch", "--armor", "--export", fingerprint)
        write_atomically(self._public / KEY_FILE, key.encode())
        # Last: without it the next call begins anew, with the same key.
        write_atomically(self._distributions, self._distributions_of(fingerprint).encode())

    def _new_key(self) -> str:
        # Without a passphrase: whoever reads the folder of keys has the county anyway, and nobody types one at night.
        options = ("--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
        self._run("gpg", *options, "--quick-generate-key", _KEY_NAME, "ed25519", "sign", "never")
        return self._fingerprint()

    def _fingerprint(self) -> str:
        listed = self._run("gpg", "--batch", "--with-colons", "--list-secret-keys")
        return next((line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")), "")

    def _reprepro(self, lock: int, *words: str) -> str:
        # Settings of our own alone: an `options` in the county's folder could name programs to run.
        with tempfile.TemporaryDirectory(prefix="cunhui-apt-") as conf:
            (Path(conf) / "distributions").write_text(self._distributions_of(self._fingerprint()), "ascii")
            places = ("--basedir", str(self._root), "--confdir", conf, "--outdir", str(self._public))
            return self._run("reprepro", *places, *words, lock=(lock,))

    def _distributions_of(self, key: str) -> str:
        return _DISTRIBUTIONS.format(codename=CODENAME, architectures=" ".join(ARCHITECTURES), key=key)

    def _run(self, *command: str, lock: tuple[int, ...] = ()) -> str:
        environment = {"GNUPGHOME": str(self._gnupg), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        try:
            return _output(command, env=environment, pass_fds=lock)
        finally:
            # gpg starts an agent that would stay; it is no use to anybody once the signature is made.
            if self._gnupg.exists():
                _output(("gpgconf", "--homedir", str(self._gnupg), "--kill", "all"))


def _described(deb: Path) -> Offered:
    try:
        size = deb.stat().st_size
    except OSError as error:
        raise ServiceError(f"读不到 {deb}：{error.strerror}") from error
    if size > MAX_PACKAGE_BYTES:
        raise ServiceError(f"{deb.name} 有 {size >> 20} MB，太大，不像 {PACKAGE} 的安装包")
    form = "--showformat=${Package}\n${Version}\n${Architecture}\n"
    try:
        name, version, architecture = _output(("dpkg-deb", "--show", form, str(deb))).splitlines()
    except (ServiceError, ValueError) as error:
        raise ServiceError(f"{deb.name} 不是 Debian 安装包，或者拷坏了") from error
    if name != PACKAGE:
        raise ServiceError(f"{deb.name} 是 {name}，这里只放 {PACKAGE}")
    if architecture not in ARCHITECTURES:
        raise ServiceError(f"{deb.name} 是给 {architecture} 的，站点只有 {'、'.join(ARCHITECTURES)}")
    if _VERSION.fullmatch(version) is None:
        raise ServiceError(f"{deb.name} 的版本号 {version} 不能用：不能有冒号，最多 64 个字")
    return Offered(version, architecture)


def _is_same(wanted: Offered, deb: Path, there: Offered, package: Path | None) -> bool:
    """Return whether what is offered there is this package, or would be if it had not got lost."""
    return wanted == there and (package is None or filecmp.cmp(package, deb, shallow=False))


def _is_later(version: str, than: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", version, "gt", than], check=False).returncode == 0  # noqa: S603, S607 - ours


def _output(command: Sequence[str], env: dict[str, str] | None = None, pass_fds: Sequence[int] = ()) -> str:
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=env, pass_fds=pass_fds)  # noqa: S603 - ours
    except FileNotFoundError as error:
        raise ServiceError(f"本机没有 {command[0]}：请运行 apt install reprepro gpg gpg-agent") from error
    except subprocess.CalledProcessError as error:
        raise ServiceError(f"{command[0]} 没有成功：{error.stderr.strip()[-500:]}") from error
    return done.stdout
