"""Pages to look at a version: all of its images, and what each rule does."""
