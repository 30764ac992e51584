"""Do a county's regular chores. Run as ``python -m server_broker.supervisor.chores``.

This is a part of its own under the supervisor, so that a chore that hangs or fails delays neither facts nor pages, and
logs are rotated even while the database is away. The work itself belongs to other rooms; this module decides when it is
done. Each chore that completes a revocation has its own thread, because the other chores may take minutes. The patrol
of the ledgers has one too, because it never ends, and so have desired states and shelf indexes, because stations wait
for them, and what people ask at kiosks, because they wait for it.
"""

import datetime as dt
import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

import django

from server_broker.platform.configured_clock import configured_clock
from server_broker.platform.home import CountyHome
from server_broker.platform.service_manager import ServiceManager
from server_broker.supervisor import backup_cli
from server_broker.supervisor.failing_chores import FailingChores
from server_broker.supervisor.logs import rotate_logs
from server_broker.trust.journal import StationJournal

if TYPE_CHECKING:
    from server_broker.bundles.index_keeper import IndexKeeper, Source, SourceOfMany
    from server_broker.closing.residents import VillageMonth

_log = logging.getLogger("server_broker.chores")

LOOK_S = 1.0
"""Seconds between two checks for an unfinished revocation or enrolment. A check only reads the state of some files."""
DAY_S = 24 * 3600.0
MANIFEST_S = 600.0
"""Seconds between two looks whether a day is over whose manifest is due."""
LOOK_NIGHTLY_S = 600.0
"""Seconds between two looks whether the night has come in which exceptions are looked for."""
REQUESTS_S = 3.0
"""Seconds between two looks for what people have asked at kiosks."""
QUESTIONS_S = 5.0
"""Seconds between two looks whether a station asks too much. A look sets aside a piece of it."""
SETTLE_S = 5.0
"""Seconds between two rounds of settling what is due. A round settles some villages of one date."""
RESIDENTS_S = 60.0
"""Seconds between two looks whose days and nights in a village are to be reckoned anew."""
LEARN_S = 5.0
"""Nobody waits for it at a screen: their own station computes by itself."""
NEW_FACES_S = 600.0
BACKUP_WATCH_S = 600.0
BACKUP_S = 300.0
"""Seconds between two copies of what is new, where no timer of systemd makes them."""
RETRY_S = 600.0
HANGS_AFTER_S = 300.0
"""An urgent chore that takes longer hangs: the lists of 10,000 stations and twenty sessions to end take a minute."""
PATROL_AFTER_S = 10.0
DESIRED_S = 0.1
"""Seconds between two turns of building desired states, because a turn ends at once while the database is away."""
CALM_AFTER_S = 300.0
"""The first daily chores run so long after the start, because a county that has just started is busy."""


type _Work = Callable[[dt.datetime], object]


@dataclass(frozen=True)
class Chore:
    """One regular task. ``do`` gets the county's time in UTC, and is safe to repeat at any time."""

    name: str
    do: _Work
    every_s: float = DAY_S
    first_after_s: float = CALM_AFTER_S


class Chores:
    """Does each chore when it is due. A failed chore is done again after `RETRY_S`, or earlier if it is due earlier."""

    def __init__(
        self,
        chores: Sequence[Chore],
        *,
        monotonic_s: Callable[[], float],
        now: Callable[[], dt.datetime],
        failing: FailingChores,
    ) -> None:
        """Make the calendar. What fails is also noted with ``failing``, which tells people."""
        self._monotonic_s = monotonic_s
        self._now = now
        self._failing = failing
        started = monotonic_s()
        self._due = {chore: started + chore.first_after_s for chore in chores}
        self._failed: dict[Chore, str] = {}

    def run_due(self) -> float:
        """Do the chores that are due, and return the seconds until the next one is due."""
        for chore in [chore for chore, due in self._due.items() if due <= self._monotonic_s()]:
            wait_s = chore.every_s
            try:
                outcome = chore.do(self._now())
            except Exception as error:  # noqa: BLE001 - the top of this program: the other chores go on
                # The same failure again is logged only once, because some chores are done every second.
                if self._failed.get(chore) != repr(error):
                    _log.exception("%s failed", chore.name)
                self._failed[chore] = repr(error)
                self._failing.failed(chore.name, error)
                wait_s = min(chore.every_s, RETRY_S)
            else:
                self._failing.worked(chore.name)
                if self._failed.pop(chore, None):
                    _log.info("%s: works again", chore.name)
                if outcome:
                    _log.info("%s: %s", chore.name, outcome)
            # Counted from the end, so that a chore that takes long leaves time for the others.
            self._due[chore] = self._monotonic_s() + wait_s
        return max(0.0, min(self._due.values()) - self._monotonic_s())


