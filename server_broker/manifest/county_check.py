"""Check the whole of the county's own record: its stream, the audit log, the manifests, and the rows it vouches for."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings

from protocol.china_time import milliseconds
from protocol.refusal import Refused
from server_broker.audit import log as audit
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import CountyStream
from server_broker.decisions.undecided import UNDECIDED
from server_broker.derived.checking import check_stations, first_of_nobody, first_readable
from server_broker.derived.findings import Finding, Place
from server_broker.fleet.models import ClockRun
from server_broker.ledger.consistency import consistent_read
from server_broker.manifest.access_check import check_access
from server_broker.manifest.closed_months_check import check_closed_months
from server_broker.manifest.manifests_check import check_stored
from server_broker.manifest.numbers_check import check_numbers
from server_broker.manifest.pins_check import check_pins
from server_broker.manifest.problems import Problem, Verdict
from server_broker.manifest.published_check import check_published
from server_broker.manifest.received_check import check_received
from server_broker.manifest.replay import Decided, replay, restorations
from server_broker.manifest.rows_check import check_decided_rows, check_present_rows
from server_broker.manifest.stored import stored_streams
from server_broker.manifest.taken_in_check import check_claims, check_taken_in
from server_broker.manifest.write_offs_check import check_write_offs
from server_broker.trust.county_mark import CountyMark, read_mark


def check_county(found: Decided | None = None, *, now: dt.datetime | None = None) -> Verdict:
    """Check everything as it stands at one moment.

    Args:
        found: Filled with what the stream says.
        now: Nothing was received later; without it, what the machine's clock says.
    """
    found = found if found is not None else Decided()
    verdict = Verdict()
    # Read before the database: a decision that is committed in between is then no contradiction.
    mark = read_mark(settings.HOME)
    with consistent_read():
        _note(verdict, replay(stored_streams(), found))
        verdict.facts = len(found.facts)
        if verdict.good:  # of a broken chain nothing that hangs on it is worth a second problem
            _note(verdict, _check_end(found, mark))
            _note(verdict, check_decided_rows(found))
        rows_are_whole = verdict.good and bool(found.facts)
        verdict.entries, problem = check_audit(AuditEntry.objects.order_by("id").iterator(chunk_size=2_000), found)
        _note(verdict, problem)
        verdict.manifests, problem = check_stored(found)
        _note(verdict, problem)
        if rows_are_whole:
            _check_rows(verdict, found)
            _check_received(verdict, found, now=now)
        untried = _check_stations(verdict)
    _note(verdict, _of_row(first_readable(untried)))
    verdict.notices += restorations(found)
    return verdict


def _check_rows(verdict: Verdict, found: Decided) -> None:
    """Check what people decided, and what hangs on it."""
    verdict.rows, others = check_present_rows()
    verdict.problems += others
    published, computed, others = check_published(found)
    verdict.rows += published
    verdict.problems += others
    if computed:
        verdict.notices.append(f"下发内容里有 {computed} 份由县里自动生成（如名单、答复），没有决定可对，没有核对")
    _note(verdict, check_pins(found))
    _note(verdict, check_access())
    _note(verdict, check_numbers())
    _note(verdict, check_write_offs())
    _note(verdict, check_closed_months())
    verdict.problems += check_taken_in(found)
    _note(verdict, check_claims(found))


def _check_received(verdict: Verdict, found: Decided, *, now: dt.datetime | None) -> None:
    try:
        received = check_received(found, now=now)
    except Refused:  # of a manifest's leaves, and that one is named
        return
    verdict.problems += received.problems
    if received.doubtful:
        said = f"有 {received.doubtful} 处收到时间与先后不合，那时县服务器的时钟可能没有校准"
        verdict.notices.append(f"{said}，不算改动，请人看一看")


def _check_stations(verdict: Verdict) -> list[tuple[str, Place]]:
    """Check what stations have signed, and the rows that were made of it. Return the facts that are yet to be tried."""
    untried: list[tuple[str, Place]] = []
    held = readable = 0
    for one in check_stations():
        verdict.derived += one.rows
        held += one.held
        readable += one.readable
        untried += [(one.station, place) for place in one.untried]
        if one.chain:
            verdict.problems.append(Problem("station", one.station, one.chain))
        _note(verdict, _of_row(one.finding))
    _note(verdict, _of_row(first_of_nobody()))
    if held:
        verdict.notices.append(f"站点记录里有 {held} 条待审，还没有读进来")
    if readable:  # an upgrade or a repair leaves such facts too, but so does somebody who wants a touch gone
        verdict.notices.append(f"其中 {readable} 条现在读得出来，站点也签过名：请到待审页重新读取")
    # Nobody signs for it, and touches are dated by it.
    if ahead := list(ClockRun.objects.exclude(ahead_ms=0).values_list("ahead_ms", flat=True)):
        minutes = -(-max(map(abs, ahead)) // 60_000)
        said = f"县服务器的时钟有 {len(ahead)} 段后来改正过，最多差 {minutes} 分钟；那些时段的打卡时间按改正后的算"
        verdict.notices.append(f"{said}，改正多少没有签名可对")
    return untried


def _of_row(finding: Finding | None) -> Problem | None:
    return None if finding is None else Problem("row", finding.where(), finding.said)


def _note(verdict: Verdict, problem: Problem | None) -> None:
    if problem is not None:
        verdict.problems.append(problem)


def _check_end(found: Decided, mark: CountyMark | None) -> Problem | None:
    stream = CountyStream.objects.order_by("-id").first()
    if stream is None:
        return None
    if bytes(stream.record_key) != found.key:
        return Problem("stream", str(stream.through), "现在用的记录密钥不是记录链说的那一把")
    epoch, through, _ = found.ends[-1]
    if mark is not None and mark.epoch == epoch.hex() and mark.through > through:
        said = f"本机记过 {mark.through} 条，库里只有 {through} 条：记录被截短，或刚从旧备份恢复"
        return Problem("stream", str(through + 1), said)
    return None


def check_audit(entries: Iterable[AuditEntry], found: Decided) -> tuple[int, Problem | None]:
    """Check the audit log's chain, and that entries and decisions name one another.

    Returns:
        How many entries are good before the first problem, and that problem.
    """
    decided = {fact.audit: (seq, fact) for _, seq, fact in found.facts}
    seen: set[bytes] = set()
    undecided: list[AuditEntry] = []
    strange: list[AuditEntry] = []

    def passed() -> Iterable[AuditEntry]:
        begun = False
        for entry in entries:
            own = bytes(entry.hash)
            if own in decided:
                begun = True
                seen.add(own)
                fact = decided[own][1]
                if fact.by != entry.actor or fact.at != milliseconds(entry.at):
                    strange.append(entry)
            elif begun and entry.action not in UNDECIDED:
                undecided.append(entry)
            yield entry

    check = audit.verify(passed())
    if check.first_bad is not None:
        return check.entries, Problem("audit", str(check.first_bad), "被改过，或前面少了、换了一条：接不上链")
    if strange:
        return check.entries, Problem("audit", str(strange[0].pk), "操作人或时间与记录链不符")
    if undecided:
        action = undecided[0].action
        return check.entries, Problem("audit", str(undecided[0].pk), f"是一项决定（{action}），记录链里没有")
    lost = sorted(seq for own, (seq, _) in decided.items() if own not in seen)
    if lost:
        return check.entries, Problem("stream", str(lost[0]), "它的审计记录没有了")
    return check.entries, None
