"""Run one part of an installed county, as its unit asks for it: ``python -m server_broker.supervisor.unit PART``.

Each unit has the account that its part needs, so that PostgreSQL and the broker can read none of the county's keys. The
process of a part is the unit's main process: it takes this program's place, and systemd and the pid file name it.

Besides the parts there are ``database``, which makes the county's database once PostgreSQL answers, ``prepare``, which
makes all that the other parts need, and ``backup``, a base backup of the database. The units of the first two try again
until that is done.
"""

import datetime as dt
import logging
import os
import sys
from pathlib import Path

from server_broker import broker, postgres
from server_broker.accounts.log_lines import formatter_of
from server_broker.platform.control import pid_file
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import Program, ServiceError, write_pid
from server_broker.supervisor import prepare
from server_broker.supervisor.backup_cli import back_up_database
from server_broker.supervisor.parts import python_program, service_parts
from server_broker.trust import keys


def main(arguments: list[str]) -> int:
    """Do what a unit asks for. A part does not return: its program takes the place of this one."""
    (name,) = arguments
    home = CountyHome(Path(os.environ["CUNHUI_HOME"]))
    try:
        match name:
            case "database":
                postgres.make_database(home)
            case "prepare":
                _prepare(home)
            case "backup":
                back_up_database(home)
            case _:
                _become(home, name, _program(home, name))
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _prepare(home: CountyHome) -> None:
    config = read_config(home)
    prepared = home.postgres_socket / "prepared"
    prepared.unlink(missing_ok=True)
    keys.prepare(home)
    broker.prepare(home, now=dt.datetime.now(dt.UTC))
    os.environ |= python_program(home, config, prepare.__name__).environment
    prepare.main()
    for mark, there in (
        (home.postgres_socket / "front-door", config.front_door is not None),
        (home.own_database_mark, config.database is not None),
        (home.own_broker_mark, config.broker is not None),
    ):
        if there:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
    # In memory, so that each start of the machine is prepared anew. The units of the other parts wait for it.
    prepared.touch()


def _program(home: CountyHome, name: str) -> Program:
    """Return the program of a part.

    Raises:
        ServiceError: Its program is not installed, or the county's folder is damaged.
    """
    if name == "postgres":
        # Not the folder's owner: the unit of PostgreSQL sees another folder in its place.
        postgres.prepare(home, service=home.units_mark.owner())
        return postgres.program(home)
    if name == "mosquitto":
        return broker.program(home)
    parts = {part.name: part for part in service_parts(home, read_config(home))}
    return parts[name].program()


def _become(home: CountyHome, name: str, program: Program) -> None:
    write_pid(pid_file(home, name), os.getpid())
    os.chdir(program.folder)
    os.execve(program.argv[0], list(program.argv), os.environ | program.environment)  # noqa: S606 - argv is ours


if __name__ == "__main__":
    os.environ["CUNHUI_PART"] = sys.argv[-1]
    lines = logging.StreamHandler()
    lines.setFormatter(formatter_of())
    logging.basicConfig(level=logging.INFO, handlers=[lines])
    sys.exit(main(sys.argv[1:]))
