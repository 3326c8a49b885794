"""Check everything that the next ``dvc repro`` needs; change nothing.

``checkup`` runs the checks: ``repository`` looks at the disk and the server, ``tasks`` at the
tasks; ``seen`` collects their results, and ``conclusions`` turns those into messages. Messages that
a build has, too, come from the code of the build, in ``pipeline``, ``regions`` or ``labelstudio``.
"""
