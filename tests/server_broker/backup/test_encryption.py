"""What leaves the machine opens by the key on paper alone, and a changed byte is noticed."""

import os
from pathlib import Path

import pytest

from server_broker.backup.encryption import decrypt, encrypt, new_key, read_key, recipient_of
from server_broker.platform.files import sha256_of
from server_broker.platform.processes import ServiceError

CONTENT = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def key() -> str:
    return new_key()


@pytest.fixture
def encrypted(tmp_path: Path, key: str) -> Path:
    path = tmp_path / "disk" / "one.age"
    written = encrypt(lambda pipe: pipe.write(CONTENT), path, recipient=recipient_of(key))
    assert (written.size, written.sha256) == (path.stat().st_size, sha256_of(path).hex())
    return path


def test_the_key_opens_it(tmp_path: Path, encrypted: Path, key: str) -> None:
    decrypt(encrypted.open("rb"), tmp_path / "one", key=key)
    assert (tmp_path / "one").read_bytes() == CONTENT
    assert CONTENT[:64] not in encrypted.read_bytes()


def test_what_is_decrypted_is_on_disk_before_it_has_its_name(
    tmp_path: Path, encrypted: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((os.fstat(file).st_size, (tmp_path / "one").exists())))
    decrypt(encrypted.open("rb"), tmp_path / "one", key=key)
    assert synced == [(len(CONTENT), False)]


def test_another_key_or_a_changed_byte_leaves_no_file(tmp_path: Path, encrypted: Path, key: str) -> None:
    with pytest.raises(ServiceError, match="解不开"):
        decrypt(encrypted.open("rb"), tmp_path / "one", key=new_key())
    content = bytearray(encrypted.read_bytes())
    content[-20] ^= 1
    encrypted.write_bytes(content)
    with pytest.raises(ServiceError, match="解不开"):
        decrypt(encrypted.open("rb"), tmp_path / "one", key=key)
    assert [path.name for path in tmp_path.iterdir()] == ["disk"]


def test_a_source_that_fails_leaves_nothing_on_the_disk(tmp_path: Path, key: str) -> None:
    with pytest.raises(FileNotFoundError):
        encrypt(lambda pipe: (tmp_path / "gone").open().close(), tmp_path / "one.age", recipient=recipient_of(key))
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_read_from_a_sheet_with_blanks_and_small_letters(tmp_path: Path, key: str) -> None:
    sheet = tmp_path / "sheet"
    groups = " ".join(key[place : place + 8] for place in range(0, len(key), 8))
    sheet.write_text(f"恢复密钥\n\n  {groups.lower()}  \n对应的公钥：age1…\n", encoding="utf-8")
    assert read_key(sheet) == key
    sheet.write_text("恢复密钥\n", encoding="utf-8")
    with pytest.raises(ServiceError, match="没有恢复密钥"):
        read_key(sheet)


def test_a_key_that_was_copied_wrong_is_told_from_another_one(key: str) -> None:
    last = "Q" if key[-1] != "Q" else "P"
    with pytest.raises(ServiceError, match="抄错"):
        recipient_of(key[:-1] + last)
