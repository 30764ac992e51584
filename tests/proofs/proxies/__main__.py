"""``./run prove proxies``: nginx and Caddy of Debian in front of a real county, by the guide's own snippets.

The snippets name ports and files of a machine that has nothing else, so this runs in a network and a mount namespace of
its own (root is needed): nothing of this machine's ``/etc`` is changed, and no other program is in the way. Strangers
and clerks come from different addresses of the loopback range, as the proxy sees them.

It is also tried without ``trusted_proxies``: then strangers do lock others out, and the proof must notice.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import override

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from firmware_scripts.demo.processes import Process, wait_until
from firmware_scripts.report import Report, arguments, exit_code
from server_broker.trust.authority import CertificateAuthority
from tests.proofs.proxies.browser import HOST, Browser
from tests.proofs.proxies.guide import settings, snippets
from tests.proofs.strangers.county import County
from tests.proofs.strangers.station import Board

APART = "CUNHUI_PROXIES_APART"
CLERK, PASSWORD = "clerk", "right horse staple"
WRONG_TRIES = 11
BAD_CLAIMS = 25
NO_CLAIM = "0000000000000"
UPLOAD_BYTES, TOO_LARGE_BYTES = 7 * 2**20, 20 * 2**20
WEB_PORT = 8443
_OWN_FILES = """
set -e
ip link set lo up
for folder in /etc/ssl /etc/nginx /etc/caddy; do
    mkdir -p "$1$folder/upper" "$1$folder/work"
    mount -t overlay overlay -o "lowerdir=$folder,upperdir=$1$folder/upper,workdir=$1$folder/work" "$folder"
done
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /etc/ssl/cunhui /var/log/nginx
"""


class ProxiedCounty(County):
    """A county that follows the guide: its port, the proxy's name, and if it is ``trusted`` the proxy's address."""

    def __init__(self, home: Path, *, trusted: bool) -> None:
        super().__init__(home, "ingest", "chores")
        self._trusted = trusted

    @override
    def start(self) -> None:
        lines = {"web_port": str(WEB_PORT), "other_hosts": str(settings()["other_hosts"]).replace("'", '"')}
        if self._trusted:
            lines["trusted_proxies"] = str(settings()["trusted_proxies"]).replace("'", '"')
        file = self.home / "county.toml"
        kept = [line for line in file.read_text().splitlines() if line.partition(" = ")[0] not in lines]
        file.write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in lines.items()), ""]))
        super().start()

    def make_clerk(self) -> None:
        """Make an account that signs in by a password."""
        self.tool("account", CLERK, "--role", "operator", "--region", "990000000000")
        command = [sys.executable, "-m", "server_broker.cli", "account", "set-password", CLERK]
        subprocess.run(command, env=self.environment, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)


@contextmanager
def proxied(name: str, folder: Path) -> Iterator[None]:
    """Keep a proxy up that has the guide's snippet as its configuration."""
    if name == "nginx":
        Path("/etc/nginx/conf.d/cunhui.conf").write_text(snippets()["nginx"], encoding="utf-8")
        command = ["/usr/sbin/nginx", "-g", "daemon off;"]
    else:
        Path("/etc/caddy/Caddyfile").write_text(snippets()["caddy"], encoding="utf-8")
        command = ["/usr/bin/caddy", "run", "--config", "/etc/caddy/Caddyfile"]
    proxy = Process(name, command, log=folder / f"{name}.log", env={"HOME": str(folder)})
    proxy.start()
    try:
        wait_until(lambda: _answers(folder / "authority.pem"), what=f"{name} to answer", timeout_s=60)
        yield
    finally:
        proxy.stop(timeout_s=20)


def _answers(authority: Path) -> bool:
    try:
        return Browser("127.0.0.2", ca=authority).get("/sign-in/").status == 200
    except OSError:
        return False


