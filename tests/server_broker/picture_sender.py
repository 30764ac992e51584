"""A station's end of the conversation about a picture."""

import hashlib
import io

from PIL import Image

from protocol.blobs import BlobChunk, BlobMissing, BlobQuery
from protocol.codec import encode
from server_broker.ingest.batch import BatchProcessor
from tests.server_broker.station_double import StationDouble, announced

CHUNK = 1000


def jpeg(width: int = 64, height: int = 48, *, shade: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture = Image.effect_noise((width, height), shade).convert("RGB")
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


class Sender:
    """The station's end of the blob conversation."""

    def __init__(self, station: StationDouble, processor: BatchProcessor, data: bytes) -> None:
        self.station, self.processor, self.data = station, processor, data
        self.sha256 = hashlib.sha256(data).digest()

    def chunk(self, offset: int, data: bytes | None = None) -> None:
        piece = self.data[offset : offset + CHUNK] if data is None else data
        chunk = BlobChunk(station=self.station.id, sha256=self.sha256, size=len(self.data), offset=offset, data=piece)
        self.processor.process_batch([self.station.message("blob", encode(chunk))])

    def missing(self) -> list[tuple[int, int]]:
        query = BlobQuery(station=self.station.id, sha256=self.sha256, size=len(self.data))
        [answer] = self.processor.process_batch([self.station.message("asked", encode(query))])
        assert isinstance(answer.message, BlobMissing)
        return [(span.start, span.end) for span in answer.message.ranges]

    def announce(self) -> None:
        first = len(self.station.sealed) + 1
        self.processor.process_batch([self.station.add(announced(self.sha256, len(self.data))).facts_message(first)])

    def all(self) -> None:
        for offset in range(0, len(self.data), CHUNK):
            self.chunk(offset)
