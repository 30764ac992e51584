"""The append-only, hash-chained record of what people and the service did: `server_broker.audit.log`."""
