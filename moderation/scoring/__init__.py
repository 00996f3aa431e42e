"""Scorers: texts in, probabilities, evidence and plain words out."""
