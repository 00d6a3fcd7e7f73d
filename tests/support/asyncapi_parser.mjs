// Reads an AsyncAPI document from standard input; writes what its reference parser has against it, as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const complaints = diagnostics.map(({ severity, code, message, path }) => ({ severity, code, message, path }));
const messages = document ? document.messages().all().map((message) => message.name()) : [];
process.stdout.write(JSON.stringify({ complaints, messages }));
