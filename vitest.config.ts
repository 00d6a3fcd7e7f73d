import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["libs/web/tests/**/*.test.{ts,tsx}", "services/*/web/tests/**/*.test.{ts,tsx}"],
    environment: "node",
    restoreMocks: true,
    passWithNoTests: false,
  },
});
