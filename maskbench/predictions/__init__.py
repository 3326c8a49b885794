"""A model's masks become predictions in Label Studio, which annotators correct."""
