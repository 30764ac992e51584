"""A station whose facts fill every table of derived rows, and what is found there."""

from django.utils import timezone

from protocol import facts
from protocol.facts import BlobAnnounced, DirectionChosen, NumberEntered
from protocol.pins import PinVerifier
from server_broker.commands.models import StationOrder
from server_broker.derived.checking import check_stations, first_of_nobody
from server_broker.ingest.batch import BatchProcessor
from tests.server_broker.station_double import NOW, StationDouble, booted, moment, touch

VERIFIER = PinVerifier(salt=bytes(range(16)), digest=bytes(range(32)), log2_n=14, r=8, p=1)
COMMAND = b"c" * 16
PICTURE = b"s" * 32


def fill(double: StationDouble) -> StationDouble:
    """Have a station state facts of which rows are made in each table, and the county take them."""
    run = b"r" * 8
    StationOrder.objects.create(
        id=COMMAND.hex(), station_id=double.id, order="identify", reason="看看", issuer="operator", issued_at=NOW,
        not_after=NOW,
    )  # fmt: skip
    double.add(booted(), touch(2), touch(3, quality="unknown"))
    double.add(
        DirectionChosen(at=moment(4), touch=double.ref(2), direction="out"),
        NumberEntered(at=moment(5), person="2001", answer="accepted", clocks=True, direction="in"),
        NumberEntered(at=moment(6), person="2001", answer="accepted"),
        facts.Attempt(
            at=moment(7), run=run, pack="sample", pack_version=1, level="l1", question="q1", chosen=[1, 2],
            right=True, lives_left=3, by=double.ref(2), took_ms=900,
        ),
        facts.LevelEnded(at=moment(8), run=run, pack="sample", pack_version=1, level="l1", passed=True, stars=2),
        facts.VisitEnded(at=moment(9), person="2001", by=double.ref(2), opened=["month"], why="left", seconds=20),
        facts.PinSet(at=moment(10), person="2001", verifier=VERIFIER, by=double.ref(2)),
        BlobAnnounced(
            at=moment(11), sha256=PICTURE, size=10, media_type="image/jpeg", purpose="touch", about=double.ref(2)
        ),
        facts.BlobEvicted(at=moment(12), sha256=PICTURE, reason="disk"),
        facts.CommandResult(at=moment(13), command=COMMAND, outcome="done", figures={"lines": 3}),
        facts.FeedbackGiven(at=moment(14), feedback=COMMAND, topic="lamps", matter="broken", by=double.ref(2)),
        facts.FeedbackRated(at=moment(15), feedback=COMMAND, rating=4),
    )  # fmt: skip
    take(double)
    return double


def ask(double: StationDouble) -> StationDouble:
    """Have a station state what somebody asks for there and takes back, what happens in a meeting, a choice."""
    double.add(
        touch(1),
        facts.RequestMade(
            at=moment(2), request=bytes(16), by=double.ref(1), request_kind="objection", code="time",
            begin=moment(1).wall, about=double.ref(1), note="示例",
        ),
        facts.RequestWithdrawn(at=moment(3), request=bytes(16), by=double.ref(1)),
        facts.MeetingStepped(at=moment(4), meeting="m1", step="item", item="2", note="示例", by=double.ref(1)),
        facts.VotesCounted(at=moment(5), meeting="m1", question="2", votes=[5, 1], present=7, by=double.ref(1)),
        facts.PersonVouched(at=moment(6), person="a2", by=double.ref(1), purpose="meeting:m1", note="entered"),
        facts.Agreed(at=moment(7), request=bytes(16), by=double.ref(1)),
        facts.PackChosen(at=moment(8), by=double.ref(1), pack="sample"),
    )  # fmt: skip
    take(double)
    return double


def take(double: StationDouble, first: int = 1) -> None:
    """Have the county take a station's facts."""
    BatchProcessor(clock=timezone.now).process_batch([double.facts_message(first)])


def said() -> list[str]:
    """Return all that is found in all stations, in Chinese."""
    found = [one.chain or (one.finding and f"{one.finding.where()}：{one.finding.said}") for one in check_stations()]
    nobody = first_of_nobody()
    return [sentence for sentence in [*found, nobody and nobody.where()] if sentence]
