"""What learning costs a county: a person, the pages, and the night in which everybody is reckoned anew."""

import datetime as dt
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from firmware_scripts.report import Value
from tests.benchmarks.duty.county import make_regions, workbooks
from tests.benchmarks.duty.importing import take_in
from tests.benchmarks.learning.filling import PACKS, fill, pack_of
from tests.benchmarks.measures.figures import Figure, percentile
from tests.benchmarks.measures.pages import officer_of, opened
from tests.benchmarks.measures.surroundings import Surroundings
from tests.benchmarks.settlement.memory import begin_counting, most_mb
from tests.proofs.private_county import county_home, private_cluster

if TYPE_CHECKING:
    from server_broker.accounts.models import User
    from server_broker.platform.home import CountyHome
    from server_broker.progress.rounds import Rounds

GROWING = ("night_s",)
"""Figures of which a county of four times the size may cost four times as much."""
PERSON_GOAL_MS = 50.0
PEOPLE = 300
"""People who are looked at one by one."""
_REQUIRED = 3


def measure(villages: int, *, seed: int) -> dict[str, Value]:
    """Make a county of this size, and return what was made and measured."""
    # Three years of a large county are larger than the memory of a small machine, so the database is on the disk.
    with county_home("cunhui-learning", in_memory=False) as home:
        from server_broker import trust  # noqa: PLC0415 - Django must be set up

        trust.prepare(home)
        home.bundles.mkdir()
        with private_cluster(home):
            begun = time.monotonic()
            made = _make(home, villages)
            made["made_s"] = round(time.monotonic() - begun, 1)
            around = Surroundings(home.root)
            figures = [*_nights(), *_people(seed), *_pages(seed)]
            beside = around.describe()
    return {"made": dict[str, Value](made), "beside": beside, "figures": [figure.line() for figure in figures]}


def _make(home: "CountyHome", villages: int) -> dict[str, float]:
    """Make villages, people, packs that some must learn, and three years of answers."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415
    from server_broker.bundles.questions import publish_questions  # noqa: PLC0415
    from server_broker.courses.requiring import Decision, require  # noqa: PLC0415
    from server_broker.regions.models import Region  # noqa: PLC0415
    from server_broker.trust.keys import county_keys  # noqa: PLC0415

    now, key, folder = timezone.now(), county_keys(home).signing_key, BundleFolder(home.bundles)
    make_regions(villages)
    for file in workbooks(villages):
        take_in(file)
    for number in range(PACKS):
        publish_questions(pack_of(number), key=key, folder=folder, author="bench", at=now)
    county, by = Region.objects.get(code__endswith="000000"), Decision("bench", "示例：全县学一学", now)
    for number in range(_REQUIRED):
        require(county, f"pack-{number:02}", until=timezone.localdate() + dt.timedelta(days=60), by=by)
    return dict(fill(home))


def _nights() -> list[Figure]:
    """Reckon everybody twice: the first time all of it is news to the stations, the second time nothing is."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.progress.models import PersonProgress, Told  # noqa: PLC0415
    from server_broker.progress.rounds import Rounds  # noqa: PLC0415

    rounds, now = Rounds(), timezone.now()
    begin_counting()
    begun = time.monotonic()
    _until_done(lambda: rounds.renew_whole(now))
    first = time.monotonic() - begun
    detail: dict[str, Value] = {"told": Told.objects.count(), "people": PersonProgress.objects.count()}
    return [
        Figure(name="first_reckoning_s", value=first, unit="s", detail=detail),
        _night(rounds, now + dt.timedelta(days=1)),
        Figure(name="night_most_mb", value=most_mb(), unit="MB"),
    ]


def _night(rounds: "Rounds", now: dt.datetime) -> Figure:
    """Do what the chore does in a night: reckon everybody, and count how the questions of all packs were answered."""
    from server_broker.platform.set_aside import Aside  # noqa: PLC0415
    from server_broker.progress.question_counts import count_next  # noqa: PLC0415

    begun, worked = time.monotonic(), time.process_time()
    _until_done(lambda: rounds.renew_whole(now))
    people = time.monotonic() - begun
    aside = Aside[str]("counting")
    _until_done(lambda: count_next(now, aside))
    seconds = time.monotonic() - begun
    detail: dict[str, Value] = {
        "people_s": round(people, 2),
        "questions_s": round(seconds - people, 2),
        "processor_s": round(time.process_time() - worked, 2),
    }
    return Figure(name="night_s", value=seconds, unit="s", detail=detail)


def _until_done(step: Callable[[], object]) -> None:
    while step():
        pass


def _people(seed: int) -> list[Figure]:
    """Reckon people one by one of all their answers, and what the page 我的学习 says of them."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.learning.marking import PackKeys  # noqa: PLC0415
    from server_broker.people.models import Person  # noqa: PLC0415
    from server_broker.progress.computing import compute  # noqa: PLC0415
    from server_broker.progress.own import own_learning  # noqa: PLC0415
    from server_broker.progress.reading import read_learning  # noqa: PLC0415

    keys, now = PackKeys(), timezone.now()
    keys.renew()
    people = random.Random(seed).sample(list(Person.objects.order_by("pk")), k=PEOPLE)
    answers, read_ms = 0, list[float]()

    def reckon(person: Person) -> None:
        nonlocal answers
        begun = time.monotonic()
        own = read_learning([person.pk], now).of[person.pk]
        read_ms.append((time.monotonic() - begun) * 1000)
        answers += len(own.answers)
        compute(person.number, own.answers, own.ended, own.picks, keys, now)

    reckoned = _each("person_progress", people, reckon)
    reckoned.detail.update(answers_a_person=round(answers / PEOPLE), read_p50_ms=round(percentile(read_ms, 0.5), 1))
    return [reckoned, _each("own_learning", people, lambda person: own_learning(person, now))]


def _each[T](name: str, of: list[T], do: Callable[[T], object]) -> Figure:
    times = []
    for one in of:
        begun = time.monotonic()
        do(one)
        times.append((time.monotonic() - begun) * 1000)
    detail: dict[str, Value] = {
        "people": len(of),
        "p50_ms": round(percentile(times, 0.5), 1),
        "p99_ms": round(percentile(times, 0.99), 1),
        "slowest_ms": round(max(times), 1),
    }
    return Figure(name=f"{name}_p95_ms", value=percentile(times, 0.95), unit="ms", goal=PERSON_GOAL_MS, detail=detail)


def _pages(seed: int) -> list[Figure]:
    """Open how the questions of a pack are answered, and what is required, as officers of different townships do."""
    from django.urls import reverse  # noqa: PLC0415

    from server_broker.bundles.models import Bundle  # noqa: PLC0415
    from server_broker.regions.models import Region  # noqa: PLC0415

    townships = list(Region.objects.filter(code__endswith="000").exclude(code__endswith="000000").order_by("code"))
    officers = [officer_of(township) for township in townships[:20]]
    county = officer_of(Region.objects.get(code__endswith="000000"))
    packs, chance = list(Bundle.objects.filter(kind="questions").values_list("pk", flat=True)), random.Random(seed)

    def questions(_: "User") -> str:
        return reverse("pack-questions", args=[chance.choice(packs)])

    return [
        opened("questions_page", questions, officers, county),
        opened("courses_page", lambda _: reverse("courses"), officers, county),
    ]
