"""Make what the product's station stands on: its files, and the drivers that its configuration names."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from agent.commands.log_tail import LogTail
from agent.config.station_config import OUTBOX_FILE, StationConfig
from agent.drivers.system_clock import LinuxClock
from agent.drivers.time_service import MachineTimeService
from agent.identity.station_identity import Identity
from agent.inbox import Inbox
from agent.kiosk.kiosk_socket import KioskSocket
from agent.station.notify import Notifier
from agent.storage.blobs import BlobStore
from agent.storage.disk import free_kib, written_kib
from agent.storage.outbox import Outbox
from agent.timekeeping.clock import StationClock
from agent.uplink.traffic import Meter
from agent.vitals.last_update import reverted_update
from agent.wiring import county, hardware
from agent.wiring.ports import StationPorts
from agent.wiring.program import build_ms, software
from agent.wiring.shelf_line import open_county

_DOCTOR_S = 10.0
"""How long a doctor that looks at the outbox just now is waited for."""


@contextmanager
def real_ports(
    config: StationConfig,
    identity: Identity,
    *,
    environ: Mapping[str, str],
    clock: StationClock | None = None,
    inbox: Inbox | None = None,
    log_tail: LogTail | None = None,
) -> Iterator[StationPorts]:
    """Open a station's files and make its drivers, which rest until the core starts them; on leaving, close the files.

    Args:
        environ: Where the service manager says how to notify it (sd_notify(3)).
        clock: The station's time, if that is not the machine's.
        inbox: Where events go in, if that is not a plain inbox.
        log_tail: Holds the end of the log; without it there is no log to send.

    Raises:
        StorageFull: There is no room to begin.
        StorageFailed: The disk fails, or another agent runs on the folder.
    """
    clock = clock or StationClock(system=LinuxClock(), build_ms=build_ms())
    notifier = Notifier(environ=environ, mono_ms=clock.mono_ms)
    inbox = inbox or Inbox()
    with ExitStack() as stack:
        outbox = Outbox.open(
            config.folder / OUTBOX_FILE,
            station=identity.station,
            record_key=identity.record_key,
            now=clock.now,
            within_s=_DOCTOR_S,
            working=notifier.starting,
        )
        stack.callback(outbox.close)
        indicator = hardware.indicator(config.indicator)
        stack.callback(indicator.close)
        blobs = BlobStore(config.folder / "blobs")
        link = county.link(config, identity, clock, inbox)
        errand_meter = Meter()
        # Random pictures must not be predictable, not even for whoever knows this program.
        chance = secrets.SystemRandom()
        yield StationPorts(
            station=identity.station,
            village=identity.enrolled.village,
            shard=identity.enrolled.broker.shard,
            software=software(),
            reverted=reverted_update,
            card_key=identity.enrolled.card_key,
            clock=clock,
            chance=chance.random,
            random=chance,
            inbox=inbox,
            notifier=notifier,
            log_tail=log_tail or LogTail(),
            folder=config.folder,
            outbox=outbox,
            blobs=blobs,
            free_kib=partial(free_kib, config.folder),
            written_kib=partial(written_kib, config.folder),
            readers={chosen.name: hardware.reader(chosen) for chosen in config.readers},
            contacts={one.chosen.name: hardware.contact(one.chosen) for one in config.inputs},
            sensors={one.chosen.name: one.sensor for one in config.inputs},
            indicator=indicator,
            indicator_name=config.indicator.name,
            camera=hardware.camera(config, identity.station, blobs, inbox),
            speaker=hardware.speaker(config),
            keyboards=hardware.keyboards(config, inbox),
            kiosks=KioskSocket(path=config.kiosk_socket, inbox=inbox),
            machine=hardware.machine(config),
            time_service=MachineTimeService(),
            time_hints=hardware.time_hints(config),
            county_keys=identity.county_keys,
            link=link,
            endpoints=len(identity.enrolled.broker.endpoints),
            fetch=partial(county.fetch, config, errand_meter),
            open_shelf_source=partial(
                open_county, config.county_url, config.county_ca, config.folder, billed=errand_meter.add
            ),
            renew=partial(county.renew, config, errand_meter),
            meters=[link.bytes_billed, errand_meter.total],
        )
