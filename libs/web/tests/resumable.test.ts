import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiKey } from "../src/credentials";
import { upload } from "../src/upload";

/** A gateway as tus sees it, behind a network that breaks: after so many bytes of the next request's body. */
class Server {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  length = -1;
  calls: string[] = [];
  deleted = 0;
  /** One for each `PATCH`: how much of it gets through; `null`: all. */
  cuts: (number | null)[] = [];
  down = 0;
  plain = true;
  refuse: [status: number, code: string] | null = null;

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const path = new URL(url).pathname;
    const headers = init.headers as Record<string, string>;
    this.calls.push(`${init.method} ${path.replace("/api/v1/attachments", "")}`);
    if (init.signal?.aborted) throw new Error("aborted");
    if (this.down > 0) {
      this.down--;
      throw new TypeError("network");
    }
    expect(headers["authorization"]).toBe("Bearer key");
    if (path === "/api/v1/attachments") {
      if (!this.plain) throw new TypeError("network");
      return Response.json({ id: "plain" }, { status: 201 });
    }
    if (!path.includes("/uploads")) return Response.json({ id: path.split("/").pop(), state: "queued" });
    expect(headers["tus-resumable"]).toBe("1.0.0");
    if (init.method === "POST") {
      this.length = Number(headers["upload-length"]);
      expect(headers["upload-metadata"]).toBe("filename YsO8Y2hlci5wZGY=");
      this.bytes = new Uint8Array();
      return new Response(null, { status: 201, headers: { location: "/api/v1/attachments/uploads/u1" } });
    }
    if (init.method === "DELETE") {
      this.deleted++;
      return new Response(null, { status: 204 });
    }
    if (init.method === "PATCH") {
      if (this.refuse) return refusal(...this.refuse);
      if (Number(headers["upload-offset"]) !== this.bytes.length) return refusal(409, "offset_mismatch");
      const sent = new Uint8Array(await (init.body as Blob).arrayBuffer());
      const cut = this.cuts.shift() ?? null;
      const arrived = cut === null ? sent : sent.slice(0, cut);
      const all = new Uint8Array(this.bytes.length + arrived.length);
      all.set(this.bytes);
      all.set(arrived, this.bytes.length);
      this.bytes = all;
      if (cut !== null) throw new TypeError("network");
    }
    return new Response(null, {
      status: init.method === "HEAD" ? 200 : 204,
      headers: { "upload-offset": `${this.bytes.length}`, "upload-length": `${this.length}` },
    });
  };
}

function refusal(status: number, code: string): Response {
  return Response.json({ error: { code, message: "No.", detail: {} } }, { status });
}

const MIB = 1024 * 1024;
let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function aFile(size: number): File {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 7 + (at >> 8)) & 255;
  return new File([bytes], "bücher.pdf");
}

async function hash(bytes: BufferSource): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).join();
}

async function sent(file: File, patienceMs?: number) {
  const progress: number[] = [];
  const waiting: boolean[] = [];
  const sending = upload(new ApiKey("key"), file, (part) => progress.push(part), {
    baseUrl: "http://tokenline",
    onWaiting: (state) => waiting.push(state),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  const outcome = sending.done.then(
    (attachment) => ({ attachment, error: null }),
    (error: unknown) => ({ attachment: null, error }),
  );
  await vi.runAllTimersAsync();
  return { ...(await outcome), progress, waiting };
}

it("sends a small file in one request", async () => {
  const { attachment } = await sent(aFile(1000));
  expect(attachment).toEqual({ id: "plain" });
  expect(server.calls).toEqual(["POST "]);
});

it("goes on where it broke off, wherever that was", async () => {
  const file = aFile(9 * MIB + 5);
  server.cuts = [0, 1, 4 * MIB - 1, 77, null, 3 * MIB, 0];
  const { attachment, progress, waiting } = await sent(file);
  expect(attachment).toMatchObject({ id: "u1" });
  expect(await hash(server.bytes)).toBe(await hash(await file.arrayBuffer()));
  expect(progress.at(-1)).toBe(1);
  expect(waiting).toContain(true);
  expect(waiting.at(-1)).toBe(false);
  expect(server.calls.filter((call) => call === "POST /uploads")).toHaveLength(1);
});

it("begins a small file again, so that it can go on, when its one request broke", async () => {
  server.plain = false;
  server.cuts = [10];
  const { attachment } = await sent(aFile(1000));
  expect(attachment).toMatchObject({ id: "u1" });
  expect(server.bytes).toHaveLength(1000);
});

it("waits for a network that comes back, and gives up when patience ends", async () => {
  server.down = 8;
  expect((await sent(aFile(9 * MIB), Infinity)).attachment).toMatchObject({ id: "u1" });
  server.down = 1_000_000;
  expect((await sent(aFile(9 * MIB), 60_000)).error).toMatchObject({ code: "unreachable" });
});

it("does not repeat what is refused", async () => {
  server.refuse = [415, "unsupported_type"];
  expect((await sent(aFile(9 * MIB))).error).toMatchObject({ code: "unsupported_type" });
  expect(server.calls).toEqual(["POST /uploads", "PATCH /uploads/u1"]);
});

it("is removed from the server when it is aborted", async () => {
  server.cuts = [MIB];
  const file = aFile(9 * MIB);
  const sending = upload(new ApiKey("key"), file, () => undefined, {
    baseUrl: "http://tokenline",
    onWaiting: (waiting) => waiting && sending.abort(),
  });
  await expect(sending.done).rejects.toMatchObject({ code: "aborted" });
  await vi.runAllTimersAsync();
  expect(server.deleted).toBe(1);
});
