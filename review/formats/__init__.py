"""How a report is told: one module for each format, all over the same values."""
