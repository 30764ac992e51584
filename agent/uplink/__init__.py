"""The station's way to its county: connection, birth, facts, blobs, vitals and what the county sends down."""

from agent.uplink.ports import BlobSource, Stream, UplinkDelegate
from agent.uplink.uplink import Uplink, UplinkParts

__all__ = ["BlobSource", "Stream", "Uplink", "UplinkDelegate", "UplinkParts"]
