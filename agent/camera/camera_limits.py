"""What the camera's process allows itself, so that no picture costs the station more than a picture.

setrlimit(2); a limit that the service manager has set lower stays. The end of a limit is the end of the process, or a
failed picture, and never more: the agent starts it anew.
"""

import os
import resource
import signal

MEMORY_BYTES = 384 * 2**20
"""RLIMIT_DATA: what the process writes for itself, devices' buffers not counted. Python with Pillow takes 40 MB.
RLIMIT_AS bounds the rest; libraries reserve more addresses than they use."""
ADDRESSES_BYTES = 1536 * 2**20
FILE_BYTES = 4 * 2**20
OPEN_FILES = 256
NICE = 10
"""Also lowers the priority at the card: ioprio_set(2), without a priority of its own it follows the nice value."""
CPU_S = 20
PICTURE_S = 30
"""For one picture. The agent gives up sooner; this ends a process that has lost its agent and hangs."""


def limit_process() -> None:
    """Lower what this process may take, for good."""
    for kind, wanted in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_AS, ADDRESSES_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        allowed = resource.getrlimit(kind)[1]
        limit = wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
        resource.setrlimit(kind, (limit, limit))
    os.nice(NICE)


def picture_begins() -> None:
    """Give the next picture its time: SIGXCPU or SIGALRM ends the process after that (signal(7))."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_S, allowed))
    signal.setitimer(signal.ITIMER_REAL, PICTURE_S)


def picture_ends() -> None:
    """Stop the clock of the last picture."""
    signal.setitimer(signal.ITIMER_REAL, 0)
