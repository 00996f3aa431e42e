"""The agents, one a file: each says what becomes of a record. Reading and sending is a stage's."""
