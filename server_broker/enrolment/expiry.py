"""Raise an alarm for each certificate near its end or of no use, and close it when there is a better one.

Stations renew at half of the lifetime and servers renew when they start. So an alarm means that renewal does not work.
"""

import datetime as dt

from cryptography import x509
from django.db.models import Max, Q

from server_broker.fleet.alarm_codes import CONSOLE_CERTIFICATE, COUNTY_CERTIFICATE, STATION_CERTIFICATE
from server_broker.fleet.alarms import AlarmCall, raise_alarm, raise_alarms, resolve
from server_broker.fleet.models import Alarm, Station
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.trust.own_certificate import OWN_CERTIFICATE_BEFORE, console_problems, leaf_of

STATION_BEFORE = dt.timedelta(days=21)
"""A station renews when 45 of its 90 days are left, so it has failed for three weeks by then."""
SERVER_BEFORE = dt.timedelta(days=180)
"""A server's certificate is made anew when a year is left, so the service has not been restarted for half a year."""
AUTHORITY_BEFORE = dt.timedelta(days=730)
"""No program renews the authority, and every station must learn of a new one, so people need much time."""

_COUNTY_FILES = (
    ("web", "网页证书", SERVER_BEFORE),
    ("broker", "消息服务证书", SERVER_BEFORE),
    ("ca", "县根证书", AUTHORITY_BEFORE),
)


def watch_certificates(home: CountyHome, *, now: dt.datetime) -> int:
    """Raise and close the alarms; return how many certificates are near their end."""
    return _watch_county(home, now) + _watch_stations(now)


def _watch_county(home: CountyHome, now: dt.datetime) -> int:
    ending = []
    for name, title, before in _COUNTY_FILES:
        certificate = x509.load_pem_x509_certificate((home.trust / f"{name}.pem").read_bytes())
        if certificate.not_valid_after_utc - now < before:
            ending.append(f"{title} {certificate.not_valid_after_utc:%Y-%m-%d} 到期")
    if ending:
        raise_alarm(station=None, code=COUNTY_CERTIFICATE, severity="critical", detail="，".join(ending), at=now)
    else:
        resolve(station=None, code=COUNTY_CERTIFICATE, at=now)
    return len(ending)


class ConsoleCertificateWatch:
    """Raises an alarm while the console's own certificate can't be served or ends soon, and closes it."""

    def __init__(self, home: CountyHome) -> None:
        self._home = home
        self._before = ""

    def look(self, *, now: dt.datetime) -> None:
        """Look once. What is wrong counts once two looks saw it, because files are written one after the other."""
        console = read_config(self._home).console
        wrong = "" if console is None else self._wrong(console, now)
        if not wrong:
            resolve(station=None, code=CONSOLE_CERTIFICATE, at=now)
        elif wrong == self._before:
            raise_alarm(station=None, code=CONSOLE_CERTIFICATE, severity="major", detail=wrong, at=now)
        self._before = wrong

    def _wrong(self, console: OwnCertificate, now: dt.datetime) -> str:
        if problems := console_problems(self._home.root, console, now=now):
            return "；".join(problem.words for problem in problems)
        ends = leaf_of(self._home.root, console).not_valid_after_utc
        return f"{console.host} 的证书 {ends:%Y-%m-%d} 到期，还没有续期" if ends - now < OWN_CERTIFICATE_BEFORE else ""


def _watch_stations(now: dt.datetime) -> int:
    # Only a station's newest certificate counts: the older ones end while it already uses another.
    live = Station.objects.filter(revoked_at=None, enrolled_at__isnull=False)
    ends = live.annotate(ends=Max("certificates__not_after", filter=Q(certificates__revoked_at=None)))
    ending = dict(ends.filter(ends__lt=now + STATION_BEFORE).values_list("pk", "ends"))
    calls = []
    for station, end in ending.items():
        if end <= now:
            detail = f"站点证书 {end:%Y-%m-%d} 已到期，站点连上网后会自己续期"
        else:
            detail = f"站点证书 {end:%Y-%m-%d} 到期，还没有续期；请看站点能否访问县里的网页端口"
        calls.append(AlarmCall(station, STATION_CERTIFICATE, "major", detail))
    raise_alarms(calls, at=now)
    # The alarms of stations that were revoked meanwhile are closed too.
    closed = Alarm.objects.filter(code=STATION_CERTIFICATE, origin="county", resolved_at=None).exclude(
        station__in=ending
    )
    closed.update(resolved_at=now)
    return len(ending)
