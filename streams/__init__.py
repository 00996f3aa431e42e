"""The river: the only place that imports Faust or a Kafka client."""
