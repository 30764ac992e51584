"""The county's signing key is replaced while stations are connected: they follow, and nothing is lost on the way."""

from firmware_scripts.demo.processes import NotInTime, wait_until
from tests.integration.village import Village

_RENEWED = "select count(*) from audit_auditentry where action = 'certificate.renewed'"


def test_stations_follow_the_county_to_its_new_key(village: Village) -> None:
    key_file = village.county.home / "trust" / "signing.key"
    old, renewed = key_file.read_bytes(), renewals(village)
    village.county.tool("new-signing-key", "--reason", "演练换钥匙")
    assert key_file.read_bytes() != old
    expected = renewed + len(village.stations)
    try:
        wait_until(
            lambda: renewals(village) >= expected, what="every station to have asked", timeout_s=150, every_s=0.3
        )
    except NotInTime as error:
        raise AssertionError(village.last_words()) from error
    for station in village.stations:
        village.touch(station)
    village.await_all_stored()
    waits = "select count(*) from fleet_stationstatus where waiting > 0"
    wait_until(lambda: village.county.sql(waits) == [["0"]], what="every receipt", timeout_s=90, every_s=0.3)


def renewals(village: Village) -> int:
    return int(village.county.sql(_RENEWED)[0][0])
