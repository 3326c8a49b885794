"""Turn an annotation into a mask. Pure functions on geometries and arrays; no files.

``shapes`` and ``strokes`` read regions, ``rasterize`` turns them into pixels, ``label_set`` lays
them over each other, ``rules`` turns overlapping labels into classes, ``build`` composes it all.
"""
