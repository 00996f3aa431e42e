"""Throughput and latency, with a peer in the same run."""
