"""The agent API: an ASGI service that enforces the documented security framework."""
