"""Commands to stations. An operator gives one with a reason; it is valid for some time; a fact reports its outcome."""
