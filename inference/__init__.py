"""From posts to labels: Labeller, its engines, and the batch job that survives."""
