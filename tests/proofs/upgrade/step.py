"""What one release does with an outbox on its turn: ``python step.py OUTBOX TOUCHES COMMITTED``, with its modules.

It writes the epoch into the file COMMITTED, and then the seq of each touch when its commit has returned, as a lamp
would be green for it. So it can be killed at any moment.
"""

import os
import sys
from pathlib import Path

from agent.storage.outbox import Outbox
from tests.proofs.power_cut.workload import RECORD_KEY, STATION, moment, touch


def main() -> None:
    outbox = Outbox.open(Path(sys.argv[1]), station=STATION, record_key=RECORD_KEY, now=moment)
    told = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(told, f"epoch {outbox.epoch.hex()}\n".encode())
    for _ in range(int(sys.argv[2])):
        outbox.commit(touch(outbox.through))
        os.write(told, f"touch {outbox.through}\n".encode())
    outbox.close()


if __name__ == "__main__":
    main()