def urgent_chores(home: CountyHome) -> list[Chore]:
    """Return the chores that complete an unfinished revocation or enrolment. Django must be set up."""
    from server_broker import broker  # noqa: PLC0415 - loads the authority
    from server_broker.enrolment.journal_watch import JournalWatch  # noqa: PLC0415 - needs the models

    keeper = broker.keeper(home)
    watch = JournalWatch(home, lists_problem=lambda: keeper.problem)
    in_step = _with_database(_unless_away(lambda now: watch.look(now=now)))
    return [
        Chore(
            "keep the broker in step with the journal",
            lambda now: keeper.look(now=now),
            every_s=LOOK_S,
            first_after_s=0.0,
        ),
        Chore("keep the database in step with the journal", in_step, every_s=LOOK_S, first_after_s=0.0),
    ]


def county_chores(home: CountyHome, *, clock_judges_age: Callable[[], bool]) -> list[Chore]:
    """Return the other chores of a county. Django must be set up.

    Args:
        clock_judges_age: Whether the county's clock may decide that something is old. If not, nothing is deleted,
            because by a clock that is a year ahead every picture would have expired.
    """

    def by_a_sure_clock(do: _Work) -> _Work:
        return _with_database(lambda now: do(now) if clock_judges_age() else None)

    return [
        *_keeping_up_chores(home, by_a_sure_clock),
        *_watching_chores(home, by_a_sure_clock),
        *_deleting_chores(home, by_a_sure_clock),
        *_sign_in_chores(by_a_sure_clock),
    ]


def _keeping_up_chores(home: CountyHome, by_a_sure_clock: Callable[[_Work], _Work]) -> list[Chore]:
    """Return the chores that carry on what came in: rows, manifests, files of the county itself.

    Args:
        by_a_sure_clock: Makes work that is only done while the county's clock may judge age.
    """
    from server_broker.attendance.following import Follower  # noqa: PLC0415 - needs the models
    from server_broker.exceptions.looking import look_nightly  # noqa: PLC0415
    from server_broker.feedback.setting_aside import measuring, set_many_aside  # noqa: PLC0415
    from server_broker.ingest.after_upgrade import begin, catch_up  # noqa: PLC0415
    from server_broker.manifest.nightly import make_and_say  # noqa: PLC0415

    begin(home)
    questions = measuring()
    return [
        Chore("rotate the logs", lambda now: rotate_logs(home.logs), every_s=60.0, first_after_s=0.0),
        Chore("compact the journal of stations", lambda _: StationJournal(home).compact()),
        Chore("follow dated rows", _with_database(_unless_away(Follower().follow)), every_s=60.0, first_after_s=5.0),
        Chore("read what could not be read", _with_database(_unless_away(lambda now: catch_up(home, now)))),
        Chore(
            "set aside what one station asks too much",
            _with_database(_unless_away(lambda now: set_many_aside(now, questions))),
            every_s=QUESTIONS_S,
            first_after_s=60.0,
        ),
        Chore("look for what is worth a look", by_a_sure_clock(look_nightly), every_s=LOOK_NIGHTLY_S),
        Chore("make the daily manifest", by_a_sure_clock(lambda now: make_and_say(home, now=now)), every_s=MANIFEST_S),
    ]


