"""Failover: parts of the target die or freeze while clients work, and the clients' view counts."""
