import { RemoteError } from "../domain/errors.ts";
import { permissions } from "./github-credentials.ts";
import { createTraffic, type TrafficOptions } from "./github-traffic.ts";

export type ManifestFacts = {
  name: string;
  publicUrl: string;
  /** Where GitHub delivers events; null where it cannot reach us. */
  hookUrl: string | null;
  /** Where GitHub sends the browser back to with the code. */
  redirectUrl: string;
  /** Where GitHub sends people back to who sign in. */
  callbackUrl: string;
};

/** The App as GitHub makes it from one click ("Registering a GitHub App from a manifest"). */
export function appManifest({ name, publicUrl, hookUrl, redirectUrl, callbackUrl }: ManifestFacts) {
  return {
    name: name.slice(0, nameLength),
    url: publicUrl,
    description: "A running preview of every pull request.",
    public: false,
    // GitHub wants an address also where nothing is to be delivered.
    hook_attributes: hookUrl === null ? { url: "https://example.com/", active: false } : { url: hookUrl, active: true },
    redirect_url: redirectUrl,
    callback_urls: [callbackUrl],
    default_permissions: { ...permissions.git, ...permissions.api },
    default_events: ["pull_request", "issue_comment", "repository"],
  };
}

/** GitHub takes no longer one. */
const nameLength = 34;

/** Where an account's, or an organization's, manifest is posted to. */
export function newAppUrl(webUrl: string, organization: string | null, state: string): string {
  const owner = organization === null ? "" : `/organizations/${encodeURIComponent(organization)}`;
  return `${webUrl}${owner}/settings/apps/new?state=${encodeURIComponent(state)}`;
}

/** A GitHub App that was just made, with all that is told of it only now. */
export type MadeApp = {
  id: number;
  slug: string;
  /** The App's page. */
  url: string;
  privateKey: string;
  webhookSecret: string | null;
  clientId: string;
  clientSecret: string;
};

/** Exchanges the code that GitHub sent the browser back with; it works once, within an hour. Throws RemoteError. */
export async function takeApp(code: string, options: TrafficOptions): Promise<MadeApp> {
  const nobody = { token: async () => null, refused: () => false };
  const { request } = createTraffic(options).as("nobody", nobody);
  const { data } = await request("POST /app-manifests/{code}/conversions", { code }).catch((error: unknown) => {
    if (!(error instanceof RemoteError) || error.status !== 404) throw error;
    throw new RemoteError("forge-refused", "GitHub does not know this code of a new App", {
      cause: error,
      hint: "A code works once, within an hour: run `mayfly github connect` again.",
    });
  });
  return {
    id: data.id,
    slug: data.slug ?? String(data.id),
    url: data.html_url,
    privateKey: data.pem,
    webhookSecret: data.webhook_secret,
    clientId: data.client_id,
    clientSecret: data.client_secret,
  };
}
