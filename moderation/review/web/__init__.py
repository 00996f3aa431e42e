"""The moderators' console: pages rendered on the server, over the review library."""
