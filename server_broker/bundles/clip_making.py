"""Make a clip of what somebody has recorded: its headers are judged here, a program with limits encodes it.

Stations play Opus in Ogg alone (`protocol.clip_sound`). That is taken as it is; of a WAV file ``opusenc`` (opus-tools)
makes it, in a process that knows no secret, writes no file and has little time. Nothing is decoded before its own
header has said that it is short enough.
"""

import logging
import struct
import subprocess
from array import array
from dataclasses import dataclass

from protocol.clip_sound import MAX_CLIP_BYTES, MAX_CLIP_MS, judge_clip
from protocol.refusal import Refused
from server_broker.bundles.drafts import NotPublished
from server_broker.platform.apart import run_apart

MAX_RECORDING_BYTES = 10 * 2**20
_SERIAL = 1
"""Of the stream in its file (RFC 3533, 4). A random one would make another clip of the same recording each time."""
_KBIT_S = 24
"""A minute of speech is 180 kB; a sentence of four seconds 12 kB."""
_LIMITED = ("prlimit", "--cpu=20", f"--as={512 * 2**20}", "--fsize=0", "--core=0", "--")
"""prlimit(1): seconds of processor time, memory, no file, no core."""
_NO_PROGRAM = 127
"""Exit status of prlimit(1) if the program is not there."""
_WITHIN_S = 20.0
_QUIETEST = 400
"""Of 32,768: a recording whose loudest sample stays below is one of a microphone that was off."""
_RATES = range(8_000, 48_001)
_PCM, _EXTENSIBLE = 1, 0xFFFE
_TOO_LONG = f"录音太长，最多 {MAX_CLIP_MS // 1000} 秒"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MadeClip:
    """A clip as stations play it."""

    sound: bytes
    lasts_ms: int


def clip_of(recording: bytes) -> MadeClip:
    """Return the clip of a recording.

    Raises:
        NotPublished: It is too long, too large, silent, or no sound. The message is Chinese.
    """
    if len(recording) > MAX_RECORDING_BYTES:
        raise NotPublished(f"录音文件太大，最多 {MAX_RECORDING_BYTES // 2**20} MB")
    if recording.startswith(b"OggS"):
        return _judged(recording)
    if recording[:4] == b"RIFF" and recording[8:12] == b"WAVE":
        _check_wav(recording)
        return _judged(_encoded(recording))
    raise NotPublished("这不是录音：请用 WAV 或 Ogg Opus（.opus）文件，或者在本页录")


def _judged(sound: bytes) -> MadeClip:
    try:
        return MadeClip(sound, judge_clip(sound))
    except Refused as refused:
        if refused.reason != "too_large":
            raise NotPublished("这个文件不是单声道的 Ogg Opus 录音，或者不完整") from refused
        if len(sound) > MAX_CLIP_BYTES:
            raise NotPublished(f"录音有 {len(sound) // 1024:,} KB，最多 {MAX_CLIP_BYTES // 1024} KB") from refused
        raise NotPublished(_TOO_LONG) from refused


def _check_wav(wav: bytes) -> None:
    """Judge a WAV file by its header, then whether anything can be heard in it."""
    form, data = _wav_parts(wav)
    codec, channels, rate, _, _, bits = form
    if codec not in (_PCM, _EXTENSIBLE) or bits != 16 or channels not in (1, 2) or rate not in _RATES:
        raise NotPublished("这种 WAV 读不了：须是 16 位、单声道或双声道、8 至 48 kHz")
    if len(data) * 1_000 > MAX_CLIP_MS * rate * channels * 2:
        raise NotPublished(_TOO_LONG)
    samples = array("h", data[: len(data) & ~1])
    if not samples or max(max(samples), -min(samples)) < _QUIETEST:
        raise NotPublished("录音里没有声音。请看看麦克风开了没有，再录一次")


def _wav_parts(wav: bytes) -> tuple[tuple[int, ...], bytes]:
    """Return the format and the samples (Multimedia Programming Interface 1.0: chunks of id, size and padding)."""
    form: tuple[int, ...] | None = None
    at = 12
    while at + 8 <= len(wav):
        name, size = wav[at : at + 4], int.from_bytes(wav[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt " and size >= 16 and at + 16 <= len(wav):
            form = struct.unpack("<HHIIHH", wav[at : at + 16])
        elif name == b"data" and form is not None:
            # What the header promises counts, however few bytes came: nothing is decoded to find that out.
            _, channels, rate, _, _, bits = form
            if channels and rate and bits and size * 8_000 > MAX_CLIP_MS * rate * channels * bits:
                raise NotPublished(_TOO_LONG)
            return form, wav[at : at + size]
        at += size + size % 2
    raise NotPublished("这个 WAV 文件不完整，请重新录")


def _encoded(wav: bytes) -> bytes:
    options = ["--speech", "--downmix-mono", "--bitrate", str(_KBIT_S), "--serial", str(_SERIAL)]
    encode = ["opusenc", "--quiet", *options, "-", "-"]
    try:
        done = run_apart([*_LIMITED, *encode], wav, within_s=_WITHIN_S)
    except subprocess.TimeoutExpired as error:
        raise NotPublished("录音处理不完，请录短一点再试") from error
    if done.returncode == _NO_PROGRAM:
        _log.error("opusenc is not installed")
        raise NotPublished("县里的机器没有装录音要用的程序（opus-tools），请告诉县运维")
    if done.returncode != 0:
        _log.warning("opusenc ended with %d", done.returncode)
        raise NotPublished("这个录音读不出来，请重新录")
    return done.stdout
