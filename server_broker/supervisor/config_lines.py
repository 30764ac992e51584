"""Say where in ``county.toml`` the setting stands that a problem of a certificate is about."""

from collections.abc import Iterable

from server_broker.platform.county_config import line_of
from server_broker.platform.home import CountyHome
from server_broker.trust.own_certificate import CertificateProblem


def problem_lines(home: CountyHome, table: str, problems: Iterable[CertificateProblem]) -> list[str]:
    """Return each problem of a table's certificate with file, line and setting, for whoever edits the file."""
    text = home.config_file.read_text(encoding="utf-8")
    return [
        f"{home.config_file}:{line_of(text, f'{table}.{problem.key}')}：{problem.key}：{problem.words}"
        for problem in problems
    ]
