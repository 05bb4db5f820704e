"""One module for each revision of the tables, oldest first. A released one is never changed."""
