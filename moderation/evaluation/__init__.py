"""How good the scorers are: labelled sets, figures with their doubt, peers beside them."""
