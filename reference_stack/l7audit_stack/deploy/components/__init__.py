"""The embedded components: one file for each way of starting a part as a local process."""
