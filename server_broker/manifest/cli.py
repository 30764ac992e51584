"""The verbs of ``cunhui-server`` about the county's own record, and what they print."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from django.utils import timezone

from protocol.system_errors import os_cause
from server_broker.decisions.record_key_change import replace_record_key
from server_broker.fleet.models import Station
from server_broker.ledger.verify import verify_station
from server_broker.manifest.county_check import check_county
from server_broker.manifest.daily import make_due
from server_broker.manifest.evidence import write_evidence
from server_broker.manifest.evidence_check import Unreadable, check_evidence
from server_broker.manifest.kept_check import HeadsUnreadable, check_kept, read_kept
from server_broker.manifest.manifests_check import check_signed, stored_manifests
from server_broker.manifest.models import DailyManifest
from server_broker.manifest.problems import Problem, Verdict
from server_broker.manifest.replay import Decided
from server_broker.platform.configured_clock import configured_clock
from server_broker.platform.county_account import rights_of_the_person
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.trust.record_key import fingerprint

type Say = Callable[[str], object]


def verify_county(heads: Path | None, *, as_json: bool, say: Say) -> int:
    """Check the county's record, and against what a station kept if ``heads`` names its folder. Return the exit status.

    Raises:
        ServiceError: The folder has no kept heads.
    """
    found = Decided()
    verdict = check_county(found)
    if heads is not None:
        try:
            verdict.problems += _against_kept(heads, found)
        except HeadsUnreadable as error:
            raise ServiceError(str(error)) from error
    _say(verdict, found, as_json=as_json, say=say)
    return 0 if verdict.good else 1


def _against_kept(folder: Path, found: Decided) -> list[Problem]:
    with rights_of_the_person():
        kept = read_kept(folder)
    roots, _ = check_signed(stored_manifests(), found)  # what is wrong with them is among the county's problems
    problems = [problem] if (problem := check_kept(kept, roots, found)) else []
    station = Station.objects.filter(pk=kept.station).first()
    if station is None:
        return [*problems, Problem("station", kept.station, "县里没有这个站点")]
    bad = next((verdict for verdict in verify_station(station) if not verdict.good), None)
    return problems if bad is None else [*problems, Problem("station", kept.station, bad.sentence())]


def verify_evidence(folder: Path, *, as_json: bool, say: Say) -> int:
    """Check exported files alone, and return the exit status."""
    try:
        with rights_of_the_person():
            verdict = check_evidence(folder)
    except Unreadable as error:
        raise ServiceError(str(error)) from error
    _say(verdict, None, as_json=as_json, say=say)
    return 0 if verdict.good else 1


def _say(verdict: Verdict, found: Decided | None, *, as_json: bool, say: Say) -> None:
    if as_json:
        problems = [asdict(problem) | {"sentence": problem.sentence()} for problem in verdict.problems]
        say(json.dumps({**asdict(verdict), "problems": problems, "good": verdict.good}, ensure_ascii=False))
        return
    derived = f"，由站点记录得出的行 {verdict.derived} 行" if found is not None else ""
    counted = f"审计 {verdict.entries} 条，总账 {verdict.manifests} 号，行 {verdict.rows} 行{derived}"
    say(f"县记录链 {verdict.facts} 条，{counted}")
    if found is not None and found.key:
        say(f"记录密钥指纹 {fingerprint(found.key)}（请和纸上记的对照）")
    for notice in verdict.notices:
        say(f"！{notice}")
    for problem in verdict.problems:
        say(f"× {problem.sentence()}")
    if verdict.good:
        say("√ 都对得上")


def export_evidence(folder: Path, *, stations: list[str], say: Say) -> int:
    """Write the record into a new folder, and return the exit status.

    Raises:
        ServiceError: The folder is there already, can't be written, or a station is not known.
    """
    known = Station.objects.in_bulk(stations)
    if missing := [name for name in stations if name not in known]:
        raise ServiceError(f"没有站点 {missing[0]}")
    try:
        written = write_evidence(folder, stations=known.values())
    except FileExistsError as error:
        raise ServiceError(f"{folder} 已经有了，请换一个新文件夹") from error
    except OSError as error:
        raise ServiceError(f"写不进 {folder}：{os_cause(error)}") from error
    for path in written:
        say(str(path))
    return 0


def make_manifest(home: CountyHome, *, say: Say) -> int:
    """Make the manifest that is due, and return the exit status: 1 if the county's clock is not believed.

    Raises:
        ServiceError: The record key is missing.
    """
    status = configured_clock(home).look()
    if not status.judges_age:
        say(f"没有生成：县里的时钟不可信，{status.sentence()}")
        return 1
    made = make_due(home, now=timezone.now())
    say(f"第 {made.number} 号总账，{made.day}" if made else "没有到期的总账")
    return 0


def new_record_key(home: CountyHome, *, actor: str, reason: str, stolen: bool, say: Say) -> int:
    """Replace the record key, and return the exit status.

    Raises:
        ServiceError: The old key is missing.
    """
    last = DailyManifest.objects.order_by("-number").first()
    public = replace_record_key(
        home, actor=actor, reason=reason, stolen=stolen, witnessed=last.number if last is not None else 0
    )
    say(f"已换用新的记录密钥，指纹 {fingerprint(public)}：请记在纸上，和县平台分开保存")
    if stolen:
        before = "还没有总账" if last is None else f"第 {last.number} 号总账（{last.day}）以前的"
        say(f"旧密钥签过的记录：{before}，{'没有站点能作证' if last is None else '有站点作证'}")
    return 0
