"""What people do on a comment page: one behaviour a file."""
