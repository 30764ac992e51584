"""Before its first message a worker leaves its program out of the collector's full rounds."""

import gc

from server_broker.ingest.garbage import FEW, spare_what_lives_on


def test_what_lives_on_is_spared_and_garbage_is_still_found() -> None:
    before, thresholds = gc.get_freeze_count(), gc.get_threshold()
    try:
        spare_what_lives_on()
        assert gc.get_freeze_count() > before
        assert gc.get_threshold() == (FEW, *thresholds[1:])
        assert gc.isenabled()
    finally:
        # What was frozen stays so: the tests themselves are, too (conftest.py).
        gc.set_threshold(*thresholds)
