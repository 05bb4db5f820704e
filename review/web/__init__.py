"""The editors' pages: what needs a person, worst first, and what became of it."""
