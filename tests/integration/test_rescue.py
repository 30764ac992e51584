"""From a station's outbox over a USB stick into the county's database: nothing lost, nothing twice."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings

from agent.config.station_config import OUTBOX_FILE
from agent.identity.station_identity import RECORD_KEY, record_key
from agent.rescue import export, outbox_source
from agent.storage.outbox import Outbox
from agent.uplink.agreement import Continue, agree
from protocol.birth import Birth, Welcome
from protocol.codec import encode
from protocol.topics import Up, topic
from server_broker.attendance.models import Touch as TouchRow
from server_broker.cli import main
from server_broker.fleet.models import Station
from server_broker.ingest import carried_file
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.carried import Taken, take_file
from server_broker.ingest.messages import Incoming
from server_broker.ingest.reread import reread_held
from server_broker.ledger.verify import verify_station
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.regions.models import Region
from server_broker.supervisor.up import initialise
from tests.cast import SHILI_VILLAGE
from tests.proofs.power_cut.workload import STATION, moment, touch
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    made = CountyHome(tmp_path_factory.mktemp("county"))
    initialise(made, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    monkeypatch.setattr(settings, "HOME", made)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "station"
    made.mkdir()
    Region.objects.create(code=SHILI_VILLAGE, name="示例村")
    public = record_key(made).public_key().public_bytes_raw()
    Station.objects.create(id=STATION, name="示例站", village_id=SHILI_VILLAGE, record_key=public, enrolled_at=NOW)
    return made


def opened(folder: Path) -> Outbox:
    return Outbox.open(folder / OUTBOX_FILE, station=STATION, record_key=record_key(folder), now=moment)


def say(leaf: Up, payload: bytes) -> list[object]:
    incoming = Incoming(topic(shard=0, station=STATION, leaf=leaf), payload)
    return [answer.message for answer in BatchProcessor(clock=lambda: NOW).process_batch([incoming])]


def birth(outbox: Outbox) -> list[object]:
    head = outbox.signed_head()
    said = Birth(station=STATION, head=head, boot=bytes(16), nonce=bytes(16), software="test", twin_version=1)
    return say("birth", encode(said))


def carried(folder: Path, *, dead_board: bool = False) -> Taken:
    done = export(outbox_source(folder / OUTBOX_FILE), folder.parent, now=moment, whole=dead_board)
    assert done.path is not None
    return take_file(done.path, dead_board=dead_board, actor="test", clock=lambda: NOW)


def numbers() -> list[int]:
    tokens = TouchRow.objects.values_list("card_token", flat=True)
    return sorted(int.from_bytes(bytes(token), "big") for token in tokens)


def test_a_cut_off_station_is_carried_in_and_goes_on_over_the_line(folder: Path) -> None:
    outbox = opened(folder)
    outbox.commit(*(touch(number) for number in range(500)))
    outbox.close()
    taken = carried(folder)
    assert (taken.new, taken.known, taken.held) == (501, 0, 0)
    outbox = opened(folder)
    outbox.commit(touch(500))
    (welcome,) = (message for message in birth(outbox) if isinstance(message, Welcome))
    assert agree(outbox, welcome) == Continue(after=501)
    rest = outbox.envelope_after(welcome.through)
    assert rest is not None
    say("facts", encode(rest))
    outbox.close()
    assert numbers() == list(range(501))
    assert all(verdict.good for verdict in verify_station(Station.objects.get()))


def test_a_damaged_card_is_carried_in_and_its_station_goes_on_with_it(folder: Path) -> None:
    """The export and the station each salvage the same file: both say the same facts again, and each counts once."""
    outbox = opened(folder)
    outbox.commit(*(touch(number) for number in range(50)))
    outbox.close()
    with (folder / OUTBOX_FILE).open("r+b") as file:
        file.write(b"rubbish" * 20)
    assert carried(folder).held == 0
    assert numbers() == list(range(50))
    outbox = opened(folder)
    envelope = outbox.envelope_after(0)
    assert envelope is not None
    say("facts", encode(envelope))
    outbox.close()
    assert numbers() == list(range(50))


def test_a_dead_boards_card_without_its_key_counts_as_far_as_the_station_was_heard(folder: Path) -> None:
    outbox = opened(folder)
    outbox.commit(*(touch(number) for number in range(50)))
    birth(outbox)
    outbox.commit(*(touch(number) for number in range(50, 60)))
    outbox.close()
    there = folder.parent / "copied"
    there.mkdir()
    shutil.copy(folder / OUTBOX_FILE, there)
    taken = carried(there, dead_board=True)
    assert (taken.new, taken.held) == (61, 10)
    assert numbers() == list(range(50))


def ingest(path: Path, *flags: str) -> int:
    return main(["ingest-file", str(path), *flags, "--home", str(settings.HOME.root)])


def test_an_outbox_as_it_lies_is_taken_and_stays_as_it_was(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outbox = opened(folder)
    outbox.commit(*(touch(number) for number in range(50)))
    outbox.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for said in ("新收 51 条，已有 0 条", "新收 0 条，已有 51 条"):
        assert ingest(folder / OUTBOX_FILE) == 0
        assert said in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert numbers() == list(range(50))


def test_an_outbox_without_its_key_is_taken_when_a_person_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox = opened(folder)
    outbox.commit(*(touch(number) for number in range(5)))
    outbox.close()
    (folder / RECORD_KEY).unlink()
    assert ingest(folder / OUTBOX_FILE) == 1
    assert "--dead-board" in capsys.readouterr().err
    assert ingest(folder / OUTBOX_FILE, "--dead-board") == 0
    assert "新收 6 条，已有 0 条，待审 6 条" in capsys.readouterr().out


def test_a_file_that_is_no_outbox_and_a_county_without_the_stations_program(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / OUTBOX_FILE).write_bytes(b"no outbox at all")
    assert ingest(folder / OUTBOX_FILE) == 1
    assert "没有整理出来：文件里读不出站点编号" in capsys.readouterr().err
    monkeypatch.setattr(carried_file, "PROGRAM", folder / "cunhui-agent")
    assert ingest(folder / OUTBOX_FILE) == 1
    assert "cunhui-agent export --outbox" in capsys.readouterr().err
    assert not TouchRow.objects.exists()


def test_a_station_that_the_restored_copy_does_not_know_gives_all_back_by_the_way_that_the_verbs_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "station"
    folder.mkdir()
    Region.objects.create(code=SHILI_VILLAGE, name="示例村")
    outbox = opened(folder)
    outbox.commit(*(touch(number) for number in range(20)))
    outbox.close()
    told = ["--home", str(settings.HOME.root)]
    assert main(["revoke", STATION, "--reason", "恢复以前已吊销", *told]) == 1
    assert f"cunhui-server claim {STATION} --village" in capsys.readouterr().err
    assert main(["claim", STATION, "--village", SHILI_VILLAGE, "--name", "示例站", *told]) == 0
    # Its status is that of a county without a broker, whose lists nobody can write.
    main(["revoke", STATION, "--reason", "恢复以前已吊销", *told])
    assert "已吊销" in capsys.readouterr().out
    assert ingest(folder / OUTBOX_FILE, "--dead-board") == 0
    assert "21 条都还没有计入考勤" in capsys.readouterr().out
    assert numbers() == []
    assert reread_held(STATION, accepted=True).read == 21
    assert numbers() == list(range(20))
    assert all(verdict.good for verdict in verify_station(Station.objects.get()))
