"""Trimming, pretraining, teaching, fine-tuning, calibration; ``recipes/`` has each step behind the bundled model."""
