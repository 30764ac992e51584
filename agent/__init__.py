"""The station's daemon: it owns every fact, every decision and every piece of hardware of a station."""
