"""Planted defects and near-misses: parts swapped from outside while a replica is assembled."""
