"""Pictures of the room. `snapshots` asks for them, a process of its own takes them, and the blob store gets them."""
