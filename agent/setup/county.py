"""Which county, and that it is the county: by a claim file, or by a fingerprint that two people compare."""

from pathlib import Path
from urllib.parse import urlsplit

from agent.causes import cause
from agent.doctor.county import examine_county
from agent.doctor.ports import Probe
from agent.identity.enrolment import wrong_code_words
from agent.ports import DeviceError
from agent.setup.conversation import Conversation, SetupRefused
from agent.setup.place import Begun, SetupPlace
from agent.setup.ports import SetupTools
from protocol.claim import parse_claim_code
from protocol.claim_file import MAX_CLAIM_FILE_BYTES, ClaimFile, decode_claim_file, spoken_fingerprint
from protocol.refusal import Refused
from protocol.system_errors import os_cause


def read_claim_file(path: Path) -> ClaimFile:
    """Return what stands in a claim file.

    Raises:
        SetupRefused: It can't be read, or is no claim file.
    """
    try:
        with path.open("rb") as file:
            return decode_claim_file(file.read(MAX_CLAIM_FILE_BYTES + 1))
    except OSError as error:
        raise SetupRefused(f"读不到接入文件 {path}（{os_cause(error)}）") from error
    except Refused as refused:
        raise SetupRefused(
            f"{path} 比本机的程序新，请先升级本机的 cunhui-station"
            if refused.reason == "unknown_version"
            else f"{path} 不是接入文件，或者拷坏了：请在县里的控制台再下载一次"
        ) from refused


def of_claim_file(file: ClaimFile) -> Begun:
    """Return the county that a claim file names. Whoever has the file has it from the county."""
    return Begun(url=_checked(file.url), ca=file.ca, claim=file.claim, station=file.station, expires=file.expires)


def asked_claim_file(talk: Conversation) -> ClaimFile | None:
    """Ask for a claim file until there is one; None if the person has none.

    Raises:
        SetupRefused: No answer was good.
    """
    read: list[ClaimFile] = []

    def wrong(text: str) -> str:
        try:
            if text:
                file = read_claim_file(Path(text))
                of_claim_file(file)
                read.append(file)
        except SetupRefused as refused:
            return str(refused)
        return ""

    talk.text("接入文件 claim.toml 在哪里（如 /media/usb/claim.toml）；没有就按回车", wrong=wrong)
    return read[0] if read else None


def asked_county(talk: Conversation, tools: SetupTools) -> Begun:
    """Ask for the county's address, and have its CA's fingerprint compared with what the county says.

    Raises:
        SetupRefused: No answer was good, or the person says that it is another one.
    """
    offered: dict[str, str] = {}

    def wrong(text: str) -> str:
        """Judge an address also by who answers there, so that a mistyped one is asked for again."""
        if problem := _wrong_address(text):
            return problem
        try:
            ca = tools.fetch_ca(address(text))
            offered[spoken_fingerprint(ca)] = ca
        except DeviceError as error:
            return f"{address(text)}：{cause(error)}。请核对地址，检查网线或 4G 卡，再输一次"
        except Refused:
            return f"{address(text)} 回答的不是县平台：请核对地址；网络要求登录的话先登录，再输一次"
        return ""

    url = address(talk.text("县平台的地址（如 county.example:8443）", wrong=wrong))
    ((fingerprint, ca),) = offered.items()
    talk.say(f"\n  县里证书的核对码：{fingerprint}\n")
    talk.say("  请打电话问县里：控制台的“接入码”页上，或 cunhui-server where，写着同样的核对码。")
    if not talk.yes("  和县里念的一个数字也不差吗", usual=False):
        raise SetupRefused("核对码不一样，对方不是县里，什么也没有改动：请核对地址，并把这件事报给县里")
    return Begun(url=url, ca=ca, claim="")


def asked_claim(talk: Conversation) -> str:
    """Ask for a claim code until one is well formed."""

    def wrong(text: str) -> str:
        try:
            parse_claim_code(text)
        except Refused:
            return wrong_code_words(text)
        return ""

    return talk.text("接入码（13 位数字）", wrong=wrong)


def check_county(place: SetupPlace, url: str, probe: Probe) -> None:
    """Connect to the county once, judged by the CA that was written.

    Raises:
        SetupRefused: It can't be reached, or does not prove to be the county.
    """
    (finding,) = examine_county(url, place.ca, None, probe)
    if finding.well is False:
        raise SetupRefused(f"{finding.says}（代码 {finding.code}）。{finding.remedy}\n好了再运行一次")


def address(typed: str) -> str:
    """Return ``https://HOST[:PORT]`` for what a person typed, with or without ``https://``."""
    host = typed.strip().rstrip("/")
    return host if "://" in host else f"https://{host}"


def _wrong_address(typed: str) -> str:
    url = address(typed)
    try:
        parts = urlsplit(url)
        good = parts.port != 0 and parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        good = False
    plain = good and not (parts.path or parts.query or parts.fragment or parts.username)
    return "" if plain and url.isprintable() and " " not in url else f"“{typed}”不像地址，应当形如 county.example:8443"


def _checked(url: str) -> str:
    if problem := _wrong_address(url):
        raise SetupRefused(f"接入文件里的 {problem}")
    return url.rstrip("/")
