"""What one comment cannot show: patterns over time, as pure functions over small states."""
