"""Settings with their defaults, shipped templates, business calendars and time zones."""
