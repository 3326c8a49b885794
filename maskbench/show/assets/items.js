// The images of a version: their filters, orders and tiles.
import { byName, count, duration, make, percent } from "pages/elements.js";

/**
 * @typedef {Object} Item
 * @property {string} key
 * @property {string} split
 * @property {number} task
 * @property {string | null} link
 * @property {string} annotator
 * @property {string} when of the last save
 * @property {number | null} lead_time seconds that were spent on drawing it
 * @property {[number, number]} size
 * @property {[number, number][]} classes number and pixels
 * @property {string} sheet
 * @property {number} cell place in the sheet
 * @property {[number, number]} thumbnail its width and height
 * @property {string} scene address
 * @property {number} overlap pixels with several labels
 * @property {[number, number][]} combinations place in the page's combinations, and pixels
 * @property {number} regions
 * @property {number} dropped regions without pixels
 * @property {number | null} score
 */

/** @param {{labels: string[]}} combination */
export const joined = ({ labels }) => labels.join(" + ") || "(no label)";

/** @param {Item} item @param {number} number */
const pixelsOf = (item, number) => item.classes.find((entry) => entry[0] === number)?.[1] || 0;

/** @param {any} data @returns {import("pages/filters.js").Filter<Item>[]} */
export function itemFilters(data) {
  /** @type {Item[]} */
  const items = data.items;
  const seen = (/** @type {string[]} */ values) => [...new Set(values)].filter(Boolean).sort(byName);
  const twice = (/** @type {string} */ name) => /** @type {[string, string]} */ ([name, name]);
  const used = data.classes.map((/** @type {any} */ entry) => entry.name).filter((/** @type {string} */ _, /** @type {number} */ i) => items.some((item) => pixelsOf(item, i)));
  const several = data.combinations.map((/** @type {any} */ entry, /** @type {number} */ i) => [String(i), `${joined(entry)} (${count(entry.images)})`]);
  const others = [["overlap", "labels overlap"], ["empty", "no region"]];
  if (items.some((item) => item.dropped)) others.push(["dropped", "regions dropped"]);
  return [
    { id: "class", label: "Class", options: used.map(twice), fits: (item, name) => pixelsOf(item, data.classes.findIndex((/** @type {any} */ c) => c.name === name)) > 0 },
    { id: "combination", label: "Labels on a pixel", options: several, fits: (item, i) => item.combinations.some((entry) => entry[0] === Number(i)) },
    { id: "split", label: "Split", options: seen(items.map((item) => item.split)).map(twice), fits: (item, split) => item.split === split },
    { id: "annotator", label: "Annotator", options: seen(items.map((item) => item.annotator)).map((who) => [who, `user ${who}`]), fits: (item, who) => item.annotator === who },
    { id: "has", label: "With", options: /** @type {any} */ (others), fits: (item, what) => ({ overlap: item.overlap > 0, empty: !item.regions, dropped: item.dropped > 0 })[what] ?? true },
  ];
}

/** @param {any} data @param {() => string} chosen the class that is filtered by @returns {import("pages/filters.js").Order<Item>[]} */
export function itemOrders(data, chosen) {
  const share = (/** @type {Item} */ item) => {
    const number = data.classes.findIndex((/** @type {any} */ entry) => entry.name === chosen());
    const pixels = item.size[0] * item.size[1];
    return (number < 0 ? pixels - pixelsOf(item, 0) : pixelsOf(item, number)) / pixels;
  };
  const by = (/** @type {string} */ id, /** @type {string} */ label, /** @type {(item: Item) => number | string} */ value, sign = 1) => ({ id, label, compare: (/** @type {Item} */ a, /** @type {Item} */ b) => {
    const [x, y] = [value(a), value(b)];
    return sign * (x < y ? -1 : x > y ? 1 : 0) || byName(a.key, b.key);
  } });
  const score = (/** @type {Item} */ item) => item.score ?? Infinity;
  const isTimed = data.items.some((/** @type {Item} */ item) => item.lead_time !== null);
  return [
    ...(data.has_scores ? [by("score", "worst score", score), by("-score", "best score", (item) => item.score ?? -Infinity, -1)] : []),
    { id: "name", label: "name", compare: (a, b) => byName(a.key, b.key) },
    by("-share", "largest share of the class", share, -1), by("share", "smallest share of the class", share),
    by("-overlap", "most overlap", (item) => item.overlap / (item.size[0] * item.size[1]), -1),
    by("-regions", "most regions", (item) => item.regions, -1), by("regions", "fewest regions", (item) => item.regions),
    ...(isTimed ? [by("-time", "longest drawn", (item) => item.lead_time ?? -1, -1), by("time", "shortest drawn", (item) => item.lead_time ?? Infinity)] : []),
    by("-saved", "saved last", (item) => item.when, -1), by("saved", "saved first", (item) => item.when),
  ];
}

/** Return a thumbnail: a window on its sheet. @param {Item} item @param {any} data @param {number} width of a cell @param {boolean} hasMask */
export function sprite(item, data, width, hasMask) {
  const [cellWidth, cellHeight] = data.sheet.cell;
  const scale = width / cellWidth;
  const [column, row] = [item.cell % data.sheet.columns, Math.floor(item.cell / data.sheet.columns)];
  const at = `${-column * cellWidth * scale}px ${-row * cellHeight * scale}px`;
  const columns = Math.min(data.sheet.columns, data.sheets[item.sheet]);
  const size = `${columns * cellWidth * scale}px auto`;
  const layer = (/** @type {string} */ kind) => ({ "background-image": `url("sheets/${item.sheet}.${kind}")`, "background-position": at, "background-size": size });
  const [w, h] = item.thumbnail.map((side) => `${side * scale}px`);
  return make("span", { class: "sprite", style: { ...layer("jpg"), width: w, height: h } },
    hasMask ? make("span", { class: "over", style: layer("png") }) : null);
}

/** @param {Item} item @param {any} data @param {{width: number, hasMask: boolean, isTimed: boolean, mark: string, open: () => void}} look */
export function tile(item, data, { width, hasMask, isTimed, mark, open }) {
  const note = [item.score === null ? "" : `IoU ${item.score.toFixed(3)}`, isTimed ? spent(item) : "", item.split, mark].filter(Boolean).join(" · ");
  const frame = { "aspect-ratio": data.sheet.cell.join(" / ") };
  return make("button", { type: "button", class: "tile", "data-key": item.key, title: describe(item, data), on: { click: open } },
    make("span", { class: "frame", style: frame }, sprite(item, data, width, hasMask)),
    make("span", { class: "key" }, item.key), make("span", { class: "note" }, note));
}

/** Say how long an image was drawn, if that is known. @param {Item} item */
export const spent = (item) => (item.lead_time === null ? "" : `drawn in ${duration(item.lead_time)}`);

/** @param {Item} item @param {any} data */
function describe(item, data) {
  const pixels = item.size[0] * item.size[1];
  const classes = item.classes.map(([number, n]) => `${data.classes[number].name} ${percent(n / pixels)}`);
  return [`${item.key}, ${count(item.regions)} regions`, ...classes].join("\n");
}
