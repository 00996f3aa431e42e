"""Pages to try trollbridge with: invented articles, and comments by invented readers."""
