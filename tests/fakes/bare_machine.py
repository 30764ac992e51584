"""A machine that is to become a station: what is plugged in, who answers as the county, what the person types."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from agent.config.station_config import StationConfig
from agent.doctor.examine import Examination
from agent.doctor.ports import CameraTrial, Trouble
from agent.doctor.problems import Finding
from agent.identity.enrolment import EnrolmentFailed
from agent.identity.station_identity import Identity
from agent.ports import DeviceError, Indicator
from agent.setup.conversation import Conversation
from agent.setup.place import SetupPlace
from agent.setup.ports import FoundDevice, SetupTools
from protocol.claim_file import ClaimFile, encode_claim_file
from protocol.kiosk_status import Status
from tests.agent.uplink.pki import Authority
from tests.fakes.devices import FakeIndicator
from tests.fakes.enrolled import make_enrolled

URL = "https://county.example:8443"
CLAIM = "1234567890128"
PCSC = FoundDevice("pcsc", {}, "PC/SC 读卡器 ACR122U")
WEDGE = FoundDevice("wedge", {"usb": "ffff:0035"}, "键盘或键盘式读卡器 IC Reader", proven=False)


class BareMachine:
    """Its fields are what a test sets; its lists are what a test looks at."""

    def __init__(self, folder: Path) -> None:
        (folder / "etc").mkdir()
        self.place = SetupPlace(config=folder / "etc" / "station.toml", folder=folder / "lib", runtime=folder)
        self.ca = Authority(folder / "pki").ca_file.read_text()
        self.offers = {URL: self.ca}
        self.trouble: Trouble = ""
        self.readers = [PCSC]
        self.cards = {PCSC.driver: "04a22b1c"}
        self.cameras: list[FoundDevice] = []
        self.camera_trial: CameraTrial = "well"
        self.lamp: FakeIndicator | None = None
        self.refusals: list[EnrolmentFailed] = []
        self.station = "shili-01"
        self.systemd = True
        self.starts = True
        self.running: set[str] = set()
        self.first_terminal = False
        self.claims: list[str] = []
        self.units: list[str] = []
        self.said: list[str] = []
        self.asked: list[str] = []

    def claim_file(self, *, station: str = "shili-01", url: str = URL) -> Path:
        """Return a stick's file."""
        path = self.place.folder.parent / f"{station}.toml"
        path.write_bytes(
            encode_claim_file(
                ClaimFile(url=url, ca=self.ca, claim=CLAIM, station=station, name="示例村", expires="2026-12-01 08:30")
            )
        )
        return path

    def talk(self, *answers: str | None) -> Conversation:
        """Return a conversation in which the person answers so, and then no more; None presses Ctrl-C."""
        left = iter(answers)

        def ask(shown: str) -> str:
            self.asked.append(shown)
            answer = next(left, None)
            if answer is None:
                raise KeyboardInterrupt
            return answer

        return Conversation(ask=ask, say=self.said.append)

    def alone(self) -> Conversation:
        """Return a conversation with nobody."""
        return Conversation(ask=None, say=self.said.append)

    @property
    def screen(self) -> str:
        """All that was said."""
        return "\n".join(self.said)

    def tools(self) -> SetupTools:
        """Return the machine's tools."""
        return SetupTools(
            fetch_ca=self._fetch_ca,
            probe=lambda *_: self.trouble,
            readers=lambda: list(self.readers),
            listen=self._listen,
            cameras=lambda: list(self.cameras),
            try_camera=lambda _: self.camera_trial,
            has_pins=lambda: self.lamp is not None,
            indicator=self._indicator,
            enrol=self._enrol,
            units=self,
            status=self._status,
            examine=lambda _: Examination(self.station, [Finding("配置", "没有错误")]),
            on_first_terminal=self.first_terminal,
            wait=lambda _: None,
        )

    def _fetch_ca(self, url: str) -> str:
        if not self.offers[url]:
            raise DeviceError("refused")
        return self.offers[url]

    @contextmanager
    def _listen(self, found: Sequence[FoundDevice], heard: Callable[[FoundDevice, str], None]) -> Iterator[None]:
        for one in found:
            if card := self.cards.get(one.driver):
                heard(one, card)
        yield

    def _indicator(self, _: FoundDevice) -> Indicator:
        assert self.lamp is not None
        return self.lamp

    def _enrol(self, config: StationConfig, claim: str) -> Identity:
        self.claims.append(claim)
        if self.refusals:
            raise self.refusals.pop(0)
        return make_enrolled(config.folder, station=self.station).identity

    def _status(self, _: StationConfig) -> Status | None:
        return None

    @property
    def there(self) -> bool:
        return self.systemd

    def runs(self, unit: str) -> bool:
        return unit in self.running

    def do(self, act: Literal["stop", "start", "enable"], unit: str) -> str:
        self.units.append(f"{act} {unit}")
        if act == "stop":
            self.running.discard(unit)
        elif act == "start" and self.starts:
            self.running.add(unit)
        return "" if self.starts or act != "start" else "failed"
