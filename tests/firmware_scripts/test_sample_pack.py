"""The sample pack can be sealed, sent and played, and names the source of each of its answers."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_scripts.demo.sample_pack import sample_pack
from protocol.packs import seal_pack, unseal_pack
from protocol.signing import key_id


def test_it_survives_the_way_to_a_station() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    assert unseal_pack(seal_pack(key, sample_pack()), {key_id(public): public}) == sample_pack()


def test_it_is_marked_as_a_sample_and_has_every_kind_of_question() -> None:
    pack = sample_pack()
    (level,) = pack.levels
    assert pack.sample
    assert "示例" in pack.title
    assert (level.id, level.draw) == ("first", 5)
    assert {question.kind for question in level.questions} == {"single", "multiple", "true_false", "ordering"}
    assert len({question.id for question in level.questions}) == len(level.questions) >= 8


def test_no_right_answer_is_always_in_the_same_place() -> None:
    singles = [question.answer[0] for question in sample_pack().levels[0].questions if question.kind == "single"]
    assert len(set(singles)) > 1
