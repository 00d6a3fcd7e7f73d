import { defineConfig } from "vite";

/** The headless client as one file for programs that do without a bundler: `npm run bundle -w @tokenline/client`. */
export default defineConfig({
  build: {
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "client.js" },
    target: "es2022",
    minify: false,
  },
});