def _watching_chores(home: CountyHome, by_a_sure_clock: Callable[[_Work], _Work]) -> list[Chore]:
    """Return the chores that raise and close alarms. ``by_a_sure_clock`` as for `_keeping_up_chores`."""
    from server_broker.attendance.lost_cards import close_found  # noqa: PLC0415 - needs the models
    from server_broker.backup.watching import watch_backups  # noqa: PLC0415
    from server_broker.bundles.past_review import warn_past_review  # noqa: PLC0415
    from server_broker.enrolment.expiry import ConsoleCertificateWatch, watch_certificates  # noqa: PLC0415
    from server_broker.fleet.alarms import close_over  # noqa: PLC0415
    from server_broker.fleet.county_disk import watch_disks  # noqa: PLC0415
    from server_broker.settling.often_down import warn_often_down  # noqa: PLC0415

    console_certificate = ConsoleCertificateWatch(home)
    each_minute: dict[str, _Work] = {
        "close alarms that are over": close_over,
        "close alarms of found cards": close_found,
        "look at the console's own certificate": lambda now: console_certificate.look(now=now),
    }
    return [
        *(
            Chore(name, _with_database(_unless_away(do)), every_s=60.0, first_after_s=60.0)
            for name, do in each_minute.items()
        ),
        Chore(
            "look at the county's disks",
            _with_database(_unless_away(lambda now: watch_disks(home, now=now))),
            every_s=60.0,
            first_after_s=5.0,
        ),
        Chore(
            "look for overdue backups",
            by_a_sure_clock(lambda now: watch_backups(home, now=now)),
            every_s=BACKUP_WATCH_S,
        ),
        Chore("look for certificates near their end", _with_database(lambda now: watch_certificates(home, now=now))),
        Chore("warn of stations that are often down", by_a_sure_clock(warn_often_down)),
        Chore("warn of packs past their review", by_a_sure_clock(warn_past_review)),
    ]


def _deleting_chores(home: CountyHome, by_a_sure_clock: Callable[[_Work], _Work]) -> list[Chore]:
    """Return the chores that end what was kept for long enough. ``by_a_sure_clock`` as for `_keeping_up_chores`."""
    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415 - needs the models
    from server_broker.bundles.index_keeper import drop_superseded  # noqa: PLC0415
    from server_broker.bundles.shelf_keys import drop_old_nonces as drop_fetch_nonces  # noqa: PLC0415
    from server_broker.enrolment.cleaning import drop_old_nonces  # noqa: PLC0415
    from server_broker.exceptions.cleaning import drop_old as drop_exceptions  # noqa: PLC0415
    from server_broker.incidents.cleaning import drop_old as drop_incidents  # noqa: PLC0415
    from server_broker.ingest.quarantine import drop_old_quarantined  # noqa: PLC0415
    from server_broker.media.retention import drop_abandoned, drop_expired, give_up_gone  # noqa: PLC0415
    from server_broker.people.private_numbers import erase_numbers_of_gone  # noqa: PLC0415
    from server_broker.progress.kept_levels import drop_of_gone, keep_levels  # noqa: PLC0415
    from server_broker.progress.rounds import drop_without_answers  # noqa: PLC0415
    from server_broker.retention.erasing import erase_facts  # noqa: PLC0415
    from server_broker.retention.keepings import PICTURES_KEPT, blobs_kept  # noqa: PLC0415
    from server_broker.sheets.pending import drop_old_plans  # noqa: PLC0415
    from server_broker.upgrades.dumps import drop_old_dumps  # noqa: PLC0415

    def drop_files(now: dt.datetime) -> int:
        return drop_expired(now, kept=blobs_kept(), otherwise=PICTURES_KEPT)

    def erase(now: dt.datetime) -> int:
        return erase_facts(now, first={"attempts": lambda before: keep_levels(before, now)})

    def drop_bundles(now: dt.datetime) -> object:
        return drop_superseded(now, folder=BundleFolder(home.bundles))

    each_day: dict[str, _Work] = {
        "delete expired files": drop_files,
        "erase what facts said": erase,
        "await no picture that is nowhere": lambda _: give_up_gone(),
        "delete pieces of pictures": drop_abandoned,
        "delete old messages in quarantine": drop_old_quarantined,
        "delete old nonces": drop_old_nonces,
        "delete superseded bundles": drop_bundles,
        "erase numbers of people who left": erase_numbers_of_gone,
        "delete visits without answers": drop_without_answers,
        "delete stars of people who left": drop_of_gone,
        "delete dumps that are too old": lambda now: drop_old_dumps(home, now=now),
        "delete what was worth a look": drop_exceptions,
        "delete what was told of incidents": drop_incidents,
    }
    return [
        *(Chore(name, by_a_sure_clock(do)) for name, do in each_day.items()),
        Chore("delete nonces of signed requests", by_a_sure_clock(drop_fetch_nonces), every_s=600.0),
        Chore("delete plans of imports", by_a_sure_clock(drop_old_plans), every_s=600.0),
    ]


