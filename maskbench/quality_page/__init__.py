"""The page of label quality: agreement of annotators, who drew what, and findings."""
