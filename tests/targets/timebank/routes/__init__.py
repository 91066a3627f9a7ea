"""The operations, a file a subject: each gives a router that is put together from its parts."""
