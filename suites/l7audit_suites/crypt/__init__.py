"""Encryption: on the way to the target, and where it keeps secrets."""
