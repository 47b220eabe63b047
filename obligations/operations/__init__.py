"""How a running daemon is watched: figures, health, a heartbeat, and the supervisor's own signals. Reads what the
engine counts, and never stands in its way."""
