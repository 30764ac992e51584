"""The front door's certificate: each fault is named with its line of county.toml, and a renewed one is served."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from firmware_scripts.demo.processes import wait_until
from server_broker import cli
from server_broker.platform.county_config import CountyConfig, read_config, write_config
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.front_door import FrontDoorServer, renewed_certificate, server_config
from server_broker.supervisor.parts import front_door_answers, service_parts
from server_broker.supervisor.renewed_certificate import RenewedCertificate
from server_broker.supervisor.up import add_demonstration
from server_broker.trust.authority import CertificateAuthority
from server_broker.trust.front_door import certificate_problems, private_authority_name
from server_broker.trust.own_certificate import server_context
from tests.agent.uplink.network import free_port

HOST = "door.example"
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    """A county with a front door whose certificate is good."""
    home = CountyHome(tmp_path)
    front_door = FrontDoor(host=HOST, port=8443, certificate="door.pem", key="door.key")
    loopback = {"name": "示例县", "host": "127.0.0.1", "web_port": 0, "broker_port": 0, "broker_local_port": 0}
    write_config(home, CountyConfig(**loopback, front_door=front_door))  # type: ignore[arg-type]
    issue(tmp_path)
    return home


def issue(
    folder: Path, *, names: list[str] | None = None, days_ago: float = 0, to: tuple[str, str] = ("door.pem", "door.key")
) -> bytes:
    """Put a new pair into ``folder``, of a certificate that was good for five years, and return the certificate."""
    authority, _ = CertificateAuthority.make("an authority")
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.issue_server(names or [HOST], key.public_key(), now=NOW - dt.timedelta(days=days_ago))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / to[1]).touch(mode=0o600)
    (folder / to[1]).write_bytes(pem)
    (folder / to[0]).write_bytes(issued.pem.encode() + authority.pem)
    return ssl.PEM_cert_to_DER_cert(issued.pem)


def check(home: CountyHome, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run ``cunhui-server config check``."""
    status = cli.main(["config", "check", "--home", str(home.root)])
    said = capsys.readouterr()
    return status, said.out + said.err


def line(home: CountyHome, key: str) -> int:
    lines = home.config_file.read_text().splitlines()
    begins = lines.index("[front_door]")
    return next(number for number, text in enumerate(lines, 1) if number > begins and text.startswith(f"{key} ="))


