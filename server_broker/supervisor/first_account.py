"""Make a new county's region, its first administrator and the link that signs them in. Run as ``python -m`` by `setup`.

It is one process, because each verb loads the whole program anew. The answers come as JSON on standard input.
"""

import json
import os
import sys
from pathlib import Path

import django

from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import typed_by
from server_broker.platform.processes import ServiceError


def first_link(home: CountyHome, *, region: str, name: str, admin: str, actor: str) -> str:
    """Return the address that signs the county's first administrator in. What is there already is taken as it is.

    Args:
        region: Code of the county's region, 12 digits; ``name`` is its name.
        admin: Name of the account.
        actor: Who asked for it, for the audit log.

    Raises:
        ServiceError: The county has another region, or the account's name can't be used.
    """
    from server_broker.accounts.account_changes import AccountRefused, make_account  # noqa: PLC0415 - needs the models
    from server_broker.accounts.links import make_sign_in_link  # noqa: PLC0415
    from server_broker.accounts.models import Role, User  # noqa: PLC0415
    from server_broker.attendance.region_changes import RegionRefused, found_county  # noqa: PLC0415

    try:
        found_county(region, name, actor=actor)
        user = User.objects.filter(username=admin).first()
        if user is None:
            user = make_account(admin, role=Role.SYSTEM, region=region, actor=actor)
    except (RegionRefused, AccountRefused) as refused:
        raise ServiceError(str(refused)) from refused
    if not user.is_open or user.role != Role.SYSTEM:
        raise ServiceError(f"账号 {admin} 不是在用的系统管理员：请用 cunhui-server account list 核对")
    return f"{read_config(home).console_url}{make_sign_in_link(user, actor=actor)}"


def main() -> int:
    """Print the link and return 0, or say why there is none and return 1."""
    home = CountyHome(Path(os.environ["CUNHUI_HOME"]))
    answers = json.load(sys.stdin)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
    django.setup()
    try:
        link = first_link(
            home, region=answers["region"], name=answers["name"], admin=answers["admin"], actor=f"cli:{typed_by()}"
        )
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{link}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
