"""Scanners: one file each lets checks ask one tool of others."""

MEND = "pip install 'l7audit[scan]'"
"""How to get any of them."""
