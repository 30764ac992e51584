"""``./run touch NAME``: present NAME's card to the station of their village in the running demonstration."""

import argparse
import json
import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

CAST_FILE = "cast.json"
DEFAULT_FOLDER = Path("var/demo")


def main(words: Sequence[str] | None = None) -> int:
    """Present one card and say what the reader did with it."""
    parser = argparse.ArgumentParser(prog="./run touch", description=__doc__)
    parser.add_argument("name", nargs="?", help="a name or number of the village set; none lists them")
    parser.add_argument("--unknown", action="store_true", help="present a card that nobody knows, at the first station")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args(words)
    try:
        cast = json.loads((options.folder / CAST_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        print("这里没有演示在运行，请先运行 ./run demo", file=sys.stderr)
        return 1
    if options.unknown:
        card = cast[0] | {"uid": f"04{secrets.token_hex(6)}"}
    else:
        found = [person for person in cast if options.name in (person["name"], person["number"])]
        if not found:
            if options.name is not None:
                print(f"演示里没有叫“{options.name}”的人。有这些人：", file=sys.stderr, flush=True)
            print("\n".join(f"{person['number']}  {person['name']}  {person['station']}" for person in cast))
            return 0 if options.name is None else 1
        card = found[0]
    try:
        with socket.socket(socket.AF_UNIX) as reader:
            reader.connect(card["socket"])
            reader.sendall(card["uid"].encode() + b"\n")
            print(f"{card['station']}: {reader.recv(16).decode().strip()}")
    except OSError as error:
        print(f"{card['station']}: 读卡器没有应答（{error.strerror or error}），演示还在运行吗？", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
