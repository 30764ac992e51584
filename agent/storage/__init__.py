"""What a station keeps on its disk so that a power cut loses nothing of it: facts, pictures and small states."""
