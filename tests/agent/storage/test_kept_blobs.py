"""The kept blobs in memory: their order, what is found, and what each costs."""

import hashlib
import random
import sys

from agent.storage.kept_blobs import KeptBlob, KeptBlobs


def blob(number: int) -> KeptBlob:
    return KeptBlob(number, hashlib.sha256(number.to_bytes(8)).digest(), number % 1000 + 1)


def test_they_come_in_the_order_of_their_numbers_whatever_the_folder_says() -> None:
    found = [blob(number) for number in range(1, 300)]
    random.Random(5).shuffle(found)
    kept = KeptBlobs(found)
    assert [one.number for one in kept] == list(range(1, 300))
    assert (len(kept), kept.newest_number) == (299, 299)
    assert kept.total_bytes == sum(one.size for one in found)


def test_it_says_the_same_as_a_dictionary_whatever_is_added_and_removed() -> None:
    chance, kept, known = random.Random(7), KeptBlobs(), dict[bytes, KeptBlob]()
    for number in range(1, 2_000):
        known[blob(number).sha256] = blob(number)
        kept.add(blob(number))
        while known and chance.random() < 0.48:
            gone = next(iter(known)) if chance.random() < 0.7 else chance.choice(list(known))
            assert kept.remove(gone) == known.pop(gone)
            assert kept.remove(gone) is None
    assert list(kept) == list(known.values())
    assert (len(kept), kept.total_bytes) == (len(known), sum(one.size for one in known.values()))
    assert all(kept.find(blob(number).sha256) == known.get(blob(number).sha256) for number in range(2_100))


def test_what_two_digests_have_together_is_no_blob() -> None:
    kept = KeptBlobs([blob(1), blob(2)])
    between = blob(1).sha256[16:] + blob(2).sha256[:16]
    assert between not in kept
    kept.add(KeptBlob(3, between, 5))
    assert kept.find(between) == KeptBlob(3, between, 5)


def test_a_part_of_a_digest_and_no_bytes_at_all_are_no_blob() -> None:
    kept = KeptBlobs([blob(1), blob(2)])
    for part in (b"", blob(1).sha256[:31], blob(1).sha256 + blob(2).sha256):
        assert part not in kept
        assert kept.remove(part) is None
    assert list(kept) == [blob(1), blob(2)]


def test_without_any_it_is_empty() -> None:
    kept = KeptBlobs([blob(4)])
    assert kept.remove(blob(4).sha256) == blob(4)
    assert (len(kept), list(kept), kept.newest_number, kept.total_bytes) == (0, [], 0, 0)


def test_ten_thousand_take_less_than_half_a_megabyte() -> None:
    kept = KeptBlobs(blob(number) for number in range(1, 10_001))
    taken = sum(sys.getsizeof(value) for value in vars(kept).values())
    assert taken < 500_000
