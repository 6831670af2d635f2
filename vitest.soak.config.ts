import { defineConfig } from "vitest/config";

// What takes minutes rather than seconds: `npm run soak:kills`, with its figures in docs/reliability.md.
export default defineConfig({
  test: {
    include: ["test/soak/**/*.test.ts"],
    testTimeout: 3_600_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
