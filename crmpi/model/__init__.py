"""What a user writes: problems, their hooks, and how they are found."""
