"""The edge: the Envoy configuration that stands between clients and the API replicas."""
