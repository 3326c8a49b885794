"""Turn Label Studio annotations into a versioned segmentation benchmark."""

__version__ = "0.1.0"
