import { defineConfig } from "vitest/config";

/** Run by `tests/e2e/test_typescript_client.py`, which starts the gateway that `VITE_TOKENLINE_URL` names. */
export default defineConfig({
  test: { include: ["libs/web/e2e/**/*.test.ts"], environment: "node", testTimeout: 60_000 },
});
