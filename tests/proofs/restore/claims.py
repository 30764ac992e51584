"""Make a claim code for every station, in one process: ``CUNHUI_HOME=… python -m tests.proofs.restore.claims``."""

import json
import os

import django


def main() -> None:
    """Print the codes by station, as JSON."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
    django.setup()
    from django.utils import timezone  # noqa: PLC0415 - needs the settings

    from server_broker.enrolment.claims import make_claim  # noqa: PLC0415
    from server_broker.fleet.models import Station  # noqa: PLC0415

    codes = {station.pk: make_claim(station, actor="proof", now=timezone.now()) for station in Station.objects.all()}
    print(json.dumps(codes))


if __name__ == "__main__":
    main()
