// A program as in README.md: asks, shows where it stands, prints the answer. `node program.mjs URL KEY QUESTION`.
import WebSocket from "ws";
import { connect } from "../dist/client.js";

const [url, apiKey, question] = process.argv.slice(2);
const tokenline = await connect({ url, apiKey, WebSocket });
for await (const event of tokenline.ask(question)) {
  if (event.type === "waiting") console.error(`${event.position} before you`);
  if (event.type === "text") process.stdout.write(event.text);
}
tokenline.close();
