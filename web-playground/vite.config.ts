import { defineConfig } from "vitest/config";

export default defineConfig({
  esbuild: { jsx: "automatic" },
  // The editor's workers load parts of themselves when they are needed.
  worker: { format: "es" },
  // They import workers by `?worker`, which only Vite's own way of loading understands.
  optimizeDeps: { exclude: ["graphiql/setup-workers/vite", "@graphiql/react/setup-workers/vite"] },
  build: {
    // The editor is one large part; it is cached for good under its hash.
    chunkSizeWarningLimit: 5000,
    // Two pages: what one needs the other doesn't load.
    rollupOptions: { input: ["index.html", "live.html"] },
  },
  server: {
    // `npm run dev` beside a running gateway.
    proxy: { "/graphql": { target: process.env.TRIBUTARY_URL ?? "http://127.0.0.1:4000", ws: true } },
  },
  test: { include: ["test/*.test.ts"] },
});
