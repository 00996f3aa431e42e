"""Rebuilds the weights that ship: `python -m moderation.training --data DIR`."""