def put_certificate(folder: Path, county_ca: Path) -> None:
    """Put what the snippets name where they name it: the proxy's own pair, and the county's root certificate."""
    authority, _ = CertificateAuthority.make("a public authority")
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.issue_server([HOST], key.public_key(), now=datetime.now(UTC))
    place = Path("/etc/ssl/cunhui")
    (place / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (place / "fullchain.pem").write_bytes(issued.pem.encode() + authority.pem)
    (place / "ca.pem").write_bytes(county_ca.read_bytes())
    (folder / "authority.pem").write_bytes(authority.pem)


def check(authority: Path, county: County, *, block: int) -> list[str]:
    """Return what does not work through the proxy that is up. ``block`` keeps the addresses of two proxies apart."""
    stranger, neighbour = Browser(f"127.0.{block}.9", ca=authority), Browser(f"127.0.{block}.8", ca=authority)
    clerk = Browser(f"127.0.{block}.7", ca=authority)
    done: dict[str, bool] = {}
    done["sign in"] = clerk.sign_in(CLERK, PASSWORD) == 302 and clerk.get("/").status == 200
    poll = clerk.get("/", **{"HX-Request": "true"})
    again = clerk.get("/", **{"HX-Request": "true", "If-None-Match": poll.headers.get("ETag", "")})
    done["polling"] = poll.status == 200 and "<html" not in poll.text and again.status == 304
    done["foreign form refused"] = clerk.post("/sign-out/", {}, origin="https://evil.example").status == 403
    clerk.get("/people/import/")
    taken = clerk.upload("/people/import/", UPLOAD_BYTES)
    done["upload"] = taken.status == 422 and "不是 Excel 文件" in taken.text
    refused = clerk.upload("/people/import/", TOO_LARGE_BYTES)
    done["too large is a page of ours"] = refused.status == 413 and "村慧" in refused.text
    # From where the account has signed in before, wrong tries of all addresses together don't keep it out.
    done["sign in elsewhere"] = Browser(f"127.0.{block}.8", ca=authority).sign_in(CLERK, PASSWORD) == 302
    # Each try names another client, as somebody would who hopes that the county believes it.
    tries = [stranger.sign_in(CLERK, "wrong", **{"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(WRONG_TRIES)]
    done["a guesser is locked"] = tries[-1] == 429
    done["others are not"] = neighbour.sign_in(CLERK, PASSWORD) == 302
    claim = msgspec.json.encode(Board(county).enrol_request(NO_CLAIM))
    knocks = [stranger.send("/enrol", claim).status for _ in range(BAD_CLAIMS)]
    done["a guesser of claim codes is stopped"] = knocks[-1] == 429
    done["others enrol"] = neighbour.send("/enrol", claim).status not in (429, 502)
    direct = Browser(f"127.0.{block}.6", ca=county.ca, host="127.0.0.1", port=WEB_PORT)
    tries = [direct.sign_in(CLERK, "wrong", **{"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(WRONG_TRIES)]
    done["who comes past the proxy names nobody else"] = tries[-1] == 429
    return [name for name, well in done.items() if not well]


def prove(folder: Path, *, trusted: bool) -> dict[str, list[str]]:
    """Return what does not work, by proxy."""
    with ProxiedCounty(folder / "county", trusted=trusted) as county:
        county.make_clerk()
        put_certificate(folder, county.ca)
        found = {}
        for block, name in enumerate(("nginx", "caddy"), start=1):
            with proxied(name, folder):
                found[name] = check(folder / "authority.pem", county, block=block)
    return found


def main() -> int:
    """Run the proof."""
    options = arguments("prove proxies").parse_args()
    if os.environ.get(APART) != "yes":
        own = [sys.executable, "-m", "tests.proofs.proxies", *sys.argv[1:]]
        words = ["unshare", "--net", "--mount", "--propagation", "private", "--", *own]
        return subprocess.run(words, env=os.environ | {APART: "yes"}, check=False).returncode
    report = Report("prove proxies", seed=options.seed or 0)
    with tempfile.TemporaryDirectory(prefix="proxies-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        subprocess.run(["sh", "-c", _OWN_FILES, "sh", str(folder / "own")], check=True)
        (folder / "as-told").mkdir()
        (folder / "untrusted").mkdir()
        wrong = prove(folder / "as-told", trusted=True)
        without = prove(folder / "untrusted", trusted=False)
    unnoticed = [name for name, failed in without.items() if "others are not" not in failed]
    found = report.finish(
        as_json=options.json,
        nginx_failed=wrong["nginx"],
        caddy_failed=wrong["caddy"],
        untrusted_proxy_unnoticed=unnoticed,
    )
    bad = ("nginx_failed", "caddy_failed", "untrusted_proxy_unnoticed")
    return exit_code(found, *bad, repeat="./run prove proxies")


if __name__ == "__main__":
    sys.exit(main())
