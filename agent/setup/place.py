"""Where a station's configuration goes, and what is kept of a setup that has not come to its end."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent.causes import cause
from agent.config.station_config import INSTALLED_CONFIG
from agent.setup.conversation import SetupRefused
from agent.storage.durable import write_durably


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What was settled so far.

    Attributes:
        url, ca: The county that the technician has believed; ``ca`` is PEM.
        claim: Empty if the county refused it.
        station: For which the claim file is; empty without one.
        expires: Of the claim file.
        devices: Whether ``station.toml`` is written.
    """

    url: str
    ca: str
    claim: str
    station: str = ""
    expires: str = ""
    devices: bool = False


@dataclass(frozen=True, slots=True)
class SetupPlace:
    """The files. ``folder``, ``runtime``, ``camera_socket`` and ``spool`` are the package's, or a test's."""

    config: Path = INSTALLED_CONFIG
    folder: Path = Path("/var/lib/cunhui")
    runtime: Path = Path("/run/cunhui")
    camera_socket: Path = Path("/run/cunhui-camera.sock")
    spool: Path = Path("/var/spool/cunhui-camera")

    @property
    def ca(self) -> Path:
        """The county CA's certificate. The agent's user reads it."""
        return self.config.with_name("county-ca.pem")

    @property
    def draft(self) -> Path:
        """A configuration that is still tried."""
        return self.config.with_name(f".{self.config.name}.draft")

    @property
    def _begun(self) -> Path:
        return self.config.with_name(".setup.json")

    def check(self) -> None:
        """Raise `SetupRefused` if this user may not write here."""
        if not self.config.parent.is_dir() or not os.access(self.config.parent, os.W_OK):
            raise SetupRefused(f"写不了 {self.config.parent}：要用 root 运行，sudo cunhui-agent setup")

    def begun(self) -> Begun | None:
        """Return what an earlier call has settled; None if there was none, or nobody can read it any more."""
        with suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode(self._begun.read_bytes(), type=Begun)
        return None

    def keep(self, begun: Begun) -> None:
        """Remember, for root alone: there is a claim code in it."""
        self._write(self._begun, msgspec.json.encode(begun), mode=0o600)

    def end(self) -> None:
        """Forget it: the setup came to its end."""
        self._begun.unlink(missing_ok=True)
        self.draft.unlink(missing_ok=True)

    def write(self, path: Path, text: str) -> None:
        """Write a file that everybody may read.

        Raises:
            SetupRefused: The disk failed or is full; the former file is there.
        """
        self._write(path, text.encode(), mode=0o644)

    def _write(self, path: Path, content: bytes, *, mode: int) -> None:
        before = os.umask(0o022)
        try:
            write_durably(path, content, mode=mode)
        except OSError as error:
            raise SetupRefused(f"写不了 {path}（{cause(error)}）。已做的都留着，好了再运行一次会接着做") from error
        finally:
            os.umask(before)
