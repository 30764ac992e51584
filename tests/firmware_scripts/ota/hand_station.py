"""A station that was installed by hand, in a root folder of its own: apt, dpkg and the repository are the real ones.

Its package is a small one of the same name, whose ``cunhui-agent doctor`` says what a test wants.
"""

import json
import random
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from firmware_scripts.ota.station_update import Machine, _installed, _read, _whole
from server_broker.apt.repository import PackageRepository
from server_broker.platform.home import CountyHome
from tests.agent.uplink.pki import Authority, Issued

ARCHITECTURE = "amd64"
PARTS = 20
"""Files of a package besides its program."""
_APT_CONF = """\
Dir "{root}/";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg";
DPkg::Options {{ "--root={root}"; "--force-not-root"; "--force-unsafe-io"; }};
Acquire::Retries "0";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
"""
_STATION = """\
[county]
url = "{url}"
ca = "/etc/cunhui/county-ca.pem"
"""
_CONTROL = """\
Package: {package}
Version: {version}
Architecture: {architecture}
Maintainer: test <t@t.invalid>
Section: misc
Priority: optional
Description: a station for tests
"""


def part_of(version: str, number: int, size: int) -> bytes:
    """Return what a file of a version holds, so that files of two versions are told apart."""
    return random.Random(f"{version} {number}").randbytes(size)


def make_deb(
    folder: Path,
    version: str,
    *,
    codes: Sequence[int] = (),
    size: int = 1_000,
    script: str = "",
    program: str = "",
    package: str = "cunhui-station",
    architecture: str = ARCHITECTURE,
) -> Path:
    """Make a package whose doctor finds the problems with these codes.

    Args:
        size: Bytes that are in it besides.
        script: Its postinst.
        program: What its ``cunhui-agent`` does before it says so.
    """
    tree = folder / f"tree-{package}-{version}-{architecture}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "lib").mkdir()
    control = _CONTROL.format(package=package, version=version, architecture=architecture)
    (tree / "DEBIAN").chmod(0o755)  # dpkg-deb refuses another, and whoever runs the tests may have another umask
    (tree / "DEBIAN" / "control").write_text(control)
    if script:
        (tree / "DEBIAN" / "postinst").write_text(f"#!/bin/sh\n{script}\n")
        (tree / "DEBIAN" / "postinst").chmod(0o755)
    findings = [{"code": code, "well": False} for code in codes]
    agent = tree / "usr" / "bin" / "cunhui-agent"
    agent.write_text(f"#!/bin/sh\n{program}\ncat <<'EOF'\n{json.dumps({'findings': findings})}\nEOF\n")
    agent.chmod(0o755)
    for number in range(PARTS):
        (tree / "usr" / "lib" / f"part-{number}").write_bytes(part_of(version, number, size // PARTS))
    deb = folder / f"{package}_{version}_{architecture}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, deb], check=True, stdout=subprocess.DEVNULL
    )
    return deb


class HandStation:
    """The station, its county's repository, and the web between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = CountyHome(folder / "county")
        self.home.trust.mkdir(parents=True)
        self.repository = PackageRepository(self.home)
        self.replaced: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.line_breaks_after: int | None = None
        self.sent = 0
        authority = Authority(folder / "pki")
        self.web = _Web(self._answer, authority.issue("county", host="127.0.0.1"))
        root = folder / "root"
        for place in (
            "var/lib/dpkg/updates",
            "var/lib/dpkg/info",
            "var/lib/apt/lists/partial",
            "etc/cunhui",
            "etc/apt",
        ):
            (root / place).mkdir(parents=True)
        for place in ("var/cache/apt/archives/partial", "etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/log/apt"):
            (root / place).mkdir(parents=True)
        for name in ("status", "available"):
            (root / "var/lib/dpkg" / name).touch()
        (root / "etc/cunhui/station.toml").write_text(_STATION.format(url=self.web.url))
        (root / "etc/cunhui/county-ca.pem").write_bytes(authority.ca_file.read_bytes())
        self.conf = folder / "apt.conf"
        self.conf.write_text(_APT_CONF.format(root=root, architecture=ARCHITECTURE))
        self.machine = Machine(root, well_within_s=0, stays_well_s=0)
        self._made = 0

    def close(self) -> None:
        """End the web."""
        self.web.close()

    def install(self, deb: Path) -> None:
        """Install a package by hand."""
        root = f"--root={self.machine.root}"
        subprocess.run(
            ["dpkg", root, "--force-not-root", "--force-unsafe-io", "--install", deb], check=True, capture_output=True
        )

    def offer(self, deb: Path) -> None:
        """Put a package into the repository."""
        self.repository.add(deb)

    def command(self, verb: str = "run") -> list[str]:
        """Return how the program is called in a process of its own."""
        code = (
            "import sys; from pathlib import Path; from firmware_scripts.ota.station_update import Machine, main; "
            "sys.exit(main(sys.argv[2:], Machine(Path(sys.argv[1]), well_within_s=0, stays_well_s=0)))"
        )
        return [sys.executable, "-c", code, str(self.machine.root), verb]

    @property
    def installed(self) -> str:
        """The version that is installed as a whole; empty if none is."""
        return _installed(self.machine) if _whole(self.machine) else ""

    @property
    def state(self) -> dict[str, Any]:
        """What the program remembers."""
        return _read(self.machine.state / "state.json")

    def _answer(self, path: str, start: int) -> tuple[int, bytes, int]:
        """Return status and content from ``start``, and how long it should be: the line may break in a package."""
        status, content = self._file(path)
        content, length = content[start:], max(0, len(content) - start)
        if path.endswith(".deb") and self.line_breaks_after is not None:
            content, self.line_breaks_after = content[: self.line_breaks_after], 0
        self.sent += len(content) if path.endswith(".deb") else 0
        return (206 if start and status == 200 else status), content, length

    def _file(self, path: str) -> tuple[int, bytes]:
        name = path.removeprefix("/apt/")
        self.asked.append(name)
        if name in self.replaced:
            return 200, self.replaced[name]
        if self.repository.held and name != "cunhui.asc":
            return 503, b""
        file = self.repository.file(name)
        return (200, file.read_bytes()) if file else (404, b"")


class _Web:
    """HTTPS as a county's: HTTP/1.1, so that apt has several files of one connection."""

    def __init__(self, answer: Callable[[str, int], tuple[int, bytes, int]], issued: Issued) -> None:
        class Responder(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
                status, content, length = answer(unquote(self.path), start)
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = self.close_connection or len(content) < length

            def log_message(self, format: str, *args: object) -> None:
                return

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(issued.certificate, issued.key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Responder)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
