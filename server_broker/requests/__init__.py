"""What people ask the township for at kiosks, such as an objection to a touch, and what the township answers."""
