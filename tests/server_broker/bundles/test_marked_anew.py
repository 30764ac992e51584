"""A version of a pack says since when the options of its questions have stood, and a corrected answer marks anew."""

from collections.abc import Mapping
from copy import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.packs import Pack, seal_pack
from server_broker.audit.models import AuditEntry
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.questions import publish_questions
from server_broker.decisions.models import DecidedRow
from server_broker.ingest.batch import BatchProcessor
from server_broker.learning.marking import PackKeys, questions_in, read_stored
from server_broker.learning.models import LearningPack, RemarkedQuestion
from server_broker.learning.packs import PackRefused, publish_pack
from tests.fakes.clips import clip
from tests.server_broker.bundles.samples import AUTHOR, item
from tests.server_broker.learning.worlds import answered, at, pack, question, take
from tests.server_broker.picture_sender import jpeg
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()


NO_FILES: Mapping[str, bytes] = {}
RED_SIGN, BLUE_SIGN = jpeg(64, 48), jpeg(48, 64)


def publish(made: Pack, folder: BundleFolder, files: Mapping[str, bytes] = NO_FILES) -> LearningPack:
    at = NOW + timedelta(days=made.version)
    with TemporaryDirectory() as beside:
        items = [item(Path(beside) / name, content) for name, content in files.items()]
        return publish_questions(made, key=KEY, folder=folder, author=AUTHOR, at=at, items=items)


def showing(version: int, *, answer: int = 0, picture: str | None = None, sound: str | None = None) -> Pack:
    """A pack whose first question has a picture or a sound."""
    made = pack(version, levels=1)
    made.levels[0].questions[0] = replace(question("l1q1", [answer]), picture=picture, sound=sound)
    return made


def since(row: LearningPack) -> dict[str, int | None]:
    return {name: one.key_since for name, one in questions_in(read_stored(row)).items()}


def test_options_that_stand_keep_the_version_since_which_they_do(folder: BundleFolder) -> None:
    assert set(since(publish(pack(1), folder)).values()) == {None}
    second = publish(pack(2, options={"l1q1": ("乙", "甲", "丙")}, answers={"l1q2": 1}), folder)
    assert since(second) == {name: None if name == "l1q1" else 1 for name in since(second)}
    third = publish(pack(5, options={"l1q1": ("乙", "甲", "丙")}), folder)
    assert since(third) == {name: 2 if name == "l1q1" else 1 for name in since(third)}


def test_a_new_stem_or_kind_begins_anew(folder: BundleFolder) -> None:
    publish(pack(1, levels=1), folder)
    other = pack(2, levels=1)
    other.levels[0].questions[0] = replace(question("l1q1"), kind="multiple")
    assert since(publish(other, folder))["l1q1"] is None


def test_another_picture_under_the_same_name_is_another_question(folder: BundleFolder) -> None:
    publish(showing(1, picture="sign.jpg"), folder, {"sign.jpg": RED_SIGN})
    other = publish(showing(2, picture="sign.jpg", answer=1), folder, {"sign.jpg": BLUE_SIGN})
    assert since(other)["l1q1"] is None
    assert since(other)["l1q2"] == 1
    assert not RemarkedQuestion.objects.exists(), "nobody who answered saw this picture"


def test_the_same_picture_under_another_name_is_the_same_question(folder: BundleFolder) -> None:
    publish(showing(1, picture="sign.jpg"), folder, {"sign.jpg": RED_SIGN})
    renamed = publish(showing(2, picture="picture-7-2.jpg", answer=1), folder, {"picture-7-2.jpg": RED_SIGN})
    assert since(renamed)["l1q1"] == 1
    assert [row.question for row in RemarkedQuestion.objects.all()] == ["l1q1"]


@pytest.mark.parametrize(
    ("with_file", "file"),
    [(showing(2, picture="a"), RED_SIGN), (showing(2, sound="a"), clip(lasts_ms=200))],
    ids=["picture", "sound"],
)
def test_a_picture_or_a_sound_that_comes_or_goes_makes_another_question(
    folder: BundleFolder, with_file: Pack, file: bytes
) -> None:
    publish(showing(1), folder)
    assert since(publish(with_file, folder, {"a": file}))["l1q1"] is None
    assert since(publish(showing(3), folder))["l1q1"] is None


