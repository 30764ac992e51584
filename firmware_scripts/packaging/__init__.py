"""The Debian packages ``cunhui-county`` and ``cunhui-station``: what is in them, and how they are built."""
