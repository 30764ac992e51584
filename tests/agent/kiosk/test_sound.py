"""What the kiosk says aloud: what the county recorded, when the village wants it, and nothing of one person."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.events import KioskLeft, SpeakerReady
from agent.ports import Sound
from protocol.bundle_contents import Clip, Clips
from protocol.bundles import Item
from protocol.codec import encode
from protocol.kiosk import ChooseDirection, KeepDirection
from protocol.kiosk_keeping import Hello
from protocol.kiosk_learning import AnswerQuestion, OpenLevel, QuestionShown
from protocol.kiosk_sound import AskSound, Play, SoundShown, StopSound
from protocol.kiosk_visits import EndVisit
from protocol.spoken_lines import SPOKEN
from tests.agent.bench import LI, LOST, STRANGER, ZHANG, Bench, desired
from tests.agent.kiosk.test_learning import give_pack
from tests.agent.kiosk.village_pins import open_by_card
from tests.agent.sample import question
from tests.fakes.clips import clip, spoken
from tests.fakes.clockwork import FakeSystemClock

CARD, GREETED = clip(lasts_ms=200), clip(lasts_ms=400)
STEM = clip(lasts_ms=600)


def hear(station: Bench) -> None:
    """Let the speaker report to the room, as the core does."""
    station.speaker.start(
        ready=lambda ready, reads: station.kiosk.sound.on_speaker_ready(SpeakerReady(ready=ready, reads=reads))
    )
    station.kiosk.sound.tick()


def choose(station: Bench, **settings: object) -> None:
    station.accept(desired(version=station.twin.version + 1, settings=settings, packs=station.twin.desired.packs))
    station.kiosk.sound.tick()


def record(station: Bench, *clips: tuple[Clip, bytes], version: int = 1) -> None:
    """Have the county publish clips, and the shelf fetch them."""
    items: list[Item] = [station.county.item(one.item, sound) for one, sound in clips]
    content = encode(Clips(clips=[one for one, _ in clips]))
    station.county.publish("clips", version, content, kind="clips", items=items)
    station.shelf.want(station.county.index())
    station.make_trip()
    station.kiosk.sound.look()


@pytest.fixture
def village(station: Bench) -> Bench:
    """A village with a speaker that wants to hear results, too, and has recorded two sentences."""
    hear(station)
    record(station, (spoken("present_card"), CARD), (spoken("touch.recorded"), GREETED))
    choose(station, sound="also_results")
    return station


def told(station: Bench) -> SoundShown:
    """Return what all kiosks were told last of what can be heard."""
    return next(
        what for who, what in reversed(station.recorded.order) if who == "kiosk" and isinstance(what, SoundShown)
    )


def last(station: Bench) -> Sequence[Sound]:
    return station.speaker.played[-1] if station.speaker.played else []


def test_nothing_is_said_unless_the_village_wants_it(station: Bench) -> None:
    hear(station)
    record(station, (spoken("present_card"), CARD))
    assert not station.speaker.wanted
    assert [what for _, what in station.recorded.order if isinstance(what, SoundShown)] == []
    station.ask(Play(lines=["present_card"]))
    station.touch(ZHANG)
    assert [sounds for sounds in station.speaker.played if sounds] == []


def test_a_station_without_a_speaker_promises_nothing(tmp_path: Path, system: FakeSystemClock) -> None:
    from agent.kiosk.sound import KioskSound  # noqa: PLC0415
    from tests.agent.bench import bench  # noqa: PLC0415

    with bench(tmp_path, system) as station:
        station.accept(desired(settings={"sound": "on_request"}))
        silent = KioskSound(speaker=None, twin=station.twin, screens=station.recorded)
        silent.tick()
        silent.play(1, Play(lines=["present_card"]))
        assert not silent.wanted
        assert station.recorded.order == []


def test_kiosks_hear_what_can_be_said_and_get_it(village: Bench) -> None:
    assert told(village).lines == ["present_card", "touch.recorded"]
    village.ask(Play(lines=["help.called", "touch.recorded", "present_card"]))
    assert last(village) == [Sound("clip", GREETED), Sound("clip", CARD)]


def test_a_kiosk_that_joins_is_told(village: Bench) -> None:
    village.kiosk.sound.joined(7)
    assert village.recorded.order[-1] == ("kiosk 7", told(village))


def test_a_sentence_that_was_changed_since_is_silent(village: Bench) -> None:
    record(village, (spoken("present_card", words="请刷卡"), CARD), version=2)
    assert told(village).lines == []
    village.ask(Play(lines=["present_card"]))
    assert last(village) == []


def test_a_bundle_of_files_alone_has_no_voice(village: Bench) -> None:
    village.county.publish("clips", 2, b"", kind="clips", items=[village.county.item("welcome.opus", CARD)])
    village.shelf.want(village.county.index())
    village.make_trip()
    village.kiosk.sound.look()
    assert [one.version for one in village.shelf.offered.bundles("clips")] == [2]
    assert told(village).lines == []


def test_the_later_clip_of_a_sentence_counts(village: Bench) -> None:
    again = spoken("present_card")
    record(
        village, (again, CARD), (Clip(line=again.line, item="new.opus", lasts_ms=1, words=again.words), STEM), version=2
    )
    village.ask(Play(lines=["present_card"]))
    assert last(village) == [Sound("clip", STEM)]


@pytest.mark.parametrize(
    ("uid", "said"),
    [
        pytest.param(ZHANG, [Sound("clip", GREETED)], id="recorded, with a clip"),
        pytest.param(STRANGER, [], id="amber has no tone"),
        pytest.param(LOST, [], id="nobody hears that a card is lost"),
        pytest.param("00", [Sound("tone", b"wrong")], id="not recorded"),
    ],
)
def test_the_result_of_a_touch(village: Bench, uid: str, said: list[Sound]) -> None:
    village.touch(uid)
    assert last(village) == said


def test_a_touch_ends_what_is_being_said(station: Bench) -> None:
    hear(station)
    record(station, (spoken("present_card"), CARD), (spoken("touch.recorded"), GREETED))
    choose(station, sound="on_request")
    station.ask(Play(lines=["present_card"]))
    station.touch(ZHANG)
    assert last(station) == []


def test_a_key_that_shows_the_touch_again_says_nothing(village: Bench) -> None:
    village.touch(ZHANG)
    village.touch(ZHANG)
    before = len(village.speaker.played)
    ref = village.recorded.touches[-1].touch
    assert ref is not None
    village.ask(ChooseDirection(touch=ref, direction="out"))
    village.ask(KeepDirection(touch=ref))
    assert village.speaker.played[before:] == [[], []]


def test_the_end_of_a_visit_and_another_screen_end_it(village: Bench) -> None:
    visit = open_by_card(village, ZHANG)
    for end in (EndVisit(visit=visit.visit), StopSound()):
        village.ask(Play(lines=["present_card"]))
        village.ask(end)
        assert last(village) == []


def test_only_the_kiosk_that_asked_ends_it(village: Bench) -> None:
    village.ask(Play(lines=["present_card"]), kiosk=2)
    village.ask(StopSound(), kiosk=1)
    assert last(village) == [Sound("clip", CARD)]
    village.kiosk.sound.kiosk_left(KioskLeft(2).kiosk)
    assert last(village) == []


def opened(station: Bench) -> QuestionShown:
    answers = station.ask(OpenLevel(pack="sample", level="1"))
    return next(one for one in answers if isinstance(one, QuestionShown))


def test_a_question_that_was_recorded_is_offered_and_said(village: Bench) -> None:
    give_pack(village)
    choose(village, sound="also_results")
    stems = [
        (Clip(pack="sample", question=f"q{n}", item=f"q{n}.opus", lasts_ms=600, words=question(n).stem), STEM)
        for n in range(7)
    ]
    record(village, (spoken("present_card"), CARD), *stems, version=2)
    shown = opened(village)
    assert village.recorded.answers[-1] == SoundShown(lines=["present_card"], run=shown.run, question=shown.question)
    village.ask(Play(lines=["present_card"], run=shown.run))
    assert last(village) == [Sound("clip", CARD), Sound("clip", STEM)]
    # At another kiosk nobody sees this person's run, but an anonymous one is anybody's.
    village.ask(Play(run="00" * 8))
    assert last(village) == []


def with_stems(station: Bench, *, version: int, lines: Sequence[str] = ("present_card",)) -> None:
    """Have the stem of each question of the sample pack recorded."""
    stems = [
        (Clip(pack="sample", question=f"q{n}", item=f"q{n}.opus", lasts_ms=600, words=question(n).stem), STEM)
        for n in range(7)
    ]
    record(station, *((spoken(line), CARD) for line in lines), *stems, version=version)


def test_a_kiosk_that_goes_on_with_a_question_is_told_again_that_it_can_be_heard(village: Bench) -> None:
    give_pack(village)
    choose(village, sound="on_request")
    with_stems(village, version=2)
    village.ask(Hello(token="a" * 32), kiosk=2)
    open_by_card(village, ZHANG, kiosk=2)
    shown, heard = village.ask(OpenLevel(pack="sample", level="1"), kiosk=2)
    assert isinstance(shown, QuestionShown)
    assert heard == SoundShown(lines=["present_card"], run=shown.run, question=shown.question)
    village.kiosk.keeping.kiosk_left(2)
    village.kiosk.sound.kiosk_left(2)
    village.ask(Hello(token="a" * 32), kiosk=3)
    assert village.ask(AskSound(run=shown.run), kiosk=3) == [heard]
    assert village.ask(AskSound(run=shown.run), kiosk=4) == [SoundShown(lines=["present_card"])], "somebody else's"


def test_a_question_stays_heard_when_other_words_can_be_heard_from_now_on(village: Bench) -> None:
    give_pack(village)
    choose(village, sound="on_request")
    with_stems(village, version=2)
    shown = opened(village)
    with_stems(village, version=3, lines=("present_card", "help.called"))
    lines = ["help.called", "present_card"]
    assert village.recorded.answers[-1] == SoundShown(lines=lines, run=shown.run, question=shown.question)
    choose(village, sound="off")
    assert told(village) == SoundShown()
    assert village.recorded.answers[-1] != SoundShown(run=shown.run, question=shown.question)


def test_right_and_wrong_have_a_tone_each(village: Bench) -> None:
    give_pack(village)
    choose(village, sound="also_results")
    shown = opened(village)
    place = shown.options.index("乙")
    village.ask(AnswerQuestion(run=shown.run, question=shown.question, chosen=[place]))
    assert last(village) == [Sound("tone", b"right")]
    shown = opened(village)
    village.ask(AnswerQuestion(run=shown.run, question=shown.question, chosen=[shown.options.index("甲")]))
    assert last(village) == [Sound("tone", b"wrong")]


def test_the_machines_voice_reads_what_nobody_recorded_if_the_county_wants_it(village: Bench) -> None:
    give_pack(village)
    choose(village, sound="on_request", espeak=True)
    assert told(village).lines == sorted(SPOKEN)
    shown = opened(village)
    village.ask(Play(lines=["present_card", "help.called", "no_such_line"], run=shown.run))
    asked = (
        f"{shown.stem}。1，{shown.options[0]}。2，{shown.options[1]}。3，{shown.options[2]}。4，{shown.options[3]}。"
    )
    assert last(village) == [
        Sound("clip", CARD),
        Sound("text", SPOKEN["help.called"].encode()),
        Sound("text", asked.encode()),
    ]


def test_a_card_that_is_gone_is_a_device_that_is_not_ready(village: Bench) -> None:
    assert [one.ready for one in village.health.current().devices if one.kind == "speaker"] == [True]
    village.speaker.card(there=False)
    assert [one.ready for one in village.health.current().devices if one.kind == "speaker"] == [False]
    assert told(village).lines == []
    village.touch(LI)
    assert (last(village), village.recorded.touches[-1].colour) == ([], "green")
    choose(village)
    assert [one for one in village.health.current().devices if one.kind == "speaker"] == []
