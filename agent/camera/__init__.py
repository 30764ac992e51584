"""Pictures: asked for, taken in a process of their own, made small, and handed to the blob folder."""
