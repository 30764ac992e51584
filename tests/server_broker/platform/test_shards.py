"""However many workers divide the stations, each station has one of them."""

from pathlib import Path

import pytest

from server_broker.platform.county_config import CountyConfig, read_config, write_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.shards import MAX_WORKERS, SHARDS, Share, shard_of, share_of


@pytest.mark.parametrize("of", range(1, MAX_WORKERS + 1))
def test_each_shard_has_one_worker(of: int) -> None:
    taken = [shard for place in range(of) for shard in Share(place, of).shards]
    assert sorted(taken) == list(range(SHARDS))


def test_a_share_is_read_as_it_is_written_and_nothing_else_is() -> None:
    assert share_of(str(Share(2, 3))) == Share(2, 3)
    for wrong in ("3/3", "-1/2", "0/0", "0/17", "0", "a/b", ""):
        with pytest.raises(ValueError):
            share_of(wrong)


def test_stations_are_spread_and_keep_their_shard() -> None:
    shards = [shard_of(f"village-{number:04}") for number in range(6400)]
    assert shards == [shard_of(f"village-{number:04}") for number in range(6400)]
    assert all(50 < shards.count(shard) < 150 for shard in range(SHARDS))


def test_county_toml_says_how_many_workers_there_are(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
    assert read_config_of(home, write_config(home, config)).ingest_workers == 1
    written = write_config(home, CountyConfig(**{**vars(config), "ingest_workers": 3}))
    assert read_config(home) == written
    assert "[ingest]\nworkers = 3\n" in home.config_file.read_text(encoding="utf-8")


def read_config_of(home: CountyHome, written: CountyConfig) -> CountyConfig:
    read = read_config(home)
    assert read == written
    return read


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[ingest]\nworkers = 0\n", "ingest.workers 应为 1 到 16"),
        ("[ingest]\nworkers = 17\n", "ingest.workers 应为 1 到 16"),
        ("[ingest]\nworkers = true\n", "ingest.workers 应为数字"),
        ("[ingest]\nworkers = '2'\n", "ingest.workers 应为数字"),
        ("[ingest]\nshards = 2\n", "ingest.shards 不是这里的设置项"),
        ("ingest = 2\n", "ingest 应为 [ingest]"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, table: str, said: str) -> None:
    home = CountyHome(tmp_path)
    write_config(home, CountyConfig(name="示例县", host="h", web_port=0, broker_port=0, broker_local_port=0))
    with home.config_file.open("a", encoding="utf-8") as file:
        file.write(table)
    lines = home.config_file.read_text(encoding="utf-8").splitlines()
    with pytest.raises(ServiceError) as refused:
        read_config(home)
    assert f":{len(lines)}：{said}" in str(refused.value)
