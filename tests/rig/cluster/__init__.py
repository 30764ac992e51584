"""``./run rig cluster``: a county on clusters of RabbitMQ and PostgreSQL, while each of their nodes is killed.

Everything runs on loopback addresses in one folder that goes away with the run. No daemon of the system is used.
"""
