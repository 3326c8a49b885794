"""Write pages that show a version: all of its images, and what each rule does."""
