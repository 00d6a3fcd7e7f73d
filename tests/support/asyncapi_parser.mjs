// Reads a list of AsyncAPI documents from standard input; writes what their reference parser has against each, as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

async function read(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const complaints = diagnostics.map(({ severity, code, message, path }) => ({ severity, code, message, path }));
  const messages = document ? document.messages().all().map((message) => message.name()) : [];
  return { complaints, messages };
}

const found = [];
for (const document of JSON.parse(readFileSync(0, "utf8"))) found.push(await read(JSON.stringify(document)));
process.stdout.write(JSON.stringify(found));
