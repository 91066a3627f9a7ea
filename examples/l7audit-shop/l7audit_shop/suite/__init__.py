"""The suite: one folder an area."""
