"""A county with a RabbitMQ of its own, on one real node of it."""
