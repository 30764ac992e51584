"""Frames go up one at a time, in parts that suit the line, after the facts."""

from protocol.frames import Frame, decode_frame
from tests.agent.uplink.bench import UplinkBench

COMMAND = b"c" * 16


def parts(bench: UplinkBench) -> list[Frame]:
    return [decode_frame(item.payload) for item in bench.link.sent if item.leaf == "frame"]


def test_a_frame_arrives_whole_and_the_next_only_after_it() -> None:
    bench = UplinkBench()
    bench.connect()
    jpeg = bytes(range(256)) * 100
    assert bench.uplink.frame_free
    assert bench.uplink.offer_frame(COMMAND, 1, jpeg)
    assert not bench.uplink.offer_frame(COMMAND, 2, jpeg)
    for _ in range(100):
        bench.link.acknowledge()
        bench.wait(100)
    sent = parts(bench)
    assert b"".join(part.data for part in sent) == jpeg
    assert [part.offset for part in sent] == [sum(len(one.data) for one in sent[:place]) for place in range(len(sent))]
    assert {(part.number, part.command, part.size) for part in sent} == {(1, COMMAND, len(jpeg))}
    assert {item.qos for item in bench.link.sent if item.leaf == "frame"} == {0}
    assert bench.uplink.frame_free


def test_a_line_that_acknowledges_nothing_gets_one_part_and_counts_as_stuck() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.uplink.offer_frame(COMMAND, 1, bytes(60_000))
    bench.wait(19_000)
    assert (len(parts(bench)), bench.uplink.frames_stuck) == (1, False)
    bench.wait(1_500)
    assert (len(parts(bench)), bench.uplink.frames_stuck) == (1, True)
    bench.uplink.end_frames()
    assert not bench.uplink.frames_stuck


def test_a_slow_line_gets_small_parts() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.uplink.offer_frame(COMMAND, 1, bytes(40_000))
    for _ in range(20):
        bench.wait(4_000)
        bench.link.acknowledge()
    sizes = [len(part.data) for part in parts(bench)]
    assert sizes[1] < sizes[0] == 4_096
    assert max(sizes[1:]) <= 2_200


def test_facts_go_first() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.commit("touch")
    assert not bench.uplink.frame_free
    bench.uplink.offer_frame(COMMAND, 1, bytes(1_000))
    bench.wait(50, play=False)
    assert parts(bench) == []
    bench.play()
    bench.wait(100)
    assert len(parts(bench)) == 1


def test_a_lost_link_gives_the_frame_up() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.uplink.offer_frame(COMMAND, 1, bytes(60_000))
    bench.uplink.tick()
    bench.drop()
    assert not bench.uplink.frame_free
    assert not bench.uplink.offer_frame(COMMAND, 2, bytes(10))
    bench.wait(10_000)
    bench.connect()
    bench.wait(1_000)
    assert {part.number for part in parts(bench)} == {1}
    assert bench.uplink.frame_free
