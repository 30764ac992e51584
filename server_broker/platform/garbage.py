"""What a process that lives on tells Python's garbage collector before it takes its first request or message."""

import gc


def spare_program() -> None:
    """Leave what the program is made of out of the garbage collector's full rounds.

    A full round looks at every object. Those of the program never become garbage, and they are some hundred thousand: a
    round took 0.13 to 0.15 s. In a web server some page waited for it; in the ingest worker it came with every few
    thousand facts, whose stations did (`gc.freeze` in Python's documentation).
    """
    gc.collect()
    gc.freeze()
