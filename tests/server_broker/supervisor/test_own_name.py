"""The console's own certificate: taken without a break when its files change, and never taken while they are bad."""

import datetime as dt
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from firmware_scripts.demo.processes import wait_until
from server_broker import cli, trust
from server_broker.enrolment.expiry import ConsoleCertificateWatch
from server_broker.fleet.alarm_codes import CONSOLE_CERTIFICATE
from server_broker.fleet.models import Alarm
from server_broker.platform.county_config import CountyConfig, free_ports, read_config, write_config
from server_broker.platform.home import CountyHome
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import doctor
from server_broker.supervisor.doctor import examine
from server_broker.supervisor.firewall import open_ports
from server_broker.supervisor.parts import web_answers
from server_broker.supervisor.web import WebServer, own_name, web_config
from server_broker.trust.authority import CertificateAuthority
from server_broker.trust.keys import server_certificate
from server_broker.trust.own_certificate import chain_words, console_problems

HOST = "console.example"
NOW = dt.datetime.now(dt.UTC)


def put(
    folder: Path, *, names: list[str] | None = None, chain: bool = True, days_ago: float = 0, old: bool = False
) -> None:
    """Put a pair there as an ACME client does; ``old`` is one with an RSA key, as clients made for years."""
    authority, _ = CertificateAuthority.make("an authority")
    key: Any = rsa.generate_private_key(65537, 2048) if old else ec.generate_private_key(ec.SECP256R1())
    issued = authority.issue_server(names or [HOST], key.public_key(), now=NOW - dt.timedelta(days=days_ago))
    folder.mkdir(exist_ok=True)
    (folder / "privkey.pem").touch(mode=0o600)
    (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "fullchain.pem").write_bytes(issued.pem.encode() + (authority.pem if chain else b""))


def in_file(folder: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(
        (folder / "fullchain.pem").read_text().partition("-----END")[0] + "-----END CERTIFICATE-----\n"
    )


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    """A county with a port for its stations, and one with a certificate of its own for browsers."""
    home = CountyHome(tmp_path / "county")
    home.root.mkdir()
    trust.prepare(home)
    shutil.copy(home.trust / "ca.pem", home.root / "ca.pem")
    web, broker, local, own = free_ports(4)
    console = OwnCertificate(host=HOST, port=own, acme_folder="tls")
    ports = {"web_port": web, "broker_port": broker, "broker_local_port": local}
    write_config(home, CountyConfig(name="示例县", host="127.0.0.1", console=console, **ports))  # type: ignore[arg-type]
    put(home.root / "tls")
    return home


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _broken(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("it can't begin to work")


class Web:
    """The county's web server, run in a thread for one home."""

    def __init__(self, home: CountyHome, app: Any = _nothing) -> None:
        self.home = home
        self.config = read_config(home)
        assert self.config.console is not None
        self.own = self.config.console
        files = server_certificate(home, "web", self.config.hosts, now=NOW)
        served = web_config(app, *files, host="127.0.0.1", port=self.config.web_port)
        self._server = WebServer(served, own_name(home, self.config, now=NOW), every_s=0.02)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> "Web":
        self._thread.start()
        wait_until(lambda: self.connect() is not None, what="the console's own port", timeout_s=30)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)

    def connect(self, *, port: int | None = None, name: str | None = HOST) -> ssl.SSLSocket | None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            plain = socket.create_connection(("127.0.0.1", port or self.own.port), timeout=20)
        except OSError:
            return None
        return context.wrap_socket(plain, server_hostname=name)

    def certificate(self, *, port: int | None = None, name: str | None = HOST) -> bytes:
        with self.connect(port=port, name=name) as tls:  # type: ignore[union-attr]
            return tls.getpeercert(binary_form=True) or b""

    def serves(self, content: bytes) -> bool:
        return self.certificate() == content


@pytest.fixture
def web(home: CountyHome) -> Iterator[Web]:
    with Web(home) as web:
        yield web


def test_browsers_get_the_own_certificate_and_stations_the_county_s(web: Web) -> None:
    assert web.serves(in_file(web.home.root / "tls"))
    assert web.certificate(name=None) == in_file(web.home.root / "tls"), "a client that names no host gets it too"
    assert web_answers(web.home, web.config), "a station trusts the county's authority alone"
    assert web.config.console_url == f"https://{HOST}:{web.own.port}"


def test_a_web_that_only_shakes_hands_does_not_answer(home: CountyHome) -> None:
    with Web(home, _broken) as web:
        assert web.connect(port=web.config.web_port) is not None
        assert not web_answers(home, web.config)


@pytest.mark.parametrize("old", [False, True], ids=["same kind of key", "RSA before"])
def test_a_renewed_pair_is_served_and_an_open_connection_stays(home: CountyHome, old: bool) -> None:
    put(home.root / "tls", old=old)
    with Web(home) as web:
        before = in_file(home.root / "tls")
        tls = web.connect()
        assert tls is not None
        assert tls.getpeercert(binary_form=True) == before
        put(home.root / "tls")
        wait_until(lambda: web.serves(in_file(home.root / "tls")), what="the renewed certificate", timeout_s=20)
        browser = http.client.HTTPConnection(HOST)
        browser.sock = tls
        browser.request("GET", "/")
        assert browser.getresponse().status == 200, "the connection that was open goes on"
        browser.close()


SPOILT: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "torn": ("和证书不是一对", lambda folder: shutil.copy(_other(folder) / "fullchain.pem", folder / "fullchain.pem")),
    "key for others": ("别人也能读或改", lambda folder: _for_others(folder)),
    "no chain": ("缺签发它的中间证书", lambda folder: put(folder, chain=False)),
    "other name": (f"不是 {HOST} 的证书", lambda folder: put(folder, names=["other.example"])),
    "over": ("过期，请续期", lambda folder: put(folder, days_ago=5 * 365 + 1)),
    "nothing": ("不是 PEM 证书", lambda folder: (folder / "fullchain.pem").write_text("")),
}