def _sign_in_chores(by_a_sure_clock: Callable[[_Work], _Work]) -> list[Chore]:
    """Return the chores about PINs, links, sessions and tokens. ``by_a_sure_clock`` as for `_keeping_up_chores`."""
    from server_broker.accounts.cleaning import (  # noqa: PLC0415 - needs the models
        drop_abandoned_set_ups,
        drop_ended_sessions,
        drop_old_links,
        drop_old_traces,
    )
    from server_broker.api_tokens.uses import drop_old_uses  # noqa: PLC0415
    from server_broker.pins.cleaning import drop_old_entries  # noqa: PLC0415
    from server_broker.pins.counting import drop_tries_of_revoked  # noqa: PLC0415
    from server_broker.pins.voiding import void_needless  # noqa: PLC0415
    from server_broker.platform.set_aside import Aside  # noqa: PLC0415
    from server_broker.public.cleaning import drop_old as drop_phones  # noqa: PLC0415

    pins = Aside[int]("voiding a PIN")
    return [
        Chore(
            "void PINs that hold no more",
            _with_database(_unless_away(lambda now: void_needless(now, pins))),
            every_s=60.0,
        ),
        Chore("take back tries of revoked stations", _with_database(_unless_away(drop_tries_of_revoked)), every_s=60.0),
        Chore("delete old entries of numbers", by_a_sure_clock(drop_old_entries)),
        Chore("delete old sign-in links", by_a_sure_clock(drop_old_links)),
        Chore("delete old traces of sign-ins", by_a_sure_clock(drop_old_traces)),
        Chore("delete ended sessions", by_a_sure_clock(drop_ended_sessions)),
        Chore("delete ended sessions of telephones", by_a_sure_clock(drop_phones)),
        Chore("delete old counts of what programs read", by_a_sure_clock(drop_old_uses)),
        Chore("delete abandoned second factors", by_a_sure_clock(drop_abandoned_set_ups)),
    ]


def shelf_chores(home: CountyHome) -> list[Chore]:
    """Return the chore that computes the shelf indexes of stations. Django must be set up."""
    from server_broker.bundles.index_keeper import EVERY_S  # noqa: PLC0415 - needs the models

    look = _with_database(_unless_away(shelf_keeper(home).go_on))
    return [Chore("compute shelf indexes", look, every_s=EVERY_S, first_after_s=0.0)]


def shelf_keeper(home: CountyHome) -> "IndexKeeper":
    """Return what computes the shelf indexes, with all sources of the product. Django must be set up."""
    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415 - needs the models
    from server_broker.bundles.index_keeper import IndexKeeper  # noqa: PLC0415
    from server_broker.duty.marks import mark_changed  # noqa: PLC0415

    return IndexKeeper(
        folder=BundleFolder(home.bundles),
        sources=shelf_sources(),
        sources_of_many=shelf_sources_of_many(),
        markers=[mark_changed],
    )


def shelf_sources() -> list["Source"]:
    """Return the functions that compute bundles of a station from tables of other rooms."""
    from server_broker.feedback.answers_source import answers_drafts  # noqa: PLC0415 - needs the models
    from server_broker.manifest.heads_source import HeadsSource  # noqa: PLC0415
    from server_broker.meetings.meetings_source import meetings_drafts  # noqa: PLC0415
    from server_broker.twin.roster_source import roster_drafts  # noqa: PLC0415

    return [roster_drafts, HeadsSource(), answers_drafts, meetings_drafts]


