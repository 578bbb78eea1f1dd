"""Workflows as a user would write them."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from orchestrator.temporal import run


@workflow.defn
class Ask:
    @workflow.run
    async def run(self, question: str) -> str:
        return (await run(question)).text


@workflow.defn(name="Ask")
class AskOtherwise:
    """The same, as a later version of the code has it."""

    @workflow.run
    async def run(self, question: str) -> str:
        return (await run({"messages": [{"role": "user", "content": question}], "top_p": 0.5})).text


@workflow.defn
class AskTwice:
    """Goes on by itself where the call fails, as code that knows the reason does."""

    @workflow.run
    async def run(self, question: str) -> str:
        try:
            return (await run(question, timeout=20.0)).text
        except ApplicationError as error:
            return f"{error.type}: {error.details[0]['target']}"


@workflow.defn
class AskAtLength:
    @workflow.run
    async def run(self, length: int) -> str:
        return (await run("why? " * length)).text
