"""Rebuilds the weights that ship: `trollbridge train encoder`, then `train combinations`."""
