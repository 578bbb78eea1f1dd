from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.batch.segments import Pause, SegmentedCall, SegmentEngine
from orchestrator.execution.durable_data import StepKind

WAIT = "wait"
moves = st.lists(st.sampled_from([StepKind.ASK, StepKind.ATTEMPT, StepKind.FILE, WAIT]), max_size=9)


class World:
    """Performs steps, each once, and remembers which."""

    def __init__(self) -> None:
        self.performed: list[str] = []
        self.now = 100.0

    async def perform(self, kind: str, asked: dict[str, object]) -> dict[str, object]:
        self.performed.append(kind)
        return {"of": asked["number"], "performed": len(self.performed)}

    def call(self, script: Sequence[str]) -> SegmentedCall[list[object]]:
        async def run(engine: SegmentEngine) -> list[object]:
            brought: list[object] = []
            for number, move in enumerate(script):
                if move == WAIT:
                    brought.append(await engine.sleep(5.0))
                else:
                    brought.append(await engine.step(move, {"number": number}, 1.0))
            return brought

        return SegmentedCall(run, self.perform, lambda: self.now)


async def to_end(
    call: SegmentedCall[list[object]], recorded: Sequence[Pause] = ()
) -> tuple[list[Pause], list[object]]:
    """The segments that are run beside those that are recorded, and what the call brought."""
    for pause in recorded:
        call.replay(pause)
    ran: list[Pause] = []
    while isinstance(said := await call.advance(), Pause):
        call.replay(said)
        ran.append(said)
    return ran, said


@given(script=moves)
def test_a_segment_has_one_send_at_most_and_ends_at_a_wait(script: list[str]) -> None:
    world = World()
    ran, brought = asyncio.run(to_end(world.call(script)))

    assert world.performed == [move for move in script if move != WAIT]
    assert len(brought) == len(script)
    sends = [[one for one in pause.results if isinstance(one, dict)] for pause in ran]
    counted = 0
    for segment in sends:
        kinds = world.performed[counted : counted + len(segment)]
        counted += len(segment)
        assert kinds.count(StepKind.ATTEMPT) <= 1
    assert sum(pause.seconds is not None for pause in ran) == script.count(WAIT)


@given(script=moves, data=st.data())
def test_what_was_recorded_is_not_done_again(script: list[str], data: st.DataObject) -> None:
    first = World()
    ran, brought = asyncio.run(to_end(first.call(script)))
    kept = data.draw(st.integers(0, len(ran)), "segments that were recorded before the kill")

    again = World()
    _, replayed = asyncio.run(to_end(again.call(script), ran[:kept]))

    done = sum(isinstance(one, dict) for pause in ran[:kept] for one in pause.results)
    assert again.performed == first.performed[done:]
    recorded = [one for pause in ran[:kept] for one in pause.results]
    assert replayed[: len(recorded)] == brought[: len(recorded)] == recorded
