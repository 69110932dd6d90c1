"""A database large enough to measure: one case told through the services, then copied in sets."""
