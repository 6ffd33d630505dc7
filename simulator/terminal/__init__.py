"""What people read: text and tables from a tree of results."""
