"""The four stages as library functions: params and folders in, files and metrics out."""
