"""Who may use the review queue: accounts, sessions, API tokens, and the links that begin them.

A library without a web server: the console's pages and the command line both stand on it.
"""
