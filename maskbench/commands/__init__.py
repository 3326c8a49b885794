"""The subcommands of ``maskbench``: a module each, with ``configure(parser)`` and ``run(args)``.

The first line of a module's docstring is its line in ``maskbench --help``, all of it its own help
text. Modules import what they need inside ``run``, so that ``--help`` stays quick.
"""
