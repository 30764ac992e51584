"""Is any request lost, doubled, decided by oneself or out of scope, or left unseen by who asked for it?"""
