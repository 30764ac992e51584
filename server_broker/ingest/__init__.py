"""The way from an MQTT message to a COMMIT and its receipt."""
