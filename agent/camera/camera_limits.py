"""Limits that the camera's process sets for itself, so that a bad picture costs the station one picture and no more.

They are set with setrlimit(2); a limit that the service manager has set lower stays. A process that reaches a limit
fails to take the picture or is ended, and the agent starts a new one. If the service manager starts the process, the
unit ``cunhui-camera@.service`` sets limits of its own around these; a test compares them.
"""

import os
import resource
import signal

MEMORY_BYTES = 384 * 2**20
"""RLIMIT_DATA: memory that the process writes for itself, without the devices' buffers. Python with Pillow: 40 MB."""
ADDRESSES_BYTES = 1536 * 2**20
"""RLIMIT_AS. Much more than the memory, because libraries reserve more addresses than they use."""
FILE_BYTES = 4 * 2**20
OPEN_FILES = 256
NICE = 10
"""It also lowers the priority at the disk: without an I/O priority of its own a process's follows from its nice value
(ioprio_set(2))."""
CPU_S = 20
"""Processor time for one picture, in seconds. It ends a library that loops for ever."""
PICTURE_S = 30
"""For one picture. The agent gives up sooner; this limit ends a process that hangs after it has lost its agent."""


def limit_process() -> None:
    """Set the limits that hold for the whole life of this process."""
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
    """Give the next picture its time; after that SIGXCPU or SIGALRM ends the process (signal(7))."""
    # RLIMIT_CPU counts from the process's start, so the limit moves up with what earlier pictures have used.
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_S, allowed))
    signal.setitimer(signal.ITIMER_REAL, PICTURE_S)


def picture_ends() -> None:
    """Stop the clock of the last picture."""
    signal.setitimer(signal.ITIMER_REAL, 0)
