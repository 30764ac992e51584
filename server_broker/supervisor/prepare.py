"""Prepare the county after the database is up and before anyone connects. Run as ``python -m``.

This takes a dump of a database that is to be upgraded, migrates the tables, brings the database and the station journal
in step, marks the senders of pictures that earlier versions stored, counts the files that a database from a backup
awaits although they are here, signs packs again if the county's key has changed, makes bundles of the packs that
earlier versions published, keeps the tables of the calendar's libraries, writes the broker's lists and the console's
static files, and has stations tell again what a database lacks that went back to a dump.
"""

import datetime as dt
import logging
import sys

import django
from django.core.management import call_command

from server_broker import broker
from server_broker.platform.county_config import read_config
from server_broker.platform.processes import ServiceError
from server_broker.platform.release import note_used, program_version
from server_broker.trust import county_keys
from server_broker.trust.keys import dropped_hosts
from server_broker.trust.record_key import RecordStopped

log = logging.getLogger(__name__)


def main() -> None:
    """Do all of it, while no other program does.

    Raises:
        ServiceError: The database is a later version's, or there is no room for its dump; nothing was changed. Any
            other error ends the program with a traceback.
    """
    django.setup()
    from server_broker.upgrades.alone import alone  # noqa: PLC0415 - needs the settings

    waits = "另一个程序正在准备这个县的数据库，等它做完……"
    with alone(wait=lambda: log.warning(waits)):
        _prepare()


def _prepare() -> None:
    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415 - needs the models
    from server_broker.bundles.questions import adopt_packs  # noqa: PLC0415
    from server_broker.enrolment.revocation import Reconciled, reconcile  # noqa: PLC0415 - needs the models
    from server_broker.learning.packs import reseal_packs  # noqa: PLC0415
    from server_broker.media.files import MediaFolder  # noqa: PLC0415
    from server_broker.media.intake import adopt_whole  # noqa: PLC0415
    from server_broker.media.senders import mark_senders  # noqa: PLC0415
    from server_broker.settings import HOME  # noqa: PLC0415
    from server_broker.supervisor.restored import ask_for_the_gap  # noqa: PLC0415
    from server_broker.upgrades.dumps import upgrade_is_done  # noqa: PLC0415
    from server_broker.upgrades.going_back import forget_way_back, went_back  # noqa: PLC0415
    from server_broker.upgrades.going_forward import ready_to_migrate  # noqa: PLC0415
    from server_broker.workdays.libraries import note_libraries  # noqa: PLC0415

    HOME.media.mkdir(exist_ok=True)
    HOME.bundles.mkdir(exist_ok=True, mode=0o750)
    HOME.media.chmod(0o750)
    ready_to_migrate(HOME, now=dt.datetime.now(dt.UTC))
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    outcome = reconcile(HOME)
    if outcome != Reconciled():
        log.warning("journal and database were not in step: %s", outcome)
    if marked := mark_senders(MediaFolder(HOME.media)):
        log.warning("noted the sender of %d pictures that an earlier version had stored", marked)
    if adopted_files := adopt_whole(MediaFolder(HOME.media), now=dt.datetime.now(dt.UTC)):
        log.warning("%d files lie here that the database awaited: it came from a backup", adopted_files)
    if resealed := reseal_packs(key=county_keys(HOME).signing_key):
        log.warning("signed %d packs again, because another key had signed them", resealed)
    adopted, too_large = adopt_packs(folder=BundleFolder(HOME.bundles), at=dt.datetime.now(dt.UTC))
    if adopted:
        log.warning("made bundles of %d packs that an earlier version had published", adopted)
    for pack in too_large:
        log.warning("%s is too large for a bundle; stations get it as a pack file", pack)
    try:
        if noted := note_libraries():
            log.info("the calendar now goes by %s", " and ".join(noted))
    except RecordStopped:
        # The console says what to do about it; the calendar goes by the tables that were in use.
        log.exception("the tables of the calendar's libraries are not taken into use")
    if gone := dropped_hosts(HOME, read_config(HOME).hosts):
        log.warning("certificates stay valid for %s, which county.toml names no more: stations may use it", gone)
    broker.refresh(HOME, now=dt.datetime.now(dt.UTC))
    if back := went_back(HOME):
        try:
            generation, _ = ask_for_the_gap(HOME, actor=back.actor, now=dt.datetime.now(dt.UTC))
            log.warning("the database went back to a dump: generation %d, stations tell the rest again", generation)
            forget_way_back(HOME)
        except RecordStopped:
            log.exception("stations are not asked for what the database lacks since it went back to a dump")
    note_used(HOME, program_version())
    upgrade_is_done(HOME)


if __name__ == "__main__":
    try:
        main()
    except ServiceError as error:
        sys.exit(str(error))
