"""Who is due, reckoned a second time from the rules alone, over seeded rosters."""

from collections import Counter

from tests.server_broker.duty.reckoned_twice import differences

COUNTIES = 12


def test_both_reckonings_agree() -> None:
    met: Counter[str] = Counter()
    found = [differing for seed in range(COUNTIES) for differing in differences(seed, met)]
    assert found == []
    # Else the two would agree about nothing.
    assert {"ByName", "ByPost", "OnNamedDay", "OnSwappedDay", "ForThisDate", "TookOver", "CutByNotice"} < met.keys()
    assert {"DayOff", "Stopped", "HandedOver", "Away", "NoPost", "Left", "Overlaps"} < met.keys()
