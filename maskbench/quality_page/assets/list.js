// The list of images: cards, filters and orders.
import { byName, counted, make, percent } from "pages/elements.js";

/**
 * @typedef {Object} Person Whose annotation of an image is shown.
 * @property {string} who user id, or "unknown"
 * @property {number} task
 * @property {number} annotation
 * @property {string | null} link
 * @property {string} when of the last save
 * @property {boolean} truth whether it is marked as ground truth
 * @property {number | null} others IoU with the majority of the others
 */

/**
 * @typedef {Object} Item An image.
 * @property {string} n its name in files
 * @property {string} key
 * @property {number | null} task
 * @property {string | null} link
 * @property {[number, number]} size
 * @property {number} apart share of pixels to which annotators gave different classes
 * @property {Person[]} people
 * @property {string[]} pairs of annotators that were compared
 * @property {(number | null)[][] | null} values coefficients by class, and last of all; null: one annotator
 */

/**
 * @typedef {Object} Finding What a check found.
 * @property {string} id
 * @property {string} kind
 * @property {string} severity
 * @property {string} key
 * @property {string} item key of the image that shows it; empty: none does
 * @property {string} crop name of its picture; empty: it has none
 * @property {number | null} task
 * @property {string | null} link
 * @property {string} annotator
 * @property {string[]} regions
 * @property {string} label
 * @property {string} what
 * @property {[number, number, number, number]} box left, top, width, height
 * @property {string} accepted why; empty: nobody has
 */

/** Return who somebody is, in words. @param {string} who */
export const named = (who) => (who === "unknown" ? "unknown annotator" : `annotator ${who}`);

/** Return a check's name in words. @param {string} kind */
export const words = (kind) => kind.replaceAll("_", " ");

/** @param {string} name @returns {[string, string]} */
export const twice = (name) => [name, name];

/** Return the IoU of an image: of a class, or without a number of all together. @param {Item} item @param {string} [number] */
export const iou = (item, number = "") => item.values?.[number === "" ? item.values.length - 1 : Number(number)]?.[0] ?? null;

/** @param {any} data @returns {import("pages/filters.js").Filter<Item>[]} */
export function filters(data) {
  /** @type {Item[]} */
  const items = data.items;
  const seen = (/** @type {string[]} */ values) => [...new Set(values)].sort(byName);
  const kinds = new Map(items.map((item) => [item.key, new Set(findingsOf(item, data).map((finding) => finding.kind))]));
  const classes = data.classes.map((/** @type {any} */ entry, /** @type {number} */ i) => [String(i), entry.name])
    .filter((/** @type {string[]} */ [number]) => items.some((item) => Number(number) < data.classes.length - 1 && iou(item, number) !== null));
  return [
    { id: "class", label: "Class", options: classes, fits: (item, number) => iou(item, number) !== null },
    { id: "annotator", label: "Annotator", options: data.people.map((/** @type {any} */ person) => [person.name, named(person.name)]), fits: (item, who) => item.people.some((person) => person.who === who) },
    { id: "pair", label: "Pair", options: seen(items.flatMap((item) => item.pairs)).map(twice), fits: (item, pair) => item.pairs.includes(pair) },
    { id: "finding", label: "Finding", options: seen([...kinds.values()].flatMap((own) => [...own])).map((kind) => [kind, words(kind)]), fits: (item, kind) => kinds.get(item.key)?.has(kind) ?? false },
  ];
}

/** @type {Map<string, Finding[]>} */
const ofItems = new Map();

/** Return the findings of an image. @param {Item} item @param {any} data @returns {Finding[]} */
export function findingsOf(item, data) {
  if (!ofItems.size) for (const finding of data.findings) {
    if (!ofItems.has(finding.item)) ofItems.set(finding.item, []);
    ofItems.get(finding.item)?.push(finding);
  }
  return ofItems.get(item.key) || [];
}

/** @param {any} data @param {(id: string) => string} chosen value of a filter @returns {import("pages/filters.js").Order<Item>[]} */
export function orders(data, chosen) {
  const by = (/** @type {(item: Item) => number} */ value) => (/** @type {Item} */ a, /** @type {Item} */ b) => value(a) - value(b) || byName(a.n, b.n);
  return [
    { id: "least", label: "least agreement", compare: by((item) => iou(item, chosen("class")) ?? 2) },
    { id: "apart", label: "most pixels apart", compare: by((item) => -item.apart) },
    { id: "most", label: "most agreement", compare: by((item) => -(iou(item, chosen("class")) ?? -2)) },
    { id: "findings", label: "most findings", compare: by((item) => -findingsOf(item, data).length) },
    { id: "name", label: "name", compare: (a, b) => byName(a.key, b.key) },
  ];
}

/** Return an image's card. @param {Item} item @param {any} data @param {string} number of the class that is filtered by @param {string} mark what triage says @param {() => void} open */
export function card(item, data, number, mark, open) {
  const value = iou(item, number);
  const found = findingsOf(item, data).filter((finding) => !finding.accepted);
  const badges = [...new Set(found.map((finding) => finding.kind))].map((kind) => make("span", { class: `badge ${found.find((finding) => finding.kind === kind)?.severity}` }, words(kind)));
  const facts = [value === null ? counted(item.people.length, "annotator") : `IoU ${value.toFixed(3)}`, item.values ? `${percent(item.apart)} apart` : null, mark || null];
  return make("button", { type: "button", class: "card", "data-key": item.key, on: { click: open } },
    make("img", { class: "thumb", src: `images/${item.n}-thumbnail.jpg`, alt: "", loading: "lazy", decoding: "async", width: "96", height: "70" }),
    make("span", { class: "about" },
      make("span", { class: "key", title: item.key }, item.key),
      value === null ? null : make("span", { class: "bar", title: "IoU" }, make("i", { style: { width: `${100 * value}%` } })),
      make("span", { class: "numbers" }, facts.filter(Boolean).join(" · ")),
      make("span", { class: "badges" }, ...badges)));
}
