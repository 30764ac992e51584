"""``./run prove newcomer``: from the sign-in link to the first touch on the board, as each role."""

import random
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.pictures.console import chromium
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.proofs.newcomer.hand import hand_of
from tests.proofs.newcomer.hour import COUNTY, TITLES, FirstHour, sign_in_link

DOERS = ("system", "operator", "officer", "organisation")
"""Roles that can do at least one step."""
TOLD = ("security", "auditor", "editor")
"""Roles that can do none: the console must tell them who can. Villages' roles come with the villages."""
BAD = ("dead_ends", "unfinished")


def main() -> int:
    """Run it, and report."""
    parser = arguments("./run prove newcomer")
    parser.add_argument("--roles", nargs="+", default=list(DOERS), choices=DOERS)
    parser.add_argument("--pictures", type=Path, help="leave the pictures of the pages here")
    options = parser.parse_args()
    seed = chosen_seed(options.seed)
    chance, report = random.Random(seed), Report("newcomer", seed=seed)
    dead_ends: list[str] = []
    unfinished: list[str] = []
    hours: dict[str, Value] = {}
    told = 0
    with chromium() as browser:
        for role in options.roles:
            with TemporaryDirectory(prefix=f"newcomer-{role}-") as name:
                folder = Path(name)
                county = begun(folder)
                try:
                    if not told:
                        told, wrong = hear_who_can(browser, county)
                        dead_ends += wrong
                    hour = FirstHour(browser, county, folder, role=role, card=f"04{chance.randbytes(6).hex()}")
                    began = time.monotonic()
                    if not hour.live():
                        unfinished.append(role)
                    dead_ends += hour.dead_ends
                    minutes = round((time.monotonic() - began) / 60, 2)
                    hours[role] = {"steps": hour.steps, "minutes": minutes, "fetched": list(hour.fetched)}
                    if options.pictures:
                        shutil.copytree(folder / "pictures", options.pictures, dirs_exist_ok=True)
                finally:
                    county.stop()
    for one in dead_ends:
        print(one, file=sys.stderr)
    found = report.finish(
        as_json=options.json,
        dead_ends=len(dead_ends),
        unfinished=len(unfinished),
        runs=len(options.roles),
        told=told,
        steps=sum(hour["steps"] for hour in hours.values() if isinstance(hour, dict)),
        hours=hours,
    )
    return exit_code(found, *BAD, repeat=f"./run prove newcomer --seed {seed}")


def begun(folder: Path) -> DemoCounty:
    """Return a running county as ``cunhui-server setup`` leaves one, with an account of each role besides."""
    county = DemoCounty(folder / "county")
    county.init()
    county.start()
    county.tool("region", COUNTY, "示例县")
    for role in (*DOERS, *TOLD):
        county.tool("account", role, "--role", role, "--region", COUNTY)
    return county


def hear_who_can(browser: Browser, county: DemoCounty) -> tuple[int, list[str]]:
    """Sign in those who can do nothing of it; return to how many steps somebody was named, and what was wrong."""
    told, wrong = 0, []
    for role in TOLD:
        with hand_of(browser, role, partial(sign_in_link, county), None) as hand:
            hand.go_home()
            said = hand.page.locator(".first-steps li p").all_inner_texts()
            named = [one for one in said if one.startswith("由")]
            if len(named) < len(TITLES) - 1:
                wrong.append(f"{role}: told who can of {len(named)} steps alone")
            told += len(named)
            wrong += hand.dead_ends
    return told, wrong


if __name__ == "__main__":
    sys.exit(main())
