"""Drawings of the machine, read from the table that runs, never redrawn.

The rules of the room:

* Nothing here is needed to make a call, and ``import orchestrator`` loads none of it.
* Mermaid and DOT are plain text and need nothing else; SVG and PNG need the extra
  ``diagram``. The same table gives the same bytes, on every machine.
* A drawing goes one way: the table in plain values (``plain_table``), what is said of its
  rows (``overlay``), nodes and arrows (``graph``), a notation (``dot``, ``mermaid``,
  ``terminal``). A new thing to show is a new overlay, and no notation knows it.
"""
