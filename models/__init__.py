"""The classifier: its folder, its vocabulary, its export, and the jieba baseline it is measured against."""
