"""The training ground: how its services are started, described and listed."""
