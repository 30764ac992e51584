"""The station's connections to its county: the link to the broker, and its calls over HTTPS."""

from functools import partial

from agent.config.station_config import StationConfig
from agent.errands import fetch_by_errand, renew_by_errand
from agent.events import RenewalEnded
from agent.identity.station_identity import Identity
from agent.inbox import Inbox
from agent.ports import Link
from agent.storage.durable import make_folder
from agent.timekeeping.clock import StationClock
from agent.uplink.traffic import Meter
from protocol.twin import PackRef


def enrol_station(config: StationConfig, claim: str, *, only: str = "") -> Identity:
    """Make the enrolment call; see `agent.identity.enrolment.enrol`."""
    from agent.drivers.https import post_json  # noqa: PLC0415 -- large, and no use to a station that runs
    from agent.identity.enrolment import enrol  # noqa: PLC0415

    make_folder(config.folder, mode=0o750)
    return enrol(config.folder, url=config.county_url, ca_file=config.county_ca, claim=claim, post=post_json, only=only)


def link(config: StationConfig, identity: Identity, clock: StationClock, inbox: Inbox) -> Link:
    """Make the link to the broker."""
    from agent.drivers.mqtt import PahoLink, station_context  # noqa: PLC0415

    broker = identity.enrolled.broker
    return PahoLink(
        station=identity.station,
        shard=broker.shard,
        endpoints=broker.endpoints,
        context=partial(
            station_context,
            ca_file=config.county_ca,
            certificate_file=identity.certificate_file,
            key_file=identity.tls_key_file,
        ),
        put=inbox.put,
        mono_ms=clock.mono_ms,
    )


def fetch(config: StationConfig, meter: Meter, ref: PackRef) -> bytes:
    """Fetch a pack; see `agent.errands.fetch_by_errand`."""
    url, folder = f"{config.county_url}/packs/{ref.sha256.hex()}", config.folder / "downloads"
    return fetch_by_errand(url, config.county_ca, ref.sha256, ref.size, folder=folder, billed=meter.add)


def renew(config: StationConfig, meter: Meter, wall_ms: int, anyway: bool) -> RenewalEnded:
    """Renew the certificate if it is due, or ``anyway``; see `agent.errands.renew_by_errand`."""
    url, ca_path = config.county_url, config.county_ca
    outcome = renew_by_errand(config.folder, url=url, ca_path=ca_path, now_ms=wall_ms, anyway=anyway, billed=meter.add)
    keys = tuple(outcome.county_keys)
    return RenewalEnded(renewed=outcome.renewed, due_ms=outcome.due_ms, county_keys=keys)
