/** The browser's socket as far as `LiveSocket` uses it, driven by the test. */
export class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: { type: string; [field: string]: unknown }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    FakeSocket.all.push(this);
  }

  static latest(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
    this.hear({ type: "ready", user_id: "u1", heartbeat_s: 15, live: [] });
  }

  hear(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  break(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as { type: string });
  }

  close(): void {
    this.readyState = 3;
  }
}
