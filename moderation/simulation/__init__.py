"""Realistic traffic with ground truth: invented articles, readers, trolls, and what each is."""
