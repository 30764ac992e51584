"""The people on a village's list and the cards that name them."""
