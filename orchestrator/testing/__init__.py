"""For tests of your own config: strategies, a state machine to subclass, fixtures, assertions.

The rules of the room: nothing else of ``orchestrator`` imports it, and only it imports
pytest and hypothesis, which a program that makes calls need not have.
"""
