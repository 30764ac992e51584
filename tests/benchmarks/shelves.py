"""``./run bench shelves``: what content costs a county of many villages: to publish it, and to compute every index.

The figures are of the functions that the page, the chore and the worker call, on a private PostgreSQL with fsync.
"""

import hashlib
import random
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_scripts.report import Report, Value, arguments, chosen_seed
from protocol.china_time import milliseconds
from tests.proofs.private_county import county_home, private_cluster

if TYPE_CHECKING:
    from server_broker.bundles.drafts import Draft
    from server_broker.bundles.index_keeper import IndexKeeper
    from server_broker.fleet.models import Station

VILLAGES_OF_A_TOWNSHIP = 25
PUBLISHED = 40
"""Notices, packs and papers that last, each for the county, a township or a village."""
PERSONAL = 12
"""Computed bundles of each village."""


def main() -> int:
    """Run the bench."""
    options = arguments("./run bench shelves", villages=500).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("shelves", seed=seed)
    with county_home("cunhui-shelves") as home:
        from server_broker import trust  # noqa: PLC0415 - Django must be set up

        trust.prepare(home)
        with private_cluster(home):
            figures = _measure(home.root, options.villages, seed=seed)
    report.finish(as_json=options.json, villages=options.villages, **figures)
    return 0


def _measure(root: Path, villages: int, *, seed: int) -> dict[str, Value]:
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415
    from server_broker.bundles.index_keeper import IndexKeeper  # noqa: PLC0415
    from server_broker.bundles.models import Bundle, StationIndex  # noqa: PLC0415
    from server_broker.bundles.publishing import publish, withdraw  # noqa: PLC0415

    (root / "bundles").mkdir()
    folder, now, chance = BundleFolder(root / "bundles"), timezone.now(), random.Random(seed)
    codes = _make_county(villages, now)
    night = [0]
    keeper = IndexKeeper(folder=folder, sources=[lambda station, at: _personal(station, at, night[0])])
    for number in range(PUBLISHED):
        code = chance.choice(codes)
        publish(_notice(number, chance.choice((code[:6], code[:9], code)), now), folder=folder, author="bench", at=now)
    first_s, _ = _timed(lambda: _compute(keeper, now))
    publish_s, _ = _timed(lambda: publish(_notice(999, codes[0][:6], now), folder=folder, author="bench", at=now))
    again_s, changed = _timed(lambda: _compute(keeper, now))
    night[0] += 1
    keeper_night = IndexKeeper(folder=folder, sources=[lambda station, at: _personal(station, at, night[0])])
    night_s, nightly = _timed(lambda: _compute(keeper_night, now))
    withdraw_s, _ = _timed(lambda: withdraw("notice-999", reason="示例", actor="bench", at=now))
    sizes = sorted(len(row.payload) for row in StationIndex.objects.filter(version=1))
    return {
        "bundles": Bundle.objects.count(),
        "index_entries": PERSONAL + PUBLISHED // 3,
        "index_bytes_median": sizes[len(sizes) // 2],
        "index_bytes_most": sizes[-1],
        "publish_for_the_county_ms": round(publish_s * 1000, 1),
        "withdraw_for_the_county_ms": round(withdraw_s * 1000, 1),
        "first_indexes_s": round(first_s, 1),
        "one_more_notice_all_indexes_s": round(again_s, 1),
        "indexes_changed_by_it": changed,
        "a_night_s": round(night_s, 1),
        "indexes_changed_in_it": nightly,
        "a_night_ms_a_village": round(night_s * 1000 / villages, 1),
    }


def _timed[T](do: Callable[[], T]) -> tuple[float, T]:
    began = time.monotonic()
    outcome = do()
    return time.monotonic() - began, outcome


def _compute(keeper: "IndexKeeper", now: datetime) -> int:
    from server_broker.fleet.models import ShelfDue  # noqa: PLC0415

    changed = keeper.go_on(now)
    while ShelfDue.objects.exists():
        changed += keeper.go_on(now)
    return changed


def _make_county(villages: int, now: datetime) -> list[str]:
    from server_broker.fleet.models import Station  # noqa: PLC0415
    from server_broker.regions.models import Region  # noqa: PLC0415

    codes = [
        f"990101{1 + number // VILLAGES_OF_A_TOWNSHIP:03}{1 + number % VILLAGES_OF_A_TOWNSHIP:03}"
        for number in range(villages)
    ]
    for code in codes:
        Region.objects.create(code=code, name=f"示例村{code[-6:]}")
        Station.objects.create(id=f"bench-{code[-6:]}", name="示例站", village_id=code, enrolled_at=now)
    return codes


def _notice(number: int, prefix: str, now: datetime) -> "Draft":
    from protocol.bundle_contents import Notice, Notices  # noqa: PLC0415
    from protocol.codec import encode  # noqa: PLC0415
    from server_broker.bundles.drafts import Draft  # noqa: PLC0415

    end = now + timedelta(days=30)
    notice = Notice(id="n", line="示例通知一行", text="示例正文" * 20, not_after=milliseconds(end))
    return Draft(
        id=f"notice-{number}",
        kind="notices",
        title="示例通知一行",
        regions=[prefix],
        not_after=end,
        content=encode(Notices(notices=[notice])),
    )


def _personal(station: "Station", now: datetime, night: int) -> Iterable["Draft"]:
    """Yield the computed bundles of a village, with other content each night. Nothing here reads the content."""
    from server_broker.bundles.drafts import Draft  # noqa: PLC0415

    for number in range(PERSONAL):
        name = f"month-{station.village_id}-{number}"
        yield Draft(
            id=name,
            kind="month",
            title="个人考勤",
            regions=[station.village_id],
            not_after=now + timedelta(days=60),
            content=hashlib.sha256(f"{name} {night}".encode()).digest() * 12,
            access="station",
            night=True,
        )


if __name__ == "__main__":
    sys.exit(main())
