"""What a post and a motive are; reading, cleaning and writing; the annotated set and its codebook."""
