import * as client from "openid-client";
import { RemoteError } from "../domain/errors.ts";
import type { Person } from "../domain/person.ts";

/** What the browser must bring back: the state, and the verifier of the code (PKCE, RFC 7636). */
export type SignInSecrets = { state: string; verifier: string };

export type GitHubSignIn = {
  /** Where to send the browser, and what to remember until it comes back. */
  begin(): Promise<SignInSecrets & { url: string }>;
  /** Who came back, from the query of the address called. Throws RemoteError `sign-in-failed`. */
  finish(query: URLSearchParams, secrets: SignInSecrets): Promise<Person>;
};

type Options = {
  webUrl: string;
  apiUrl: string;
  oauth: { clientId: string; clientSecret: string };
  /** Where GitHub sends the browser back to. */
  callbackUrl: string;
};

const timeoutSeconds = 15;

/**
 * Signs people in with GitHub's web flow (docs.github.com, "Authorizing OAuth apps" and "Generating a user access token
 * for a GitHub App"): plain OAuth 2, so the endpoints are said by hand. No scope is asked for, and the person's token
 * is used once, to read who it is, and kept nowhere.
 */
export function createGitHubSignIn({ webUrl, apiUrl, oauth, callbackUrl }: Options): GitHubSignIn {
  const server = {
    issuer: `${webUrl}/login/oauth`,
    authorization_endpoint: `${webUrl}/login/oauth/authorize`,
    token_endpoint: `${webUrl}/login/oauth/access_token`,
  };
  const secret = client.ClientSecretPost(oauth.clientSecret);
  const configuration = new client.Configuration(server, oauth.clientId, undefined, secret);
  configuration.timeout = timeoutSeconds;
  // An Enterprise server that the operator named with http is reached so.
  if (webUrl.startsWith("http:")) client.allowInsecureRequests(configuration);

  return {
    async begin() {
      const verifier = client.randomPKCECodeVerifier();
      const state = client.randomState();
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: callbackUrl,
        state,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, state, verifier };
    },

    async finish(query, { state, verifier }) {
      const called = new URL(`${callbackUrl}?${query.toString()}`);
      try {
        const checks = { expectedState: state, pkceCodeVerifier: verifier };
        const { access_token: token } = await client.authorizationCodeGrant(configuration, called, checks);
        return await readPerson(apiUrl, token);
      } catch (error) {
        throw failed(error);
      }
    },
  };
}

async function readPerson(apiUrl: string, token: string): Promise<Person> {
  const response = await fetch(`${apiUrl}/user`, {
    headers: { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "user-agent": "mayfly" },
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  });
  const { login, id } = response.ok ? ((await response.json()) as Partial<Person>) : {};
  if (typeof login === "string" && typeof id === "number") return { login, id };
  throw new Error(`GET /user answered ${response.status}`);
}

function failed(error: unknown): RemoteError {
  const denied = error instanceof client.AuthorizationResponseError && error.error === "access_denied";
  const what = denied ? "you did not let Mayfly know who you are" : "GitHub did not confirm who you are";
  return new RemoteError("sign-in-failed", what, { cause: error });
}
