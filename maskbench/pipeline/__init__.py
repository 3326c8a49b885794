"""Run the stages as library functions: params and folders in, files and metrics out.

One module for each stage of ``dvc.yaml`` (*quality* has a room of its own), and what they share:
``incremental`` makes only what is outdated, ``layout`` names the files, ``stage_code`` says which
code runs which stage again.
"""
