"""Tools that look at machines: what is drawn here is read from the table, never redrawn.

The rules of the room:

* Nothing here is needed to make a call, and ``import orchestrator`` loads none of it.
* Mermaid and DOT are plain text and need nothing else; SVG and PNG need the extra
  ``diagram``. The same table gives the same bytes, on every machine.
* A drawing goes one way: the table in plain values (``plain``), what is said of its rows
  (``overlay``), nodes and arrows (``building``, ``graph``), a notation (``dot``,
  ``mermaid``, ``listing``). A new thing to show is a new overlay, and no notation knows it.
"""