def shelf_sources_of_many() -> list["SourceOfMany"]:
    """Return the functions that compute bundles of several stations at once."""
    from server_broker.months.month_source import month_drafts  # noqa: PLC0415 - needs the models
    from server_broker.progress.courses_source import courses_drafts  # noqa: PLC0415
    from server_broker.progress.progress_source import progress_drafts  # noqa: PLC0415
    from server_broker.twin.duty_source import duty_drafts  # noqa: PLC0415

    return [duty_drafts, month_drafts, courses_drafts, progress_drafts]


def request_chores() -> list[Chore]:
    """Return the chores that bring what people asked at kiosks before whoever decides. Django must be set up."""
    from server_broker.requests.station_cases import (  # noqa: PLC0415 - needs the models
        judge_again,
        judge_new,
        read_in_turn,
    )
    from server_broker.requests.surplus import measuring  # noqa: PLC0415
    from server_broker.requests.taking_back import take_back  # noqa: PLC0415
    from server_broker.requests.taking_up import Turns, take_up  # noqa: PLC0415

    turns, judged, measured = Turns(), read_in_turn(), measuring()
    every_few_seconds: dict[str, _Work] = {
        "take up what people say at kiosks": lambda now: take_up(now, turns, measured),
        "end what people take back at kiosks": lambda now: take_back(now, measured),
        "judge requests of kiosks": lambda now: judge_new(now, measured),
    }
    anew = _with_database(_unless_away(lambda now: judge_again(now, judged)))
    return [
        *(
            Chore(name, _with_database(_unless_away(do)), every_s=REQUESTS_S, first_after_s=0.0)
            for name, do in every_few_seconds.items()
        ),
        Chore("judge requests anew", anew, every_s=60.0, first_after_s=60.0),
    ]


def settling_chores() -> list[Chore]:
    """Return the chore that settles what is due, which may take a while. Django must be set up."""
    from server_broker.closing.residents import refresh  # noqa: PLC0415 - needs the models
    from server_broker.settling.rounds import go_on  # noqa: PLC0415

    failed: set[VillageMonth] = set()
    reckon = _with_database(_unless_away(lambda now: refresh(now, failed)))
    return [
        Chore("settle what is due", _with_database(_unless_away(go_on)), every_s=SETTLE_S, first_after_s=60.0),
        Chore("reckon residents", reckon, every_s=RESIDENTS_S),
    ]


def learning_chores(*, clock_judges_age: Callable[[], bool]) -> list[Chore]:
    """Return the chores that compute what people have learnt. Django must be set up.

    Args:
        clock_judges_age: As for `county_chores`.
    """
    from server_broker.progress.marks import mark_new_faces  # noqa: PLC0415 - needs the models
    from server_broker.progress.rounds import Rounds  # noqa: PLC0415

    rounds = Rounds()

    def go_on(now: dt.datetime) -> str | None:
        return rounds.go_on(now, by_age=clock_judges_age())

    return [
        Chore("compute what was learnt", _with_database(_unless_away(go_on)), every_s=LEARN_S),
        Chore("tell stations of new people", _with_database(_unless_away(mark_new_faces)), every_s=NEW_FACES_S),
    ]


def patrol_chores() -> list[Chore]:
    """Return the chore that checks one station's ledger after another, without end. Django must be set up."""
    from server_broker.ledger.patrol import EVERY_S, LedgerPatrol  # noqa: PLC0415 - needs the models

    patrol = LedgerPatrol(monotonic_s=time.monotonic)
    look = _with_database(_unless_away(patrol.go_on))
    return [Chore("count the ledgers", look, every_s=EVERY_S, first_after_s=PATROL_AFTER_S)]


