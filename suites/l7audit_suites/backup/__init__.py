"""Backups, believed once they were restored, with what was written counted."""
