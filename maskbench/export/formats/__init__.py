"""One module for each export format; its name is the format's name on the command line.

A format module has:

- a docstring, whose first line ``maskbench export --help`` shows;
- ``NEEDS_REGIONS``: True if it calls :meth:`ExportSource.instances`, which needs the stored tasks
  and ``maskbench[build]``. The others run on a training machine, with numpy and Pillow only;
- ``OPTIONS``: its options on the command line, as :class:`maskbench.export.option.Option`;
- ``write(source, folder, **options)``, which fills an empty folder and returns a one-line summary.
"""
