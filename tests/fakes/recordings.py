"""WAV files as browsers and telephones make them, and as nobody should."""

import io
import math
import wave
from array import array


def wav(*, seconds: float = 1.0, rate: int = 24_000, channels: int = 1, loud: int = 8_000, bits: int = 16) -> bytes:
    """Return a tone of 440 Hz."""
    count = int(seconds * rate)
    samples = array("h", (int(loud * math.sin(440 * 2 * math.pi * at / rate)) for at in range(count)))
    both = array("h", (sample for sample in samples for _ in range(channels)))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(bits // 8)
        writer.setframerate(rate)
        writer.writeframes(both.tobytes())
    return file.getvalue()


def hours_long() -> bytes:
    """Return a small file whose header promises three hours."""
    short = bytearray(wav(seconds=0.1))
    short[40:44] = (3 * 3_600 * 24_000 * 2).to_bytes(4, "little")
    return bytes(short)
