// The gallery of findings: cards with the place in the image, and filters of their own.
import { byId, byName, count, counted, make, outerLink } from "pages/elements.js";
import { Filters } from "pages/filters.js";
import { Windowed } from "pages/windowed.js";
import { named, twice, words } from "quality_page/list.js";

/** @typedef {import("quality_page/list.js").Finding} Finding */

/** Fill the gallery; returns its filters and what shows it. @param {any} data @param {(finding: Finding) => void} open @param {() => void} changed */
export function findingGallery(data, open, changed) {
  /** @type {Finding[]} */
  const findings = data.findings;
  /** @type {Windowed<Finding>} */
  const list = new Windowed(byId("finding-list"), { width: 250, height: 330 }, (finding) => card(finding, data, open), "Findings");
  /** @type {Filters<Finding>} */
  const filters = new Filters(byId("finding-filters"), filtersOf(data), orders(data), (finding) => `${finding.id} ${finding.what}`, () => { show(); changed(); }, { prefix: "finding-", noun: "a finding" });
  function show() {
    const fitting = filters.apply(findings);
    byId("finding-count").textContent = `${count(fitting.length)} of ${counted(findings.length, "finding")}`;
    list.show(fitting);
  }
  return { filters, show };
}

/** @param {any} data @returns {import("pages/filters.js").Filter<Finding>[]} */
function filtersOf(data) {
  /** @type {Finding[]} */
  const findings = data.findings;
  const seen = (/** @type {string[]} */ values) => [...new Set(values)].filter(Boolean).sort(byName);
  return [
    { id: "kind", label: "Check", options: seen(findings.map((finding) => finding.kind)).map((kind) => [kind, words(kind)]), fits: (finding, kind) => finding.kind === kind },
    { id: "severity", label: "Severity", options: data.severities.map(twice), fits: (finding, severity) => finding.severity === severity },
    { id: "who", label: "Annotator", options: seen(findings.map((finding) => finding.annotator)).map((who) => [who, named(who)]), fits: (finding, who) => finding.annotator === who },
    { id: "label", label: "Class or label", options: seen(findings.map((finding) => finding.label)).map(twice), fits: (finding, label) => finding.label === label },
    { id: "state", label: "State", options: [["open", "open"], ["accepted", "accepted"]], fits: (finding, state) => (state === "accepted") === Boolean(finding.accepted) },
  ];
}

/** @param {any} data @returns {import("pages/filters.js").Order<Finding>[]} */
function orders(data) {
  const place = new Map(data.findings.map((/** @type {Finding} */ finding, /** @type {number} */ i) => [finding, i]));
  const asListed = (/** @type {Finding} */ a, /** @type {Finding} */ b) => place.get(a) - place.get(b);
  return [
    { id: "surest", label: "surest first", compare: asListed },
    { id: "kind", label: "check", compare: (a, b) => byName(a.kind, b.kind) || asListed(a, b) },
    { id: "name", label: "image", compare: (a, b) => byName(a.key, b.key) || asListed(a, b) },
  ];
}

/** @param {Finding} finding @param {any} data @param {(finding: Finding) => void} open */
function card(finding, data, open) {
  const picture = make("span", { class: "crop", "data-words": finding.key ? "no picture in this page" : "all images" },
    finding.crop ? make("img", { src: `images/${finding.crop}-finding.jpg`, alt: "", loading: "lazy", decoding: "async" }) : null);
  const about = make("span", { class: "about" },
    make("span", { class: "badges" },
      make("span", { class: `badge ${finding.severity}` }, finding.severity), make("span", { class: "badge", title: data.checks[finding.kind] }, words(finding.kind)),
      finding.accepted ? make("span", { class: "badge accepted" }, "accepted") : null),
    make("span", { class: "key", title: finding.key || finding.label }, finding.key || finding.label));
  const origin = [finding.annotator ? named(finding.annotator) : "", finding.label].filter(Boolean).join(" · ");
  const task = finding.task === null ? null : outerLink(`task ${finding.task}`, finding.link);
  return make("div", { class: `finding${finding.accepted ? " is-accepted" : ""}`, "data-finding": finding.id },
    finding.item ? make("button", { type: "button", "aria-label": `${words(finding.kind)} in ${finding.key}`, on: { click: () => open(finding) } }, picture, about) : make("div", {}, picture, about),
    make("p", { class: "what", title: finding.what }, finding.accepted ? `Accepted: ${finding.accepted}. ` : null, finding.what),
    make("p", { class: "origin" }, task, task && origin ? " · " : null, origin));
}
