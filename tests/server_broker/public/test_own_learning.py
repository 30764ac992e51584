"""我的学习 on the telephone: one's own stars, wrong book and required packs, and nobody else's."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import publish_questions
from server_broker.courses.requiring import Decision, require
from server_broker.ingest.batch import BatchProcessor
from server_broker.progress.rounds import Rounds
from server_broker.regions.models import Region
from tests.cast import TOWNSHIP, WANG, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import answered, at, ended, pack, take
from tests.server_broker.progress.test_whose import enrolled
from tests.server_broker.public.door import signed_in_telephone
from tests.server_broker.station_double import touch


@pytest.fixture
def learnt(county: FictionalCounty, processor: BatchProcessor, tmp_path: Path) -> FictionalCounty:
    """Zhang has passed a level of a required pack, with one wrong answer."""
    now = timezone.now()
    publish_questions(
        pack(), key=Ed25519PrivateKey.generate(), folder=BundleFolder(tmp_path), author="chen-shili", at=now
    )
    by = Decision("chen-shili", "学习计划", now)
    require(Region.objects.get(code=TOWNSHIP), "law", until=timezone.localdate() + dt.timedelta(days=30), by=by)
    station = enrolled(county)
    ref = station.ref(1)
    station.add(touch(), answered(at(0, 1), ref, chosen=1), answered(at(0, 2), ref, "l1q2"), ended(at(0, 3), ref, 2))
    take(processor, station)
    Rounds().go_on(now)
    return county


def test_a_person_sees_their_own(learnt: FictionalCounty) -> None:
    html = signed_in_telephone(learnt.people[ZHANG]).get("/learning/").content.decode()
    for said in ("★★☆", "☆☆☆", "过了 1 关，共 2 关", "错题"):
        assert said in html


def test_nobody_sees_another_s(learnt: FictionalCounty) -> None:
    html = signed_in_telephone(learnt.people[WANG]).get("/learning/").content.decode()
    assert "县里还没有您的答题" in html
    assert "★" not in html.replace("我的学习：星", "")
