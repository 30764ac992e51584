"""``./run prove strangers``: everyone who must not get in tries everything, against a real county."""

import random
import shutil
import sys
import tempfile
from pathlib import Path

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.proofs.strangers import (
    administering,
    asking,
    connecting,
    console,
    crowding,
    enrolling,
    fetching,
    handing_in,
    knocking,
    obeying,
    reading,
    revoking,
    signing_in,
    storing,
    topics,
)
from tests.proofs.strangers.case import Bench, Group, Outcomes
from tests.proofs.strangers.county import OTHER_VILLAGE, County
from tests.proofs.strangers.station import Board

GROUPS: list[Group] = [
    connecting.certificates,
    connecting.unlisted,
    connecting.client_ids,
    connecting.older_versions,
    connecting.loopback,
    topics.publishing,
    topics.subscribing,
    topics.system_topics,
    topics.wills,
    topics.kept_wills,
    topics.retained_and_oversized,
    asking.filters,
    asking.without_end,
    asking.twice,
    asking.unread,
    enrolling.claims,
    enrolling.impatience,
    enrolling.requests,
    enrolling.renewals,
    enrolling.wishes,
    revoking.new_board,
    revoking.lost_answer,
    revoking.expiry,
    console.unsigned,
    console.roles,
    console.villages,
    signing_in.links,
    signing_in.guesses,
    signing_in.forgeries,
    signing_in.tokens,
    administering.accounts,
    administering.neighbours,
    crowding.guesses_at_once,
    crowding.shared_address,
    crowding.unfinished_requests,
    storing.forged_facts,
    storing.words_about_others,
    storing.own_convictions,
    storing.pictures_by_hash,
    storing.damaged_messages,
    handing_in.scripts,
    handing_in.workbooks,
    obeying.commands,
    fetching.requests,
    fetching.parts,
    fetching.other_doors,
    fetching.former,
    reading.tokens,
    reading.owners,
    knocking.codes,
    knocking.numbers,
    knocking.sessions,
    knocking.hosts,
]


def prove(county: County, *, seed: int) -> Outcomes:
    """Run every case, in an order that the seed chooses. The case that ends the service comes last."""
    bench = Bench(county, Board(county), Board(county))
    outcomes = Outcomes()
    for board, name, village in ((bench.first, "first-01", "990101001001"), (bench.second, "second-01", OTHER_VILLAGE)):
        outcomes.welcome(f"enrolment of {name}", board.enrol(county.claim(name, village)).admitted)
    groups = list(GROUPS)
    random.Random(seed).shuffle(groups)
    for group in [*groups, revoking.revocation]:
        group(bench, outcomes)
    return outcomes


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove strangers").parse_args()
    seed = chosen_seed(options.seed)
    report = Report("strangers", seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="cunhui-strangers-", dir="/tmp"))
    try:
        with County(folder / "county", front_door=True) as county:
            outcomes = prove(county, seed=seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for case in (*outcomes.admitted, *outcomes.failed):
        print(f"wrong: {case}", file=sys.stderr, flush=True)
    found: dict[str, Value] = {
        "cases": outcomes.cases,
        "admitted": len(outcomes.admitted),
        "failed": len(outcomes.failed),
        "wrong": [*outcomes.admitted, *outcomes.failed],
    }
    said = report.finish(as_json=options.json, **found)
    return exit_code(said, "admitted", "failed", repeat=f"./run prove strangers --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
