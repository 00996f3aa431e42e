"""The subject: records, pages, scores, policy. No Kafka, no Faust, no web framework here."""
