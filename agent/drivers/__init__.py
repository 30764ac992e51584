"""One file for each real thing. A driver translates calls and errors and decides nothing.

Each module implements a port of `agent.ports` (or a tool of `agent.doctor.ports`), or helps those that do: `deadline`,
`gpio_pins`, `keyboards`, `looping_reader`, `machine_programs`, `mqtt_connection`, `serial_line`, `simulated_lines`,
`station_tls`, `tcp_traffic`.
"""
