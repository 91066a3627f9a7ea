"""Authorisation: who may read, change, delete and do what."""
