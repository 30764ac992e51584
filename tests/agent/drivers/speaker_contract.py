"""What every speaker does, whatever makes the sound."""

import queue

from agent.ports import Sound, Speaker


def check_speaker(speaker: Speaker) -> None:
    """A speaker rests until it is wanted, plays, falls silent, rests again, and says nothing once it is stopped."""
    told: queue.Queue[tuple[bool, bool]] = queue.Queue()
    speaker.start(ready=lambda ready, reads: told.put((ready, reads)))
    speaker.play([Sound("tone", b"right")])
    assert told.empty()
    speaker.want(True)
    speaker.want(True)
    assert told.get(timeout=20)[0] is True
    speaker.play([Sound("tone", b"right"), Sound("text", "请刷卡".encode())])
    speaker.play([])
    speaker.want(False)
    assert told.get(timeout=20) == (False, False)
    speaker.want(True)
    assert told.get(timeout=20)[0] is True
    speaker.stop()
    assert told.empty()
