// The official clients for node, each asking what the test says, over and over in one process.
//
// node clients.mjs FOLDER URL < ASKS > GOT: FOLDER holds node_modules, URL is a gateway's.
// ASKS is a list of {client, stream, tool, model, leave}; GOT is one of what each came to.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [folder, url] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const OpenAI = require("openai").default;
const Anthropic = require("@anthropic-ai/sdk").default;

// An address and a key, and nothing else: their retries are left on.
const openai = new OpenAI({ apiKey: "unused", baseURL: `${url}/openai/v1` });
const anthropic = new Anthropic({ apiKey: "unused", baseURL: `${url}/anthropic` });

const messages = [{ role: "user", content: "What is the weather in Paris?" }];
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

function chatRequest({ model, tool }) {
  const described = { name: "get_weather", description: "Weather.", parameters: schema };
  const tools = tool ? { tools: [{ type: "function", function: described }] } : {};
  return { model, messages, ...tools };
}

function chatGot(made) {
  const { message, finish_reason } = made.choices[0];
  const calls = (message.tool_calls ?? []).map((call) => [
    call.function.name,
    JSON.parse(call.function.arguments),
  ]);
  return {
    text: message.content ?? "",
    calls,
    usage: [made.usage.prompt_tokens, made.usage.completion_tokens],
    ended: finish_reason,
  };
}

async function chat(ask) {
  if (!ask.stream) return chatGot(await openai.chat.completions.create(chatRequest(ask)));
  const stream = openai.chat.completions.stream({
    ...chatRequest(ask),
    stream_options: { include_usage: true },
  });
  let said = "";
  stream.on("content", (delta) => {
    said += delta;
    if (ask.leave) stream.abort();
  });
  return { ...chatGot(await stream.finalChatCompletion()), said };
}

function responsesRequest({ model, tool }) {
  const described = { type: "function", name: "get_weather", parameters: schema, strict: false };
  return { model, input: messages, ...(tool ? { tools: [described] } : {}) };
}

function responsesGot(made) {
  const calls = made.output
    .filter((item) => item.type === "function_call")
    .map((item) => [item.name, JSON.parse(item.arguments)]);
  return {
    text: made.output_text,
    calls,
    usage: [made.usage.input_tokens, made.usage.output_tokens],
    ended: made.status,
  };
}

async function responses(ask) {
  if (!ask.stream) return responsesGot(await openai.responses.create(responsesRequest(ask)));
  const stream = openai.responses.stream(responsesRequest(ask));
  let said = "";
  for await (const event of stream) {
    if (event.type !== "response.output_text.delta") continue;
    said += event.delta;
    if (ask.leave) stream.abort();
  }
  return { ...responsesGot(await stream.finalResponse()), said };
}

function messagesRequest({ model, tool }) {
  const described = { name: "get_weather", description: "Weather.", input_schema: schema };
  return { model, max_tokens: 100, messages, ...(tool ? { tools: [described] } : {}) };
}

function messagesGot(made) {
  const blocks = (type) => made.content.filter((block) => block.type === type);
  return {
    text: blocks("text").map((block) => block.text).join(""),
    calls: blocks("tool_use").map((block) => [block.name, block.input]),
    usage: [made.usage.input_tokens, made.usage.output_tokens],
    ended: made.stop_reason,
  };
}

async function messagesApi(ask) {
  if (!ask.stream) return messagesGot(await anthropic.messages.create(messagesRequest(ask)));
  const stream = anthropic.messages.stream(messagesRequest(ask));
  let said = "";
  stream.on("text", (delta) => {
    said += delta;
    if (ask.leave) stream.abort();
  });
  return { ...messagesGot(await stream.finalMessage()), said };
}

async function embeddings({ model }) {
  const made = await openai.embeddings.create({ model, input: ["one", "two"] });
  return { vectors: made.data.map((one) => Array.from(one.embedding)) };
}

async function count({ model }) {
  const made = await anthropic.messages.countTokens({ model, messages });
  return { tokens: made.input_tokens };
}

async function models({ of }) {
  const client = of === "anthropic" ? anthropic : openai;
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  return { names, one: (await client.models.retrieve(names[0])).id };
}

const CLIENTS = {
  "openai-chat": chat,
  "openai-responses": responses,
  "anthropic-messages": messagesApi,
  embeddings,
  count,
  models,
};

const got = [];
for (const ask of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    got.push(await CLIENTS[ask.client](ask));
  } catch (error) {
    const header = (name) => error.headers?.get?.(name) ?? null;
    got.push({
      error: error.constructor.name,
      status: error.status ?? null,
      words: String(error.message),
      cause: header("x-orchestrator-reason"),
    });
  }
}
process.stdout.write(JSON.stringify(got));
