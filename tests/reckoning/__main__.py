"""``python -m tests.reckoning FILE.toml --json``: reckon one case.

The exit code is 0 if all is as expected, 1 if not, and 2 with the line number if the file is not a case.
"""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case
from tests.reckoning.rows import Fault

AS_EXPECTED, DIFFERENT, NOT_A_CASE = 0, 1, 2


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reckoning", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="the answer as one JSON object on the last line")
    parser.add_argument("--as-of", type=local_moment, help="ask for another time than the case's")
    options = parser.parse_args(arguments)
    try:
        answer = reckon(read_case(options.file.read_text(encoding="utf-8")), options.as_of)
    except Fault as fault:
        print(f"{options.file}: line {fault.line}: {fault.why}", file=sys.stderr)
        return NOT_A_CASE
    except (OSError, UnicodeDecodeError) as error:
        print(f"{options.file}: line 1: {error}", file=sys.stderr)
        return NOT_A_CASE
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print_for_people(answer)
    return DIFFERENT if answer["differences"] else AS_EXPECTED


def local_moment(text: str) -> datetime:
    """Return a local time that is written ``2026-03-02T08:30``.

    Raises:
        ValueError: It is not written so, or names an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(text)
    return moment


def print_for_people(answer: dict[str, Any]) -> None:
    print(f"{answer['name']} (rules {answer['rules']})")
    if answer["refused"]:
        print(f"refused: {answer['refused']}")
    for row in answer["windows"]:
        words = " ".join([row["result"] or "–", row["kind"], *row["beside"], *row["flags"]])
        print(f"{row['date']} {row['start']} {row['person']}: {words} ({row['line']}: {row['reason']})")
    for sentence in answer["differences"]:
        print(f"differs: {sentence}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
