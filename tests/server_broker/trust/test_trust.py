"""The county's keys and certificates: their profiles, their files, and what is refused."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.trust import CertificateAuthority, county_keys, prepare
from server_broker.trust.keys import replace_signing_key, server_certificate

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path / "county")
    home.root.mkdir()
    prepare(home)
    return home


def load(pem: str | bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem)


def test_keys_are_made_once_and_nobody_else_can_read_them(home: CountyHome) -> None:
    before = {path.name: path.read_bytes() for path in home.trust.iterdir()}
    prepare(home)
    assert {path.name: path.read_bytes() for path in home.trust.iterdir()} == before
    assert stat.S_IMODE(home.trust.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.trust.iterdir()} == {0o600}
    assert (home.root / "ca.pem").read_bytes() == county_keys(home).ca_pem
    assert len(county_keys(home).card_key) == 32


def test_a_lost_key_is_never_silently_replaced(home: CountyHome) -> None:
    (home.trust / "ca.key").unlink()
    with pytest.raises(ServiceError, match=r"缺少 ca\.key"):
        prepare(home)


@pytest.mark.parametrize("name", ["ca.key", "ca.pem", "signing.key"])
def test_a_damaged_key_file_is_named(home: CountyHome, name: str) -> None:
    (home.trust / name).write_bytes(b"rubbish")
    with pytest.raises(ServiceError, match="damaged"):
        county_keys(home)


def test_a_key_of_another_county_is_noticed(home: CountyHome) -> None:
    (home.trust / "ca.pem").write_bytes(CertificateAuthority.make()[0].pem)
    with pytest.raises(ServiceError, match="不是一套的"):
        county_keys(home)


def test_a_new_signing_key_takes_the_old_ones_place(home: CountyHome) -> None:
    old = county_keys(home)
    replace_signing_key(home)
    new = county_keys(home)
    assert new.public_keys.keys().isdisjoint(old.public_keys)
    assert (new.ca_pem, new.card_key) == (old.ca_pem, old.card_key)
    assert stat.S_IMODE((home.trust / "signing.key").stat().st_mode) == 0o600


def test_a_station_certificate_has_the_profile_of_a_client(home: CountyHome) -> None:
    keys = county_keys(home)
    issued = keys.authority.issue_station("village-01", ec.generate_private_key(ec.SECP256R1()).public_key(), now=NOW)
    certificate = load(issued.pem)
    assert [(a.oid, a.value) for a in certificate.subject] == [(NameOID.COMMON_NAME, "village-01")]
    assert certificate.not_valid_after_utc == NOW + dt.timedelta(days=90) == issued.not_after
    assert certificate.not_valid_before_utc <= NOW - dt.timedelta(minutes=30), "for a clock set back"
    extensions = certificate.extensions
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificate.verify_directly_issued_by(load(keys.ca_pem))
    assert int(issued.serial, 16) == certificate.serial_number


def test_no_certificate_outlives_the_authority(home: CountyHome) -> None:
    authority = county_keys(home).authority
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    late = dt.datetime(2049, 12, 1, tzinfo=dt.UTC)
    for issued in (authority.issue_station("village-01", key, now=late), authority.issue_server(["h"], key, now=late)):
        assert late < issued.not_after == authority.certificate.not_valid_after_utc


def test_a_server_certificate_is_believed_from_2020_on_for_its_names_only(home: CountyHome) -> None:
    certificate_file, _ = server_certificate(home, "web", ["county.example", "127.0.0.1"], now=NOW)
    certificate = load(certificate_file.read_bytes())
    store = Store([load(county_keys(home).ca_pem)])
    floor = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    for moment in (floor, NOW):
        verifier = PolicyBuilder().store(store).time(moment)
        verifier.build_server_verifier(x509.DNSName("county.example")).verify(certificate, [])
    with pytest.raises(x509.verification.VerificationError):
        PolicyBuilder().store(store).build_server_verifier(x509.DNSName("other.example")).verify(certificate, [])


def test_a_server_certificate_is_kept_until_its_names_change_or_it_nears_its_end(home: CountyHome) -> None:
    first = server_certificate(home, "web", ["127.0.0.1"], now=NOW)[0].read_bytes()
    assert server_certificate(home, "web", ["127.0.0.1"], now=NOW)[0].read_bytes() == first
    second = server_certificate(home, "web", ["127.0.0.1", "county.example"], now=NOW)[0].read_bytes()
    assert second != first
    later = NOW + dt.timedelta(days=5 * 365 - 300)
    assert server_certificate(home, "web", ["127.0.0.1", "county.example"], now=later)[0].read_bytes() != second


def test_the_revocation_list_names_the_revoked_and_holds_for_ten_years(home: CountyHome) -> None:
    keys = county_keys(home)
    crl = x509.load_pem_x509_crl(keys.authority.revocation_list(["a1", "ff"], number=3, now=NOW))
    assert {entry.serial_number for entry in crl} == {0xA1, 0xFF}
    assert crl.next_update_utc is not None
    assert crl.next_update_utc > NOW + dt.timedelta(days=3640)
    key = load(keys.ca_pem).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert crl.is_signature_valid(key)
