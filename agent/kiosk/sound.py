"""What the kiosk says aloud: sentences and questions that somebody asks to hear, and how a touch or an answer ended.

Nothing of one person is ever said: the sentences are those of `protocol.spoken_lines`, and no name, number or time is
among them. A touch, the end of a visit, another screen and the kiosk's going end what is being said. Whether there is
sound at all is the setting ``sound``; without a clip a sentence is silent, unless the setting ``espeak`` lets the
machine's voice read it.
"""

import logging
from collections.abc import Callable

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.events import SpeakerReady
from agent.kiosk.clips import ClipBook
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit
from agent.ports import Sound, Speaker
from agent.twin import Twin
from protocol.kiosk import ToKiosk, TouchShown
from protocol.kiosk_learning import LevelOver, Marked, QuestionShown
from protocol.kiosk_sound import AskSound, Play, SoundShown, StopSound
from protocol.packs import Question
from protocol.spoken_lines import SPOKEN

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
"""Of all sounds of one screen together."""


class OpenQuestion(Struct, frozen=True):
    """A question that is open at a kiosk, with its options as shown."""

    pack: str
    version: int
    question: Question
    options: list[str]


type FindQuestion = Callable[[int, str], OpenQuestion | None]
"""Takes the kiosk and the run's name."""


