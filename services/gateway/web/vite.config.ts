import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { gzip } from "../../../libs/web/vite/gzip.ts";

const GATEWAY = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss(), gzip()],
  build: {
    target: "es2022",
    // Inlined files would be data: addresses, which the content security policy refuses for scripts and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/api": { target: GATEWAY, ws: true } },
  },
});
