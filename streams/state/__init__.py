"""What the worker remembers between comments, in Faust tables."""
