"""Who may connect to the broker."""

import datetime as dt
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from paho.mqtt.enums import MQTTProtocolVersion

from protocol.topics import UP, topic
from server_broker.trust.authority import CertificateAuthority
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.county import County
from tests.proofs.strangers.forging import authority_name, by_authority, expired, key_of, make_certificate
from tests.proofs.strangers.station import client_tls
from tests.proofs.strangers.visitor import SUCCESS, Visitor, county_client, local_port


def certificates(bench: Bench, outcomes: Outcomes) -> None:
    """Try every wrong certificate, and the right one before and after."""
    name = bench.first.station
    outcomes.welcome("the right certificate", _connects(bench.county, bench.first.tls(), name))
    for case, certificate, key in _forgeries(bench.county, name):
        outcomes.refused(case, _connects(bench.county, client_tls(bench.county, certificate, key), name))
    old = bench.first.tls()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    outcomes.refused("TLS 1.2 with the right certificate", _connects(bench.county, old, name))
    outcomes.refused("no TLS at all", _connects(bench.county, None, name))
    outcomes.welcome("the right certificate again", _connects(bench.county, bench.first.tls(), name))


def _connects(county: County, tls: ssl.SSLContext | None, client_id: str) -> bool:
    with Visitor(county.broker_port, client_id, tls=tls) as visitor:
        return visitor.connect()


def _forgeries(county: County, name: str) -> list[tuple[str, str, ec.EllipticCurvePrivateKey]]:
    key = ec.generate_private_key(ec.SECP256R1())
    foreign, _ = CertificateAuthority.make()
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    copied = ec.generate_private_key(ec.SECP256R1())
    now, web = dt.datetime.now(dt.UTC), (county.home / "trust" / "web.pem").read_text()
    server = by_authority(county, name, key, usage=ExtendedKeyUsageOID.SERVER_AUTH)
    return [
        ("no certificate", "", key),
        ("a foreign CA", foreign.issue_station(name, key.public_key(), now=now).pem, key),
        ("a foreign CA of the same name", make_certificate(name, authority_name(county), key, copied), key),
        ("self-signed with the right name", make_certificate(name, own_name, key, key), key),
        ("expired", expired(county, name, key), key),
        ("not yet valid", by_authority(county, name, key, days=(1, 9)), key),
        ("the web server's own certificate", web, key_of(county, "web")),
        ("a server certificate with a station's name", server, key),
    ]


def unlisted(bench: Bench, outcomes: Outcomes) -> None:
    """The authority's signature alone is not enough: a station that is not on the list can neither publish nor
    receive."""
    name, key = "unlisted-01", ec.generate_private_key(ec.SECP256R1())
    certificate = by_authority(bench.county, name, key)
    down = topic(shard=0, station=name, leaf="receipt")
    with (
        county_client(bench.county, "observer") as observer,
        Visitor(bench.county.broker_port, name, tls=client_tls(bench.county, certificate, key)) as stranger,
    ):
        outcomes.welcome("observer of the unlisted", observer.connect())
        for up in UP:
            observer.subscribe(f"cunhui/1/+/+/{up}")
        stranger.connect()
        for up in UP:
            said = stranger.publish(topic(shard=0, station=name, leaf=up))
            outcomes.refused(f"publish {up} with a certificate that is on no list", said == SUCCESS)
        outcomes.refused("the county hears who is on no list", bool(observer.hears()))
        outcomes.refused("who is on no list hears its receipts", _hears_receipt(observer, stranger, down))


def client_ids(bench: Bench, outcomes: Outcomes) -> None:
    """A client with another station's client id neither takes over its session nor fires its will."""
    first, second = bench.first, bench.second
    down = topic(shard=0, station=second.station, leaf="receipt")
    gone = topic(shard=0, station=second.station, leaf="gone")
    with (
        county_client(bench.county, "observer") as observer,
        Visitor(bench.county.broker_port, second.station, tls=second.tls(), will=(gone, b"will")) as victim,
        Visitor(bench.county.broker_port, second.station, tls=first.tls()) as thief,
    ):
        outcomes.welcome("the county's own client", observer.connect() and observer.subscribe(gone) is not None)
        outcomes.welcome("the victim", victim.connect() and victim.subscribe(down) in (0, 1))
        thief.connect()
        outcomes.refused("a foreign client id hears the other's receipts", _hears_receipt(observer, thief, down))
        outcomes.refused("a foreign client id ends the other's session", victim.closed.is_set())
        outcomes.refused("a foreign client id fires the other's will", bool(observer.hears()))
        outcomes.welcome("the victim still hears", any(payload == b"receipt" for _, payload in victim.hears()))


def _hears_receipt(observer: Visitor, thief: Visitor, down: str) -> bool:
    thief.subscribe(down)
    observer.publish(down, b"receipt")
    return bool(thief.hears())


def older_versions(bench: Bench, outcomes: Outcomes) -> None:
    """The broker can't refuse a station with an older MQTT, but such a station publishes and receives no more than any
    other."""
    first, second = bench.first.station, bench.second.station
    down, foreign = (topic(shard=0, station=second, leaf=leaf) for leaf in ("receipt", "facts"))
    own = topic(shard=0, station=first, leaf="facts")
    for version in (MQTTProtocolVersion.MQTTv31, MQTTProtocolVersion.MQTTv311):
        with (
            county_client(bench.county, "observer") as observer,
            Visitor(bench.county.broker_port, first, tls=bench.first.tls(), version=version) as stranger,
        ):
            outcomes.welcome(f"{version.name}: observer", observer.connect())
            observer.subscribe("cunhui/1/+/+/facts")
            stranger.connect()
            for case, name, retain in (("another's facts", foreign, False), ("facts to be kept", own, True)):
                stranger.publish(name, retain=retain)
                outcomes.refused(f"{version.name}: {case}", bool(observer.hears()))
            outcomes.refused(f"{version.name}: another's receipts", _hears_receipt(observer, stranger, down))
        with Visitor(bench.county.broker_port, second, tls=bench.first.tls(), version=version) as thief:
            thief.connect()
            outcomes.refused(f"{version.name}: another's client id", _hears_receipt_of(bench, thief, down))


def _hears_receipt_of(bench: Bench, thief: Visitor, down: str) -> bool:
    with county_client(bench.county, "speaker") as speaker:
        speaker.connect()
        return _hears_receipt(speaker, thief, down)


def loopback(bench: Bench, outcomes: Outcomes) -> None:
    """The county's own listener takes the county's own clients only."""
    port, name = local_port(bench.county), bench.first.station
    attempts: dict[str, tuple[str, str | None] | None] = {
        "loopback listener without a password": None,
        "loopback listener with a station's name": (name, None),
        "loopback listener as county without a password": ("county", None),
        "loopback listener as county with a guessed password": ("county", "county"),
        "loopback listener with an empty password": ("county", ""),
    }
    for case, password in attempts.items():
        with Visitor(port, name, password=password) as visitor:
            outcomes.refused(case, visitor.connect())
    with county_client(bench.county, "control") as client:
        outcomes.welcome("loopback listener with the password", client.connect())
