"""Which of Debian's PostgreSQLs is used, and what is said if the right one is not there."""

from pathlib import Path

import pytest

from server_broker.platform.processes import ServiceError
from server_broker.postgres import debian
from server_broker.postgres.debian import bin_folder, client_folder


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Debian's folder, with PostgreSQL 17 and the clients of 18."""
    root = tmp_path / "postgresql"
    for major, programs in ((17, ("initdb", "pg_dump")), (18, ("pg_dump",))):
        (root / str(major) / "bin").mkdir(parents=True)
        for program in programs:
            (root / str(major) / "bin" / program).touch()
    monkeypatch.setattr(debian, "_ROOT", root)
    return root


def test_data_of_another_major_version_are_named_with_what_to_do(installed: Path, tmp_path: Path) -> None:
    assert bin_folder(tmp_path) == installed / "17" / "bin"
    (tmp_path / "PG_VERSION").write_text("15\n", encoding="ascii")
    with pytest.raises(ServiceError) as refused:
        bin_folder(tmp_path)
    for words in ("PostgreSQL 15 的", "装的是 17", "没有改动", "postgresql-15", "升级手册"):
        assert words in str(refused.value)


def test_a_dump_is_read_and_written_by_clients_of_the_servers_version_or_a_later_one(installed: Path) -> None:
    assert client_folder(16) == client_folder(17) == installed / "17" / "bin"
    assert client_folder(18) == installed / "18" / "bin"
    with pytest.raises(ServiceError, match="postgresql-client-19"):
        client_folder(19)