def test_a_good_one_has_nothing_to_be_said_of(home: CountyHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(home, capsys) == (0, f"√ {home.config_file} 没有问题\n")


type Spoil = Callable[[Path], Any]


@pytest.mark.parametrize(
    ("key", "words", "spoil"),
    [
        ("certificate", "door.pem：没有这个文件或文件夹", lambda folder: (folder / "door.pem").unlink()),
        ("certificate", "不是 PEM 证书", lambda folder: (folder / "door.pem").write_text("nothing")),
        ("certificate", "过期，请续期", lambda folder: issue(folder, days_ago=5 * 365 + 1)),
        ("certificate", f"不是 {HOST} 的证书", lambda folder: issue(folder, names=["other.example"])),
        ("certificate", f"不是 {HOST} 的证书", lambda folder: issue(folder, names=["*.door.example"])),
        ("key", "door.key：没有这个文件或文件夹", lambda folder: (folder / "door.key").unlink()),
        ("key", "别人也能读或改（权限 644）", lambda folder: (folder / "door.key").chmod(0o644)),
        ("key", "别人也能读或改（权限 620）", lambda folder: (folder / "door.key").chmod(0o620)),
        ("key", "不是不带口令的 PEM 私钥", lambda folder: (folder / "door.key").write_text("nothing")),
        ("key", "和证书不是一对", lambda folder: issue(folder, to=("door.pem", "another.key"))),
    ],
)
def test_each_fault_is_named_with_its_line(
    home: CountyHome, capsys: pytest.CaptureFixture[str], key: str, words: str, spoil: Spoil
) -> None:
    spoil(home.root)
    status, said = check(home, capsys)
    assert status == 1
    assert f"{home.config_file}:{line(home, key)}：{key}：" in said
    assert words in said


def test_a_certificate_that_signed_itself_is_one_that_no_telephone_takes(
    home: CountyHome, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(dt.datetime.now(dt.UTC) + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (home.root / "door.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (home.root / "door.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    status, said = check(home, capsys)
    assert status == 1
    assert f"{home.config_file}:{line(home, 'certificate')}：certificate：" in said
    assert "自己给自己签的，手机不信任" in said
    front_door = read_config(home).front_door
    assert front_door is not None
    assert certificate_problems(home, front_door, now=dt.datetime.now(dt.UTC)) == [], "it is served all the same"


def test_one_that_comes_early_points_at_the_clock(home: CountyHome) -> None:
    front_door = read_config(home).front_door
    assert front_door is not None
    [early] = certificate_problems(home, front_door, now=dt.datetime(2019, 1, 1, tzinfo=dt.UTC))
    assert early.words.endswith("到 2020-01-01 才生效，请核对本机时间")


@pytest.mark.parametrize("names", [[HOST], ["DOOR.example"], ["*.example", "x.test"], ["a.test", HOST]])
def test_names_count_as_browsers_count_them(
    home: CountyHome, capsys: pytest.CaptureFixture[str], names: list[str]
) -> None:
    issue(home.root, names=names)
    assert check(home, capsys)[0] == 0


@pytest.mark.parametrize(
    "pair", [("fullchain.pem", "privkey.pem"), ("fullchain.cer", f"{HOST}.key"), (f"{HOST}.crt", f"{HOST}.key")]
)
def test_the_folder_of_an_acme_client_is_enough(
    home: CountyHome, capsys: pytest.CaptureFixture[str], pair: tuple[str, str]
) -> None:
    text = home.config_file.read_text()
    own = 'certificate = "door.pem"\nkey = "door.key"\n'
    assert own in text
    home.config_file.write_text(text.replace(own, 'acme_folder = "acme"\n'))
    folder = home.root / "acme"
    folder.mkdir()
    status, said = check(home, capsys)
    assert (status, f":{line(home, 'acme_folder')}：acme_folder：读不到证书" in said) == (1, True)
    issue(folder, to=pair)
    assert check(home, capsys)[0] == 0
    (folder / pair[1]).chmod(0o604)
    assert "别人也能读或改" in check(home, capsys)[1]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("front_door = 5", "应为 [front_door]"),
        ('[front_door]\nhost = "a b"\nport = 1\nacme_folder = "x"', "不是主机名"),
        ('[front_door]\nhost = "a"\nport = 70000\nacme_folder = "x"', "不是端口"),
        ('[front_door]\nhost = "a"\nport = true\nacme_folder = "x"', "port 应为数字"),
        ('[front_door]\nhost = "a"\nacme_folder = "x"', "缺少 port"),
        ('[front_door]\nhost = "a"\nport = 443', "缺少 certificate（或写 acme_folder）"),
        ('[front_door]\nhost = "a"\nport = 443\nacme_folder = "x"\nkey = "k"', "只能写一种"),
        ('[front_door]\nhost = "a"\nport = 443\nacme_folder = ""', "acme_folder 不能为空"),
        ('[front_door]\nhost = "a"\nport = 443\nacme_folder = "x"\ncolour = "red"', "colour 不是这里的设置项"),
        ('[front_door]\nhost = "a"\nport = 8001\nacme_folder = "x"', "port 和别的端口相同"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, table: str, words: str) -> None:
    home = CountyHome(tmp_path)
    own = 'name = "示例县"\nhost = "127.0.0.1"\nweb_port = 8001\nbroker_port = 8002\nbroker_local_port = 8003\n'
    home.config_file.write_text(own + table)
    with pytest.raises(ServiceError) as refused:
        read_config(home)
    assert words in str(refused.value)
    assert int(str(refused.value).split("county.toml:")[1].split("：")[0]) >= 6


def test_a_bad_certificate_keeps_nothing_else_from_starting(home: CountyHome) -> None:
    (home.root / "door.pem").unlink()
    part = service_parts(home, read_config(home))[-1]
    assert (part.name, part.is_ready()) == ("front-door", True)


def test_a_county_without_the_table_has_no_front_door(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    loopback = {"name": "示例县", "host": "127.0.0.1", "web_port": 0, "broker_port": 0, "broker_local_port": 0}
    config = write_config(home, CountyConfig(**loopback))  # type: ignore[arg-type]
    assert [part.name for part in service_parts(home, config)][-1] == "web"


def test_a_demonstration_s_authority_is_not_the_county_s_and_is_named(
    home: CountyHome, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ServiceError, match="已有"):
        add_demonstration(home, host="127.0.0.1", port=0, now=NOW)
    text = home.config_file.read_text()
    home.config_file.write_text(text[: text.index("[front_door]")])
    made = add_demonstration(home, host="127.0.0.1", port=0, now=NOW)
    assert read_config(home).front_door == made
    assert private_authority_name(home, made).startswith("村慧演示专用 ")
    assert check(home, capsys)[0] == 0
    other, _ = CertificateAuthority.make()
    (home.root / made.private_authority).write_bytes(other.pem)
    assert "private_authority：证书不是" in check(home, capsys)[1]


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that says nothing; only the handshake matters."""


@pytest.fixture
def served(home: CountyHome) -> Iterator[FrontDoor]:
    """A running server with the county's certificate. It looks for a renewed one all the time."""
    front_door = read_config(home).front_door
    assert front_door is not None
    context = server_context(*front_door.files(home.root))
    renewed = renewed_certificate(home, front_door, context)
    port = free_port()
    server = FrontDoorServer(server_config(_nothing, context, host="127.0.0.1", port=port), renewed, every_s=0.02)
    thread = threading.Thread(target=server.run)
    thread.start()
    running = FrontDoor(host=HOST, port=port)
    try:
        wait_until(lambda: front_door_answers(running), what="the front door", timeout_s=20)
        yield running
    finally:
        server.should_exit = True
        thread.join(20)


def certificate_at(front_door: FrontDoor, **versions: ssl.TLSVersion) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, version in versions.items():
        setattr(context, name, version)
    address = ("127.0.0.1", front_door.port)
    with socket.create_connection(address, timeout=20) as plain, context.wrap_socket(plain) as tls:
        return tls.getpeercert(binary_form=True) or b""


def test_a_renewed_certificate_is_served_without_a_restart(home: CountyHome, served: FrontDoor) -> None:
    before = certificate_at(served)
    renewed = issue(home.root)
    assert renewed != before
    wait_until(lambda: certificate_at(served) == renewed, what="the renewed certificate", timeout_s=20)


def test_a_pair_that_does_not_fit_is_not_taken(home: CountyHome) -> None:
    front_door = read_config(home).front_door
    assert front_door is not None
    renewed = renewed_certificate(home, front_door, server_context(*front_door.files(home.root)))
    assert not renewed.look(NOW)
    issue(home.root, to=("door.pem", "later.key"))
    assert not renewed.look(NOW), "the certificate is there and its key is not yet"
    (home.root / "later.key").rename(home.root / "door.key")
    assert renewed.look(NOW)
    assert not renewed.look(NOW)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_older_telephones_get_in_and_older_protocols_don_t(served: FrontDoor) -> None:
    assert certificate_at(served, maximum_version=ssl.TLSVersion.TLSv1_2)
    with pytest.raises(OSError, match=r"(?i)alert|protocol|version|eof"):
        certificate_at(served, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_a_look_that_fails_is_not_the_last_one(
    home: CountyHome, served: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    versions = RenewedCertificate._versions

    def gone_meanwhile(self: RenewedCertificate) -> object:
        if failed.is_set():
            return versions(self)
        failed.set()
        raise FileNotFoundError("door.pem")

    monkeypatch.setattr(RenewedCertificate, "_versions", gone_meanwhile)
    wait_until(failed.is_set, what="a look", timeout_s=20)
    renewed = issue(home.root)
    wait_until(lambda: certificate_at(served) == renewed, what="the renewed certificate", timeout_s=20)
