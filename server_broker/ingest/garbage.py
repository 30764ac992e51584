"""What a worker tells Python's garbage collector before it takes its first message."""

import gc

FEW = 50_000
"""So many new objects and no fewer are looked through for garbage. A batch of a thousand messages makes about as many,
and they live until its end: whoever looks among them meanwhile finds nothing."""


def spare_what_lives_on() -> None:
    """Leave what the program is made of out of the collector's full rounds, and have fewer rounds within a batch.

    The program is some hundred thousand objects, which never become garbage. A full round took 0.13 s and came with
    every few thousand facts, whose stations waited for it (`gc.freeze` in Python's documentation).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(FEW, *gc.get_threshold()[1:])
