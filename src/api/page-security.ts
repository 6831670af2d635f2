import { NONCE, secureHeaders } from "hono/secure-headers";

/** The headers of our pages: nothing runs or styles them but what carries this answer's nonce, nobody frames them. */
export function pageSecurity(dashboardOrigin: string) {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: [NONCE],
      styleSrc: [NONCE],
      imgSrc: ["data:"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    // With no-referrer, browsers would send `Origin: null` with our own forms.
    referrerPolicy: "same-origin",
    // Only for this very host: what else lives under the operator's domain is not ours to decide.
    strictTransportSecurity: transportOf(dashboardOrigin),
    xFrameOptions: "DENY",
  });
}

/** The headers of answers to programs: what is in them is shown, run and framed by no browser. */
export function answerSecurity(dashboardOrigin: string) {
  return secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    referrerPolicy: "no-referrer",
    strictTransportSecurity: transportOf(dashboardOrigin),
    xFrameOptions: "DENY",
  });
}

function transportOf(dashboardOrigin: string): string | false {
  return dashboardOrigin.startsWith("https:") ? "max-age=15552000" : false;
}
