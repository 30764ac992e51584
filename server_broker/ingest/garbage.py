"""What a worker tells Python's garbage collector before it takes its first message."""

import gc

from server_broker.platform.garbage import spare_program

FEW = 50_000
"""So many new objects and no fewer are looked through for garbage. A batch of a thousand messages makes about as many,
and they live until its end: whoever looks among them meanwhile finds nothing."""


def spare_what_lives_on() -> None:
    """Leave what the program is made of out of the collector's full rounds, and have fewer rounds within a batch."""
    spare_program()
    gc.set_threshold(FEW, *gc.get_threshold()[1:])