def _for_others(folder: Path) -> None:
    put(folder)
    (folder / "privkey.pem").chmod(0o644)


def _other(folder: Path) -> Path:
    put(folder.with_name("other"))
    return folder.with_name("other")


@pytest.mark.django_db
@pytest.mark.parametrize("fault", SPOILT)
def test_a_bad_pair_is_not_served_and_everybody_is_told(
    web: Web, fault: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    words, spoil = SPOILT[fault]
    folder, before = web.home.root / "tls", in_file(web.home.root / "tls")
    spoil(folder)
    left = {file.name: file.read_bytes() for file in folder.iterdir()}
    wait_until(lambda: "the files are not served" in caplog.text, what="a look at them", timeout_s=20)
    assert web.serves(before)
    assert cli.main(["config", "check", "--home", str(web.home.root)]) == 1
    assert words in capsys.readouterr().err
    [finding] = [one for one in examine(web.home, now=NOW) if one.part == "办公网页证书"]
    assert not finding.well
    assert words in finding.state
    watch = ConsoleCertificateWatch(web.home)
    watch.look(now=NOW)
    assert not Alarm.objects.exists(), "a pair may be seen between its two files"
    watch.look(now=NOW)
    alarm = Alarm.objects.get(code=CONSOLE_CERTIFICATE)
    assert words in alarm.detail
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == left, "what a person put there stays"
    (folder / "privkey.pem").chmod(0o600)
    put(folder)
    watch.look(now=NOW)
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None
    wait_until(lambda: web.serves(in_file(folder)), what="the mended certificate", timeout_s=20)


def test_files_that_only_root_can_read_are_seen_by_what_is_served(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor of an installed county reads with root's rights, and the web does not."""

    def own() -> tuple[bool, str]:
        [finding] = [one for one in examine(web.home, now=NOW) if one.part == "办公网页证书"]
        return finding.well, finding.state

    assert own()[0]
    monkeypatch.setattr(doctor, "served_certificate", lambda _: b"the one before")
    assert not own()[0]
    assert "用的还不是" in own()[1]


def test_a_start_with_bad_files_lets_people_in_by_the_county_s_own(home: CountyHome) -> None:
    (home.root / "tls" / "privkey.pem").unlink()
    with Web(home) as web:
        served = x509.load_der_x509_certificate(web.certificate())
        names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [HOST]
        served.verify_directly_issued_by(x509.load_pem_x509_certificate((home.root / "ca.pem").read_bytes()))
        put(home.root / "tls")
        wait_until(lambda: web.serves(in_file(home.root / "tls")), what="the mended certificate", timeout_s=20)


def test_the_firewall_lets_browsers_to_its_port(home: CountyHome) -> None:
    config = read_config(home)
    assert config.console is not None
    assert [port.port for port in open_ports(config)] == [config.console.port]
    assert open_ports(replace(config, console=replace(config.console, port=config.web_port))) == []


def test_on_one_port_the_name_decides(home: CountyHome) -> None:
    text = home.config_file.read_text()
    web_port, own = read_config(home).web_port, read_config(home).console
    assert own is not None
    home.config_file.write_text(text.replace(f"port = {own.port}\n", f"port = {web_port}\n"))
    with Web(home) as web:
        assert web.certificate(name=HOST.upper()) == in_file(home.root / "tls")
        assert web.certificate(name="127.0.0.1") != in_file(home.root / "tls")
        assert web_answers(home, web.config)


def _same_port_and_name(text: str, web_port: int) -> str:
    before, _, table = text.partition("[console]")
    return before + "[console]" + table.replace(HOST, "127.0.0.1").replace("port = ", f"port = {web_port} #")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_same_port_and_name, "站点用的就是它"),
        (lambda text, web: text.replace('acme_folder = "tls"', 'acme_folder = "tls"\nkey = "a"'), "只能写一种"),
        (lambda text, web: text.replace('acme_folder = "tls"', 'folder = "tls"'), "不是这里的设置项"),
        (lambda text, web: text.replace("[console]", "console = 1\n[other]"), "应为 [console] 下面的一组设置"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(
    home: CountyHome, change: Callable[[str, int], str], words: str
) -> None:
    home.config_file.write_text(change(home.config_file.read_text(), read_config(home).web_port))
    with pytest.raises(ServiceError) as refused:
        read_config(home)
    assert words in str(refused.value)
    assert f"{home.config_file}:" in str(refused.value)


def test_a_certificate_of_an_authority_that_the_machine_trusts_needs_no_chain(home: CountyHome, tmp_path: Path) -> None:
    chain = x509.load_pem_x509_certificates((home.root / "tls" / "fullchain.pem").read_bytes())
    (tmp_path / "trusted.pem").write_bytes(chain[1].public_bytes(Encoding.PEM))
    assert chain_words(chain[:1], authorities=tmp_path / "trusted.pem") == ""
    assert "缺签发它的中间证书" in chain_words(chain[:1], authorities=tmp_path / "none.pem")
    assert "先放本机名字的证书" in chain_words(list(reversed(chain)))
    assert "自己给自己签的" in chain_words(chain[1:])


def test_the_guide_s_hook_brings_what_can_be_served(home: CountyHome) -> None:
    """certbot calls it after each renewal, with the folder of the certificate in ``RENEWED_LINEAGE``."""
    guide = Path(__file__).parents[3] / "docs" / "guides" / "县级安装手册.md"
    _, _, chapter = guide.read_text(encoding="utf-8").partition("用县里自己的证书")
    hook = chapter.partition("```sh\n")[2].partition("```")[0]
    folder = tomllib.loads(chapter.partition("```toml\n")[2].partition("```")[0])["console"]["acme_folder"]
    here = hook.replace("/var/lib/cunhui-county", str(home.root)).replace("-o cunhui-county -g cunhui-county ", "")
    lineage = home.root / "letsencrypt"
    put(lineage)
    subprocess.run(["sh", "-c", here], env=os.environ | {"RENEWED_LINEAGE": str(lineage)}, check=True)
    own = OwnCertificate(host=HOST, port=443, acme_folder=folder)
    assert console_problems(home.root, own, now=NOW) == []
    assert (home.root / folder / "privkey.pem").stat().st_mode & 0o777 == 0o600


def test_a_name_that_was_changed_stays_on_the_certificates_until_a_person_says_so(
    home: CountyHome, capsys: pytest.CaptureFixture[str]
) -> None:
    def names() -> set[str]:
        served = x509.load_pem_x509_certificate(
            server_certificate(home, "web", config().hosts, now=NOW)[0].read_bytes()
        )
        alternatives = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return set(alternatives.get_values_for_type(x509.DNSName))

    def config() -> CountyConfig:
        return read_config(home)

    text = home.config_file.read_text()
    home.config_file.write_text(text.replace('host = "127.0.0.1"', 'host = "old.example"', 1))
    assert "old.example" in names()
    home.config_file.write_text(text.replace('host = "127.0.0.1"', 'host = "new.example"', 1))
    [finding] = [one for one in examine(home, now=NOW) if one.part == "旧名字"]
    assert "old.example" in finding.state
    assert not finding.well
    cli.main(["config", "check", "--home", str(home.root)])
    assert "old.example" in capsys.readouterr().out
    assert {"old.example", "new.example"} <= names()
    assert cli.main(["forget-host", "new.example", "--home", str(home.root)]) == 1
    assert "还写在 county.toml 里" in capsys.readouterr().err
    assert cli.main(["forget-host", "old.example", "--home", str(home.root)]) == 0
    assert "old.example" not in names()
    assert cli.main(["forget-host", "old.example", "--home", str(home.root)]) == 1
