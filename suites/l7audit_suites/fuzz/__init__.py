"""Requests that nobody wrote: made up from the target's own document."""
