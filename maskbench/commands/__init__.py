"""The subcommands of ``maskbench``: a module each, with ``configure(parser)`` and ``run(args)``.

A module's first docstring line is its line in ``maskbench --help``, its docstring its own help text.
Modules import what they need inside ``run``, so that ``--help`` stays quick.
"""
