import { isMap, parseDocument } from "yaml";

/** What the server file says of a GitHub App; secrets by the files they are in. */
export type AppLines = {
  id: number;
  privateKeyFile: string;
  webhookSecretFile: string | null;
  clientId: string;
  clientSecretFile: string;
};

/** The server file's text with the App's lines in it; comments and everything else stay. `text` is that of a valid file. */
export function addApp(text: string, app: AppLines): string {
  const document = parseDocument(text);
  const inline = (value: object) => document.createNode(value, { flow: true });
  if (!isMap(document.get("github"))) document.set("github", document.createNode({}));
  document.setIn(["github", "app"], inline({ id: app.id, private_key: { file: app.privateKeyFile } }));
  document.setIn(
    ["github", "oauth"],
    inline({ client_id: app.clientId, client_secret: { file: app.clientSecretFile } }),
  );
  if (app.webhookSecretFile !== null)
    document.setIn(["github", "webhook_secret"], inline({ file: app.webhookSecretFile }));
  return document.toString({ lineWidth: 0 });
}
