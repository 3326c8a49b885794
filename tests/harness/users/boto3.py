"""Stands before boto3, which moto brings and users lack; rasterio would import it at each start."""

raise ImportError("users have no boto3: see tests/repositories.py")
