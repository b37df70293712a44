import { defineConfig } from "vitest/config";

export default defineConfig({
  esbuild: { jsx: "automatic" },
  // The editor's workers load parts of themselves when they are needed.
  worker: { format: "es" },
  build: {
    // The editor is one large part; it is cached for good under its hash.
    chunkSizeWarningLimit: 5000,
  },
  server: {
    // `npm run dev` beside a running gateway.
    proxy: { "/graphql": process.env.TRIBUTARY_URL ?? "http://127.0.0.1:4000" },
  },
  test: { include: ["test/*.test.ts"] },
});
