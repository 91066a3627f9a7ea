"""Protocol: framing, methods, hosts, limits, caches and races."""
