"""When a disk is short."""

import pytest

from protocol.health import SHORT_DISK_KIB, disk_limit_kib


@pytest.mark.parametrize(
    ("disk_kib", "limit_kib"),
    [(None, SHORT_DISK_KIB), (0, SHORT_DISK_KIB), (1_000_000, 50_000), (32_000_000, SHORT_DISK_KIB)],
)
def test_a_disk_of_unknown_size_is_judged_as_a_large_one(disk_kib: int | None, limit_kib: int) -> None:
    assert disk_limit_kib(disk_kib) == limit_kib
