"""LLM calls inside Temporal workflows: sends are activities, waits are durable timers.

::

    from orchestrator.temporal import OrchestratorPlugin, run

    @workflow.defn
    class Summarize:
        @workflow.run
        async def run(self, text: str) -> str:
            return (await run(f"Summarize: {text}")).text

    Worker(client, task_queue="llm", workflows=[Summarize],
           plugins=[OrchestratorPlugin(Orchestrator.from_file())])

See ``docs/temporal.md``.
"""

try:
    import temporalio as _  # noqa: F401
except ImportError as error:
    from orchestrator.extras import how_to_install

    raise ImportError(
        f"orchestrator.temporal needs temporalio, the extra 'temporal': "
        f"{how_to_install('temporal')}"
    ) from error

from orchestrator.temporal.activities import OrchestratorActivities
from orchestrator.temporal.plugin import OrchestratorPlugin
from orchestrator.temporal.workflow_calls import run

__all__ = ["OrchestratorActivities", "OrchestratorPlugin", "run"]
