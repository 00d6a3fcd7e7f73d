// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Session } from "../src/session";

const tokens = (name: string, expires_in = 900) => ({ access_token: name, refresh_token: `r-${name}`, expires_in });
const respond = (status: number, body: object) => new Response(JSON.stringify(body), { status });

let server: ReturnType<typeof vi.fn>;

beforeEach(() => {
  localStorage.clear();
  server = vi.fn();
  vi.stubGlobal("fetch", server);
});

async function signedIn(expiresIn = 900): Promise<Session> {
  server.mockResolvedValueOnce(respond(200, tokens("a1", expiresIn)));
  const session = new Session();
  await session.signIn("ada@example.org", "secret");
  return session;
}

describe("a session", () => {
  it("survives a reload and is shared by tabs", async () => {
    await signedIn();
    expect(new Session()).toMatchObject({ state: "in", email: "ada@example.org" });
    expect(await new Session().token()).toBe("a1");
  });

  it("refreshes once for everybody who asks at the same time", async () => {
    const session = await signedIn(1);
    server.mockResolvedValueOnce(respond(200, tokens("a2")));
    expect(await Promise.all([session.token(), session.token(), session.token()])).toEqual(["a2", "a2", "a2"]);
    expect(server).toHaveBeenCalledTimes(2);
    expect(JSON.parse(String(server.mock.calls[1]![1].body))).toEqual({ refresh_token: "r-a1" });
  });

  it("uses what another tab has refreshed instead of spending a token twice", async () => {
    const session = await signedIn();
    server.mockResolvedValueOnce(respond(200, tokens("a2")));
    await new Session().token("a1");
    expect(await session.token("a1")).toBe("a2");
    expect(server).toHaveBeenCalledTimes(2);
  });

  it("has expired when the server refuses to extend it", async () => {
    const session = await signedIn(1);
    server.mockResolvedValueOnce(respond(401, { error: { code: "not_signed_in", message: "no" } }));
    expect(await session.token()).toBeNull();
    expect(session.state).toBe("expired");
  });

  it("is kept while the server cannot be reached", async () => {
    const session = await signedIn(1);
    server.mockRejectedValueOnce(new TypeError("network"));
    await expect(session.token()).rejects.toMatchObject({ code: "unreachable" });
    expect(session.state).toBe("in");
  });

  it("tells why signing in failed", async () => {
    server.mockResolvedValueOnce(respond(401, { error: { code: "not_signed_in", message: "Wrong password.", detail: {} } }));
    await expect(new Session().signIn("a", "b")).rejects.toThrow("Wrong password.");
  });
});
