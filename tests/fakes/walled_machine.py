"""A machine behind a ruleset of nftables, and another one that tries its ports: two network namespaces and a cable.

`reached` runs this file once more as a program in namespaces of its own, so that nothing of this machine's network is
touched and no root is needed.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

INSIDE, OUTSIDE, ADMIN = "192.0.2.1", "192.0.2.2", "192.0.2.77"
"""Addresses for documentation (RFC 5737): the machine, a stranger, and whom a ruleset may name as an administrator."""
_OWN = ["unshare", "--user", "--map-root-user", "--net"]
_TRY_S = 0.3
"""A dropped packet is never answered; one that is let through is answered in less than a millisecond."""


def is_taken(rules: str) -> bool:
    """Return whether the kernel would take the rules (``nft -c``)."""
    checked = subprocess.run([*_OWN, "nft", "-c", "-f", "-"], input=rules.encode(), capture_output=True, check=False)
    return checked.returncode == 0


def reached(rules: str, ports: Sequence[int], *, by: str = OUTSIDE) -> dict[str, Any]:
    """Load the rules, twice as at a reload, and return which ports somebody reaches who comes ``by`` an address.

    Under ``"out"`` it says whether the machine itself still reaches the other one.
    """
    program = [*_OWN, sys.executable, str(Path(__file__)), by, *map(str, ports)]
    done = subprocess.run(program, input=rules.encode(), capture_output=True, check=True, timeout=30)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _answers(address: str, port: int, source: str) -> bool:
    try:
        with socket.create_connection((address, port), timeout=_TRY_S, source_address=(source, 0)):
            return True
    except TimeoutError:
        return False


def _be_the_machine(rules: bytes, ports: Sequence[int], ready: int, go: int) -> None:
    os.unshare(os.CLONE_NEWNET)
    os.write(ready, b"1")
    os.read(go, 1)  # the cable is there now
    _ip("link", "set", "lo", "up")
    _ip("addr", "add", f"{INSIDE}/24", "dev", "inside")
    _ip("link", "set", "inside", "up")
    for _ in range(2):
        subprocess.run(["nft", "-f", "-"], input=rules, check=True)
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(socket.create_server((INSIDE, port)))
        os.write(ready, b"2")
        os.read(go, 1)  # the other one has tried
        # The backlog of its listener takes the connection: nobody has to accept it.
        os.write(ready, b"y" if _answers(OUTSIDE, 7, INSIDE) else b"n")
        os.read(go, 1)
    os._exit(0)


def _main() -> None:
    by, ports, rules = sys.argv[1], [int(word) for word in sys.argv[2:]], sys.stdin.buffer.read()
    ready, tell_ready = os.pipe()
    wait_go, go = os.pipe()
    machine = os.fork()
    if machine == 0:
        _be_the_machine(rules, ports, tell_ready, wait_go)
    os.close(tell_ready)  # so that a machine that fails ends what waits for it
    os.read(ready, 1)
    _ip("link", "add", "outside", "type", "veth", "peer", "name", "inside", "netns", str(machine))
    for address in (OUTSIDE, ADMIN):
        _ip("addr", "add", f"{address}/24", "dev", "outside")
    _ip("link", "set", "outside", "up")
    os.write(go, b"1")
    assert os.read(ready, 1) == b"2", "the machine did not get ready"
    found: dict[str, Any] = {str(port): _answers(INSIDE, port, by) for port in ports}
    with socket.create_server((OUTSIDE, 7)):
        os.write(go, b"2")
        found["out"] = os.read(ready, 1) == b"y"
    os.write(go, b"3")
    os.waitpid(machine, 0)
    print(json.dumps(found))


if __name__ == "__main__":
    _main()
