import type { Level, Notice } from "./notices.ts";

export type Channel = { kind: "slack" | "teams" | "webhook"; url: string; level: Level };

const order: readonly Level[] = ["info", "warn", "error"];

/** Whether a channel wants to hear of this. */
export function wants(channel: Pick<Channel, "level">, notice: Pick<Notice, "level">): boolean {
  return order.indexOf(notice.level) >= order.indexOf(channel.level);
}

/** The JSON that a channel is sent. `at` in epoch milliseconds. */
export function messageFor(kind: Channel["kind"], notice: Notice, at: number): unknown {
  switch (kind) {
    case "slack":
      return { text: slackText(notice), unfurl_links: false };
    case "teams":
      return teamsCard(notice);
    case "webhook":
      return { ...notice, at };
  }
}

const words: Record<Level, string> = { info: "Mayfly", warn: "Mayfly, warning", error: "Mayfly, act" };

/** Slack's markup: only `&`, `<` and `>` mean something (docs.slack.dev, Formatting message text). */
function slackText({ level, title, text, url }: Notice): string {
  const plain = (raw: string) => raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `*${words[level]}*: ${plain(title)}\n${plain(text)}${url === null ? "" : `\n${plain(url)}`}`;
}

/** An Adaptive Card, as Teams' workflow webhooks take it; its text is Markdown, so what came from outside is quoted. */
function teamsCard({ level, title, text, url }: Notice): unknown {
  const block = (said: string, more: object = {}) => ({
    type: "TextBlock",
    wrap: true,
    text: said.replaceAll(/[\\`*_[\]()#<>]/g, String.raw`\$&`),
    ...more,
  });
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [block(`${words[level]}: ${title}`, { weight: "Bolder" }), block(text)],
    ...(url !== null && { actions: [{ type: "Action.OpenUrl", title: "Open", url }] }),
  };
  return { type: "message", attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content }] };
}