def desired_chores() -> list[Chore]:
    """Return the chore that builds stations' desired states. Django must be set up.

    Its turns follow one another: a turn waits for work by itself, on the connection that tells it of some.
    """
    from server_broker.twin.desired_keeper import DesiredKeeper  # noqa: PLC0415 - needs the models

    build = _unless_away(DesiredKeeper().go_on)
    return [Chore("build desired states", build, every_s=DESIRED_S, first_after_s=0.0)]


def record_chores() -> list[Chore]:
    """Return the chore that checks the county's own record, which may take minutes. Django must be set up."""
    from server_broker.manifest.nightly import check_and_tell  # noqa: PLC0415 - needs the models

    return [Chore("check the county's record", _with_database(check_and_tell), first_after_s=2 * CALM_AFTER_S)]


def backup_chores(home: CountyHome) -> list[Chore]:
    """Return the chores that copy and prove backups where no timers of systemd do. They may take minutes."""
    return [
        Chore("copy to the backup disk", lambda now: backup_cli.scheduled(home, now), every_s=BACKUP_S),
        Chore("restore a backup on trial", lambda now: backup_cli.proof_due(home, now), every_s=3600.0),
    ]


def telling_chores(failing: FailingChores) -> list[Chore]:
    """Return the chore that tells people of the others. It has its own thread, because any of them may hang."""
    return [Chore("tell of chores that fail", _with_database(_unless_away(failing.tell)), every_s=60.0)]


def _with_database(do: _Work) -> _Work:
    """Close the database connection after ``do``, because the next chore may be a day away."""
    from django.db import connection  # noqa: PLC0415 - Django's settings are read after setup

    def done(now: dt.datetime) -> object:
        try:
            return do(now)
        finally:
            connection.close()

    return done


def _unless_away(do: _Work) -> _Work:
    """Ignore that the database is away: other parts report it, and this chore is soon done again."""
    from django.db import InterfaceError, OperationalError  # noqa: PLC0415 - as above

    def done(now: dt.datetime) -> object:
        with suppress(OperationalError, InterfaceError):
            return do(now)
        return None

    return done


def main() -> None:
    """Work until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    django.setup()
    from server_broker.settings import HOME  # noqa: PLC0415 - reads the environment

    clock = configured_clock(HOME)
    failing = FailingChores(time.monotonic)
    others = county_chores(HOME, clock_judges_age=lambda: clock.look().judges_age)
    urgent = [_Thread([chore], stop, failing) for chore in urgent_chores(HOME)]
    patient = [
        _Thread(chores, stop, failing)
        for chores in (
            telling_chores(failing),
            desired_chores(),
            patrol_chores(),
            shelf_chores(HOME),
            request_chores(),
            settling_chores(),
            learning_chores(clock_judges_age=lambda: clock.look().judges_age),
            record_chores(),
            *([] if HOME.by_units else [backup_chores(HOME)]),
            others,
        )
    ]
    for thread in (*urgent, *patient):
        thread.start()
    manager = ServiceManager()
    while not stop.wait(LOOK_S):
        # Only a revocation may not hang unseen. The other chores may take minutes.
        if all(thread.goes_round() for thread in urgent) and all(thread.is_alive() for thread in patient):
            manager.alive()
    for thread in (*urgent, *patient):
        thread.join()


class _Thread(threading.Thread):
    """Does some chores one after another until the service stops."""

    def __init__(self, chores: Sequence[Chore], stop: threading.Event, failing: FailingChores) -> None:
        super().__init__(name=chores[0].name)
        self._calendar = Chores(
            chores, monotonic_s=time.monotonic, now=lambda: dt.datetime.now(dt.UTC), failing=failing
        )
        self._stop_asked = stop
        self._last_round_s = time.monotonic()

    def goes_round(self) -> bool:
        """Tell whether it has ended a round in the last `HANGS_AFTER_S`."""
        return self.is_alive() and time.monotonic() - self._last_round_s < HANGS_AFTER_S

    @override
    def run(self) -> None:
        while not self._stop_asked.wait(self._calendar.run_due()):
            self._last_round_s = time.monotonic()


if __name__ == "__main__":
    main()
