"""The station's way to its county: connection, birth, facts, blobs, vitals and what the county sends down."""

from agent.uplink.needs import BlobSource, Stream, UplinkHost
from agent.uplink.uplink import Uplink

__all__ = ["BlobSource", "Stream", "Uplink", "UplinkHost"]
