"""The whole story on this machine alone: a small web of sources on loopback, guides that cite it, and time."""
