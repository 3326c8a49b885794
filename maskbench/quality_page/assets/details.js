// One image: who drew what, what a pixel is called by whom, its agreement and its findings.
import { byId, counted, make, outerLink, percent } from "pages/elements.js";
import { swatch } from "pages/legend.js";
import { table } from "pages/table.js";
import { findingsOf, named, words } from "quality_page/list.js";

/** @typedef {import("quality_page/list.js").Item} Item */
/** @typedef {import("quality_page/list.js").Finding} Finding */
/** @typedef {{who: string, mask: import("pages/masks.js").Mask}} Drawn */

/** @param {Item} item */
export function caption(item) {
  const parts = [item.size.join(" × "), counted(item.people.length, "annotator")];
  if (item.values) parts.push(`${percent(item.apart)} of the pixels have several classes`);
  byId("facts").textContent = parts.join(" · ");
}

/** Return a person's colour. @param {any} data @param {string} who @returns {string} */
export const colorOf = (data, who) => data.people.find((/** @type {any} */ person) => person.name === who).color;

/** Return how many classes annotators gave each pixel, less one; at most 2. @param {Drawn[]} drawn */
export function opinions(drawn) {
  const all = drawn.map(({ mask }) => mask.classNumbers());
  const values = new Uint8Array(all[0].length);
  for (let i = 0; i < values.length; i++) {
    const first = all[0][i];
    let other = -1;
    for (let k = 1; k < all.length; k++) {
      const own = all[k][i];
      if (own === first || own === other) continue;
      values[i]++;
      if (values[i] === 2) break;
      other = own;
    }
  }
  return values;
}

/** Say at the pointer who gave the pixel which class. @param {Drawn[]} drawn @param {any} data @param {[number, number]} at */
export const hover = (drawn, data, at) => drawn.map(({ who, mask }) => `${named(who)}: ${className(mask.at(...at), data)}`).join("\n") || null;

/** @param {import("pages/masks.js").Cell | null} cell @param {any} data */
const className = (cell, data) => (cell ? data.classes[cell.class_number].name : "no pixel");

/** Tell all of a pixel. @param {Drawn[]} drawn @param {any} data @param {[number, number]} at */
export function tell(drawn, data, at) {
  const facts = drawn.flatMap(({ who, mask }) => {
    const cell = mask.at(...at);
    if (!cell) return [];
    const regions = cell.regions.map((i) => mask.regions[i]).map((region) => `${region.labels.join(" + ")} (${region.shape} ${region.id})`);
    const name = make("span", {}, swatch({ color: colorOf(data, who) }), ` ${named(who)}`);
    return [[name, `${className(cell, data)}: ${[cell.reason, ...regions].join("; ")}`]];
  });
  const list = make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  byId("pixel").replaceChildren(make("h3", {}, `Pixel (${at.join(", ")})`), list);
}

/** Show the tables of an image. @param {Item} item @param {any} data @param {(finding: Finding) => void} go */
export function details(item, data, go) {
  const rows = item.people.map((person) => [
    make("span", {}, swatch({ color: colorOf(data, person.who) }), ` ${named(person.who)}`, person.truth ? " (ground truth)" : null),
    outerLink(`annotation ${person.annotation}, task ${person.task}`, person.link), person.when || "-",
    person.others === null ? "-" : person.others.toFixed(3)]);
  byId("people").replaceChildren(...table("Annotators", ["annotator", "in Label Studio", "saved", ">IoU with the others"], rows));
  const number = (/** @type {number | null} */ value) => (value === null ? "-" : value.toFixed(3));
  const shown = item.values?.slice(0, -1).map((own, i) => /** @type {const} */ ([data.classes[i].name, own])).filter(([, own]) => own[0] !== null) || [];
  const figures = [...shown, ...(item.values ? [/** @type {const} */ (["all classes", item.values[item.values.length - 1]])] : [])];
  byId("agreed").replaceChildren(...table("Agreement", ["class", ">IoU", ">Dice", ">boundary IoU", ">kappa", ">alpha"], figures.map(([name, own]) => [name, ...own.map(number)])));
  const found = findingsOf(item, data).map((finding) => make("li", {},
    make("span", { class: `badge ${finding.accepted ? "accepted" : finding.severity}` }, finding.accepted ? "accepted" : finding.severity), " ",
    make("button", { type: "button", class: "link", "data-finding": finding.id, on: { click: () => go(finding) } }, words(finding.kind)), `: ${finding.what}`,
    finding.accepted ? make("span", { class: "hint" }, ` Accepted: ${finding.accepted}`) : null));
  byId("found").replaceChildren(...(found.length ? [make("h3", {}, "Findings"), make("ul", {}, ...found)] : []));
}

