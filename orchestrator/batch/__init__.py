"""Batches: a file of requests answered line by line, on a durable engine.

The rules of the room:

* ``lines`` reads the input and finds what is wrong with it before anything is asked; each line
  is read by the parser that serves a gateway's clients, so its answer is in the caller's dialect.
* ``database`` holds what is known of a batch, ``engine`` runs its lines as workflows of DBOS, and
  no other file of the project imports either library.
* ``terms`` are what a batch says of all its lines, and who may help with them.
* ``line_call`` runs one line: it alone asks a model. ``pace`` decides how many lines at once
  (pure: it is told the time), ``gates`` keeps to it, ``budget`` keeps to the money.
* ``output`` writes the files of answers and failures from the database, so that a kill at any
  instant is healed by the next start.
* ``coordinator`` puts these together for the command that began the batch; ``helper`` for those
  that help from elsewhere.
"""
