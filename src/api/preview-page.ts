import type { Finding } from "../domain/errors.ts";
import { groupFindings } from "../domain/finding-groups.ts";
import { formatPlace } from "../domain/errors.ts";
import type { Deployment } from "../domain/preview.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { ObservedContainer } from "../domain/stack-state.ts";
import { auditPart } from "./audit-part.ts";
import { checksPart } from "./checks-part.ts";
import type { Parts } from "./live-parts.ts";
import { type Html, html } from "./page-html.ts";
import { section } from "./page-shell.ts";
import { toneOf } from "./page-state.ts";
import { ago, commitLink, prose, seconds } from "./page-words.ts";
import type { PreviewFacts } from "./preview-facts.ts";
import { statusPart } from "./status-part.ts";
import { timelinePart } from "./timeline-part.ts";

/** The sections of a preview's page that change, in their order; the logs stand after the services. */
export function previewParts(facts: PreviewFacts): Parts {
  return new Map([
    ["status", statusPart(facts)],
    ["timeline", timelinePart(facts)],
    ["checks", checksPart(facts)],
    ["services", servicesPart(facts)],
    ["findings", findingsPart(facts)],
    ["history", historyPart(facts)],
    ["audit", auditPart(facts)],
  ]);
}

function servicesPart({ view, serving, newest, containers }: PreviewFacts): Html {
  const services = (serving?.stack ?? newest?.stack)?.services ?? [];
  if (services.length === 0) return section("services", "Services", null);
  const row = (service: ServiceSpec): Html => {
    const container = containers
      ?.filter((each) => each.service === service.name)
      .toSorted((a, b) => b.generation - a.generation)[0];
    const route = view.routes.find((each) => each.service === service.name);
    return html`<li>
      <strong>${service.name}</strong>
      <span>${containers === null ? "unknown: the engine does not answer" : containerWords(container)}</span>
      <span class="quiet">${imageWords(service)}</span>
      <span>${route === undefined ? null : html`<a href="${route.link}">${new URL(route.url).host}</a>`}</span>
    </li>`;
  };
  return section(
    "services",
    "Services",
    html`<ul class="table">
      ${services.map(row)}
    </ul>`,
  );
}

function containerWords(container: ObservedContainer | undefined): string {
  if (container === undefined) return "not running";
  const { state, exitCode, restartCount, oomKilled } = container;
  const how = state === "exited" ? `exited with code ${exitCode ?? "?"}${oomKilled ? ", out of memory" : ""}` : state;
  return restartCount === 0 ? how : `${how}, restarted ${restartCount} ${restartCount === 1 ? "time" : "times"}`;
}

function imageWords({ image, kept }: ServiceSpec): string {
  const words = image.kind === "build" ? "built from the branch" : image.reference;
  return kept ? `${words}, data kept` : words;
}

function findingsPart({ newest }: PreviewFacts): Html {
  const findings = groupFindings(newest?.findings ?? []);
  const item = (finding: Finding): Html =>
    html`<li>
      <code>${formatPlace(finding)}</code> ${prose(finding.message)}. <span class="quiet">${prose(finding.hint)}</span>
    </li>`;
  return section(
    "findings",
    "Findings",
    findings.length === 0
      ? null
      : html`<ul class="findings">
          ${findings.map(item)}
        </ul>`,
  );
}

function historyPart({ view, deployments, webUrl, now }: PreviewFacts): Html {
  const row = (deployment: Deployment): Html => {
    const ended = deployment.readyAt ?? deployment.endedAt;
    return html`<li>
      <span class="state ${toneOf(deployment.phase)}">${deployment.phase}</span>
      <span>${commitLink(deployment.commit, view.repository, webUrl)}</span>
      <span>${deployment.cause}</span>
      <span class="quiet"
        >${ago(deployment.startedAt, now)}${ended === null ? null : [", in ", seconds((ended - deployment.startedAt) / 1000)]}</span
      >
    </li>`;
  };
  return section(
    "history",
    "Deployments",
    deployments.length === 0
      ? null
      : html`<ul class="table">
          ${deployments.map(row)}
        </ul>`,
  );
}
