"""What a machine has of what loccit needs: one finding for each thing, and what to do about it."""
