"""Push a model's masks to Label Studio as predictions, for annotators to correct."""
