"""Provide what HTML pages share: skeleton, style sheet, tables, pictures and the image viewer.

Pages of training machines stand on it: standard library, numpy and Pillow only.
"""
