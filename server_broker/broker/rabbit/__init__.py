"""A RabbitMQ of the county's own: what its administrator configures, and the users that the county keeps there."""
