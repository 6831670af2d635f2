import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { closeFrame } from "../../src/gateway/frames.ts";
import { joinWebSocket } from "../../src/gateway/join.ts";

test("a client that goes on sending after it heard that all is over costs nothing more", async () => {
  const [client, visitor] = duplexPair();
  const [upstream] = duplexPair();
  const { leave } = joinWebSocket({ client, upstream, onTraffic() {} });
  const before = client.listenerCount("close");
  leave("replaced");
  for (let piece = 0; piece < 300; piece++) {
    visitor.write(closeFrame(1000, ""));
    await new Promise(setImmediate);
  }
  expect(client.listenerCount("close")).toBeLessThanOrEqual(before + 1);
  client.destroy();
});
