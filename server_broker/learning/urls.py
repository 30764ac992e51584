"""URLs of this room: ``packs/<sha256 in hex>``."""

from django.urls import path, register_converter

from server_broker.learning.views import pack_file


class Sha256Converter:
    """64 lower-case hex digits."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        """Return the digits."""
        return value

    def to_url(self, value: str) -> str:
        """Return the digits."""
        return value


register_converter(Sha256Converter, "sha256")

urlpatterns = [path("packs/<sha256:sha256>", pack_file, name="pack-file")]