def test_another_recording_is_another_question(folder: BundleFolder) -> None:
    publish(showing(1, sound="a.opus"), folder, {"a.opus": clip(lasts_ms=200)})
    assert since(publish(showing(2, sound="a.opus"), folder, {"a.opus": clip(lasts_ms=400)}))["l1q1"] is None
    assert since(publish(showing(3, sound="b.opus"), folder, {"b.opus": clip(lasts_ms=400)}))["l1q1"] == 2


def test_a_picture_that_nobody_knows_any_more_is_another_one(folder: BundleFolder) -> None:
    publish(showing(1, picture="sign.jpg"), folder, {"sign.jpg": RED_SIGN})
    Bundle.objects.all().delete()
    assert since(publish(showing(2, picture="sign.jpg"), folder, {"sign.jpg": RED_SIGN}))["l1q1"] is None


def test_a_publisher_s_own_word_is_refused(folder: BundleFolder) -> None:
    own = pack(1)
    own.levels[0].questions[0] = replace(question("l1q1"), key_since=1)
    with pytest.raises(PackRefused, match="l1q1 自己写了 key_since"):
        publish(own, folder)
    assert not LearningPack.objects.exists()


def test_a_pack_that_names_two_questions_alike_marks_as_ever_if_an_earlier_release_published_it() -> None:
    made = pack(1, levels=1)
    made.levels[0].questions.append(question("l1q1", answer=[1]))
    LearningPack.objects.create(
        pack=made.id, version=1, title=made.title, sha256=bytes(32), file=seal_pack(KEY, made), published_at=NOW
    )
    keys = PackKeys()
    keys.renew()
    assert keys(made.id, "l1q2", 1) == made.levels[0].questions[1]


def test_the_same_version_again_changes_nothing(folder: BundleFolder) -> None:
    publish(pack(1), folder)
    row = publish(pack(2, answers={"l1q1": 1}), folder)
    assert publish(pack(2, answers={"l1q1": 1}), folder) == row
    assert RemarkedQuestion.objects.count() == 1


def test_a_version_that_an_earlier_release_published_stays_as_it_is(folder: BundleFolder) -> None:
    for version in (1, 2):
        publish_pack(pack(version), key=KEY)
    publish(pack(2), folder)
    assert set(since(LearningPack.objects.get(version=2)).values()) == {None}


def test_a_corrected_answer_says_how_many_attempts_it_marks_anew(
    folder: BundleFolder, station: StationDouble, processor: BatchProcessor
) -> None:
    publish(pack(1), folder)
    by = station.ref(1)
    station.add(
        touch(),
        *(answered(at(0, second), by, "l1q1", chosen=second % 3) for second in range(1, 7)),
        answered(at(0, 9), by, "l1q1", chosen=1, version=7),
        answered(at(0, 10), by, "l1q2", chosen=1),
    )
    take(processor, station)
    publish(pack(2, answers={"l1q1": 1}), folder)
    [row] = RemarkedQuestion.objects.all()
    assert (row.question, row.attempts) == ("l1q1", 4), "two were right and are wrong, two the other way round"
    entry = AuditEntry.objects.get(action="pack.remarked")
    assert entry.detail == {"version": 2, "remarked": "l1q1"}
    assert DecidedRow.objects.filter(table="learning_remarked").count() == 1


def test_other_options_mark_nothing_anew(folder: BundleFolder) -> None:
    publish(pack(1), folder)
    publish(pack(2, answers={"l1q1": 1}, options={"l1q1": ("甲", "丙", "丁")}), folder)
    assert not RemarkedQuestion.objects.exists()


def test_the_newest_version_with_these_options_marks(folder: BundleFolder) -> None:
    publish(pack(1), folder)
    keys = PackKeys()
    keys.renew()
    publish(pack(2, answers={"l1q1": 1}), folder)
    publish(pack(3, options={"l1q1": ("丁", "戊")}), folder)
    keys.renew()
    said = [keys("law", "l1q1", version) for version in (1, 2, 3, 9)]
    assert [one.answer if one else None for one in said] == [[1], [1], [0], [0]]
    assert keys("law", "nothing", 1) is None
    assert keys("other", "l1q1", 1) is None
