"""What other tools' configs say, in our words: ``orchestrator import``.

The rules of the room:

* A file is read as a tree of settings (:mod:`.settings`), each with its line. A converter
  (:mod:`.litellm`, :mod:`.hermes`) carries a setting over, or says why not: each of them is in one
  of the two lists (:mod:`.carrying`), none in both, whatever the file holds.
* No value of the file is ever shown but names: of models, groups, providers and variables. A key
  that stands in the file becomes a variable, unless the user wants it kept.
* What comes out is a document of our own shape (:mod:`.draft`), and its text (:mod:`.toml_text`).
* Nothing here opens anything: text comes in, text goes out.
"""
