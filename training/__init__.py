"""Pretraining, fine-tuning and calibration; one TOML recipe per shipped model."""
