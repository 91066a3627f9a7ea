"""Exposure: what answers give away, and what answers although nobody was told of it."""
