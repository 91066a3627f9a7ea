"""The reference stack: an agent API that implements the documented security framework."""
