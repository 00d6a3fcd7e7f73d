// A client that shares no code with the `openai` packages: `node ai_sdk.mjs BASE_URL KEY`, what it saw as JSON.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

const [baseURL, apiKey] = process.argv.slice(2);
const model = createOpenAICompatible({ name: "tokenline", baseURL, apiKey, includeUsage: true }).chatModel("assistant");

const script = { say: "Let me look.", calls: [{ id: "call_a", name: "weather", arguments: '{"place": "Bern"}' }] };
const prompt = [
  { role: "system", content: "Be exact." },
  { role: "user", content: [{ type: "text", text: JSON.stringify(script) }] },
];
const tools = [
  {
    type: "function",
    name: "weather",
    description: "The weather of a place.",
    inputSchema: { type: "object", properties: { place: { type: "string" } } },
  },
];

const whole = await model.doGenerate({ prompt, tools });

const { stream } = await model.doStream({ prompt, tools, headers: { "x-tokenline-events": "queue" } });
const parts = [];
for await (const part of stream) parts.push(part);

const call = whole.content.find((part) => part.type === "tool-call");
const results = [
  ...prompt,
  { role: "assistant", content: whole.content },
  {
    role: "tool",
    content: [
      { type: "tool-result", toolCallId: call.toolCallId, toolName: call.toolName, output: { type: "text", value: "rain" } },
    ],
  },
];
const last = await model.doGenerate({ prompt: results, tools });

let refusal = null;
try {
  await createOpenAICompatible({ name: "tokenline", baseURL, apiKey }).chatModel("gpt-7").doGenerate({ prompt });
} catch (error) {
  refusal = { status: error.statusCode, message: error.message, retryable: error.isRetryable };
}

console.log(JSON.stringify({ whole, parts, last, refusal }));
