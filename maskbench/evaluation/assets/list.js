// The list of images: cards, filters and orders.
import { byName, make, percent } from "pages/elements.js";

/**
 * @typedef {Object} Item An image and its score.
 * @property {string} n its name in files
 * @property {string} key
 * @property {string} split
 * @property {string} group
 * @property {number | null} task
 * @property {string | null} link
 * @property {number | null} score mean IoU of its true classes; null: it has none
 * @property {number | null} before the first predictions' score, where two are compared
 * @property {number | null} accuracy
 * @property {number} pixels that count
 * @property {number[]} mistakes wrong pixels by kind
 * @property {[number, number, number][]} confused true class, predicted class, pixels
 * @property {[number, number, number, number | null][]} classes class, true and predicted pixels, IoU
 */

/** @typedef {import("pages/filters.js").Filter<Item>} ItemFilter */
/** @typedef {import("pages/filters.js").Order<Item>} ItemOrder */

/** Return a figure in words. @param {number | null} value */
export const figure = (value) => (value === null ? "-" : value.toFixed(3));

/** Return a change in words, with its sign. @param {number} value */
export const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(3);

/** Return how much an image's score changed; null without one. @param {Item} item */
export const change = (item) => (item.score === null || item.before === null ? null : item.score - item.before);

/** Return the pixels of one class that an image predicts as another. @param {Item} item @param {string} pair */
export const confused = (item, pair) => item.confused.find(([truth, predicted]) => `${truth}-${predicted}` === pair)?.[2] ?? 0;

/** @param {any} data @returns {ItemFilter[]} */
export function filters(data) {
  /** @type {Item[]} */
  const items = data.items;
  const name = (/** @type {number} */ number) => data.classes[number].name;
  const classes = [...new Set(items.flatMap((item) => item.classes.map(([number]) => number)))].sort((a, b) => a - b);
  const pairs = [...new Set(items.flatMap((item) => item.confused.map(([truth, predicted]) => `${truth}-${predicted}`)))];
  const splits = [...new Set(items.map((item) => item.split))].sort(byName);
  return [
    { id: "class", label: "Class", options: classes.map((number) => [String(number), name(number)]),
      fits: (item, number) => item.classes.some((entry) => String(entry[0]) === number) },
    { id: "mistake", label: "Mistake", options: data.mistakes.map((/** @type {any} */ entry) => [entry.name, entry.name]),
      fits: (item, kind) => item.mistakes[kindNumber(data, kind)] > 0 },
    { id: "pair", label: "Confused", options: pairs.map((pair) => /** @type {[string, string]} */ ([pair, pair.split("-").map(Number).map(name).join(" → ")])).sort((a, b) => byName(a[1], b[1])),
      fits: (item, pair) => confused(item, pair) > 0 },
    { id: "split", label: "Split", options: splits.length > 1 ? splits.map((split) => [split, split]) : [], fits: (item, split) => item.split === split },
  ];
}

/** @param {any} data @param {string} kind */
const kindNumber = (data, kind) => data.mistakes.findIndex((/** @type {any} */ entry) => entry.name === kind);

/**
 * Return the orders; the first is the page's own. Some go by what the filters have chosen.
 * @param {any} data
 * @param {(id: string) => string} chosen value of a filter
 * @returns {ItemOrder[]}
 */
export function orders(data, chosen) {
  const most = (/** @type {(item: Item) => number} */ value) => (/** @type {Item} */ a, /** @type {Item} */ b) => value(b) - value(a) || byName(a.key, b.key);
  const least = (/** @type {(item: Item) => number | null | undefined} */ value) => most((item) => -(value(item) ?? Infinity));
  const ofClass = (/** @type {Item} */ item) => item.classes.find(([number]) => String(number) === chosen("class"))?.[3];
  return [
    { id: "worst", label: data.titles.length > 1 ? "most worsened" : "worst first", compare: (a, b) => byName(a.n, b.n) },
    ...(data.titles.length > 1 ? [{ id: "gain", label: "most improved", compare: most((item) => change(item) ?? -Infinity) },
      { id: "low", label: "worst score", compare: least((item) => item.score) }] : []),
    { id: "class", label: "worst in the class", compare: least(ofClass) },
    { id: "mistake", label: "most of the mistake", compare: most((item) => share(item, data, chosen("mistake"))) },
    { id: "pair", label: "most of the confusion", compare: most((item) => confused(item, chosen("pair")) / item.pixels) },
    { id: "best", label: "best first", compare: most((item) => item.score ?? -Infinity) },
    { id: "name", label: "name", compare: (a, b) => byName(a.key, b.key) },
  ];
}

/** Return the share of an image that a kind of mistake has; of all kinds without one. @param {Item} item @param {any} data @param {string} kind */
function share(item, data, kind) {
  const pixels = kind ? item.mistakes[kindNumber(data, kind)] : item.mistakes.reduce((sum, n) => sum + n, 0);
  return pixels / Math.max(1, item.pixels);
}

/** Return a bar of an image's wrong pixels by kind; the whole length is a wholly wrong image. @param {Item} item @param {any} data */
export function mistakeBar(item, data) {
  return make("span", { class: "stack", title: "Share of wrong pixels, by kind of mistake" }, ...data.mistakes.map((/** @type {any} */ entry, /** @type {number} */ i) =>
    make("i", { class: entry.name, style: { width: `${(100 * item.mistakes[i]) / Math.max(1, item.pixels)}%` } })));
}

/** Return an image's card in the list. @param {Item} item @param {any} data @param {string} mark what triage says @param {() => void} open */
export function card(item, data, mark, open) {
  const moved = change(item);
  const wrong = item.mistakes.reduce((sum, n) => sum + n, 0) / Math.max(1, item.pixels);
  return make("button", { type: "button", class: "card", "data-key": item.key, on: { click: open } },
    make("img", { class: "thumb", src: `images/${item.n}-thumbnail.jpg`, alt: "", loading: "lazy", decoding: "async", width: "96", height: "70" }),
    make("span", { class: "about" },
      make("span", { class: "key", title: item.key }, item.key),
      mistakeBar(item, data),
      make("span", { class: "numbers" }, `IoU ${figure(item.score)}`, moved === null ? null : ` (${signed(moved)})`, ` · ${percent(wrong)} wrong`, mark ? ` · ${mark}` : null)));
}