class KioskSound:
    """Decides what sounds. Used on the core thread only."""

    def __init__(self, *, speaker: Speaker | None, twin: Twin, screens: KioskScreens) -> None:
        """Begin in silence. Without a speaker nothing here says or promises anything."""
        self._speaker = speaker
        self._twin = twin
        self._screens = screens
        self._clips: ClipBook | None = None
        self._find: FindQuestion = lambda *_: None
        self._ready = self._reads = False
        self._shown = SoundShown()
        self._asked_by: int | None = None
        self._chosen_for: object = None
        self._open: dict[int, str] = {}
        """The run of the question that each kiosk shows."""

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {Play: self.play, AskSound: self.asked, StopSound: self.stop_asked}

    def furnish(self, clips: ClipBook, find: FindQuestion) -> None:
        """Take what the county has recorded, and a way to find the question that is open at a kiosk."""
        self._clips, self._find = clips, find

    @property
    def ready(self) -> bool:
        """Whether sound can be heard now."""
        return self._ready

    @property
    def wanted(self) -> bool:
        """Whether the village wants sound, and has a speaker."""
        return self._speaker is not None and self._twin.desired.settings.sound != "off"

    def tick(self) -> None:
        """Follow the settings, and tell the kiosks if something else can be heard now."""
        if self._speaker is not None:
            self._speaker.want(self.wanted)
        self.look()

    def look(self) -> None:
        """Tell the kiosks what can be heard, if that has changed."""
        now = self._current()
        if now != self._shown:
            self._shown = now
            self._screens.show(now)
            for kiosk, run in self._open.items():
                self._tell_of_question(kiosk, run)

    def joined(self, kiosk: int) -> None:
        """Tell a new kiosk what can be heard."""
        if self._shown.lines:
            self._screens.answer(kiosk, self._shown)

    def on_speaker_ready(self, event: SpeakerReady) -> None:
        """Take note that the speaker can be heard, or can't."""
        if event.ready != self._ready:
            log.info("the speaker is %s", "ready" if event.ready else "not ready")
        self._ready, self._reads = event.ready, event.reads
        self.look()

    def _current(self) -> SoundShown:
        if not (self.wanted and self._ready):
            return SoundShown()
        if self._may_read:
            return SoundShown(lines=sorted(SPOKEN))
        return SoundShown(lines=sorted(self._clips.lines()) if self._clips is not None else [])

    @property
    def _may_read(self) -> bool:
        return self._reads and self._twin.desired.settings.espeak

    def play(self, kiosk: int, asked: Play) -> None:
        """Say what a kiosk's screen shows; what has no voice is left out."""
        sounds = [sound for code in asked.lines if (sound := self._line(code)) is not None]
        if asked.run and (open_question := self._find(kiosk, asked.run)) is not None:
            sounds += self._question(open_question)
        self._sound(sounds)
        self._asked_by = kiosk

    def _line(self, code: str) -> Sound | None:
        clip = self._clips.line(code) if self._clips is not None else None
        if clip is not None:
            return Sound("clip", clip)
        return Sound("text", SPOKEN[code].encode()) if self._may_read and code in SPOKEN else None

    def _question(self, asked: OpenQuestion) -> list[Sound]:
        clip = self._clips.question(asked.pack, asked.version, asked.question) if self._clips is not None else None
        options = "。".join(f"{number}，{option}" for number, option in enumerate(asked.options, 1))
        sounds = [Sound("clip", clip)] if clip is not None else []
        if self._may_read:
            stem = "" if clip is not None else f"{asked.question.stem}。"
            sounds.append(Sound("text", f"{stem}{options}。".encode()))
        return sounds

    def asked(self, kiosk: int, asked: AskSound) -> None:
        """Tell a kiosk what can be heard with the question that it goes on with."""
        self._open[kiosk] = asked.run
        self._screens.answer(kiosk, self._with_question(kiosk, asked.run))

    def stop_asked(self, kiosk: int, _: StopSound) -> None:
        """Fall silent because a kiosk has left the screen whose words were said."""
        if kiosk == self._asked_by:
            self.silence()

    def kiosk_left(self, kiosk: int) -> None:
        """Fall silent with the kiosk that asked."""
        self._open.pop(kiosk, None)
        if kiosk == self._asked_by:
            self.silence()

    def visit_ended(self, _: Visit) -> None:
        """Fall silent at the end of a visit."""
        self.silence()

    def silence(self) -> None:
        """End what is being said."""
        self._asked_by = None
        if self._speaker is not None:
            self._speaker.play([])

    def _sound(self, sounds: list[Sound]) -> None:
        room, said = MOST_BYTES, []
        for sound in sounds:
            room -= len(sound.data)
            if room < 0:
                break
            said.append(sound)
        self._asked_by = None
        if self._speaker is not None:
            self._speaker.play(said if self.wanted and self._ready else [])

    def showing(self, message: ToKiosk, kiosk: int | None) -> None:
        """Take note of what a screen is about to show, and make it heard if the village wants that."""
        match message:
            case TouchShown():
                self._sound(self._of_touch(message))
            case Marked() if self._results:
                self._sound([Sound("tone", b"right" if message.right else b"wrong")])
            case QuestionShown() if kiosk is not None:
                self._open[kiosk] = message.run
                self._tell_of_question(kiosk, message.run)
            case LevelOver() if kiosk is not None:
                self._open.pop(kiosk, None)

    @property
    def _results(self) -> bool:
        return self._twin.desired.settings.sound == "also_results"

    def _of_touch(self, touch: TouchShown) -> list[Sound]:
        # A key that chooses a direction, or takes that back, shows the same touch again; nobody touched anything.
        again, self._chosen_for = self._chosen_for, touch.touch if touch.chosen is not None else None
        if not self._results or touch.chosen is not None or (again is not None and again == touch.touch):
            return []
        said = self._line(f"touch.{touch.problem or touch.answer}")
        if said is not None:
            return [said]
        return [] if touch.colour == "amber" else [Sound("tone", b"right" if touch.colour == "green" else b"wrong")]

    def _tell_of_question(self, kiosk: int, run: str) -> None:
        told = self._with_question(kiosk, run)
        if told.run:
            self._screens.answer(kiosk, told)

    def _with_question(self, kiosk: int, run: str) -> SoundShown:
        """Return what can be heard at a kiosk that shows the question of a run."""
        asked = self._find(kiosk, run) if self.wanted and self._ready else None
        if asked is None or not self._is_heard(asked):
            return self._shown
        return SoundShown(lines=self._shown.lines, run=run, question=asked.question.id)

    def _is_heard(self, asked: OpenQuestion) -> bool:
        if self._may_read:
            return True
        return self._clips is not None and self._clips.has_question(asked.pack, asked.version, asked.question)


class HeardScreens:
    """The kiosks' screens, with an ear: what they show may also be heard. Implements `KioskScreens`."""

    def __init__(self, screens: KioskScreens, sound: KioskSound) -> None:
        self._screens = screens
        self._sound = sound

    def show(self, message: ToKiosk) -> None:
        """See `agent.clocking.desk.KioskScreens`."""
        self._screens.show(message)
        self._sound.showing(message, None)

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        """See `agent.clocking.desk.KioskScreens`."""
        self._screens.answer(kiosk, message)
        self._sound.showing(message, kiosk)
