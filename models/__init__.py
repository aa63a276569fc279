"""The classifier: its bases, its folder, its encoding and export, and the n-gram baseline that it is measured against."""
