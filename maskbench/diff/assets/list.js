// The list of changed images: cards, filters and orders.
import { byName, count, make, percent } from "pages/elements.js";

/**
 * @typedef {Object} Item A changed, added or removed image.
 * @property {string} key
 * @property {string} n its number in file names
 * @property {"changed" | "added" | "removed"} status
 * @property {string} split
 * @property {number} task
 * @property {string} annotator
 * @property {string} when
 * @property {[number, number]} size
 * @property {string[]} touched classes that it gained, lost or has
 * @property {[string, string, number][]} causes kind, name, pixels
 * @property {string | null} link
 * @property {boolean} scene_before the old scene is another one
 * @property {number} [changed]
 * @property {number} [share]
 * @property {boolean} [comparable]
 * @property {[number, number]} [size_before]
 * @property {boolean} [alarm]
 * @property {[string, string, string] | null} [moved]
 * @property {[string, string, string, string[], string[]][]} [regions] kind, id, shape, labels before and after
 * @property {string} [by]
 * @property {[string, string, number][]} [transitions]
 * @property {[string, number, number, number | null][]} [iou] class, pixels before and after, IoU
 */

/** @param {any} data @returns {import("pages/filters.js").Filter<Item>[]} */
export function filters(data) {
  /** @type {Item[]} */
  const items = data.items;
  const seen = (/** @type {string[]} */ values) => [...new Set(values)].filter(Boolean).sort(byName);
  const classes = new Set(items.flatMap((item) => item.touched));
  const kinds = new Set(items.flatMap((item) => item.causes.map((cause) => cause[0])));
  const causes = Object.keys(data.causes).filter((kind) => kinds.has(kind)).map((kind) => [kind, data.causes[kind]]);
  for (const status of ["added", "removed"]) if (items.some((item) => item.status === status)) causes.push([status, `image ${status}`]);
  if (items.some((item) => item.moved)) causes.push(["moved", "moved between splits"]);
  const named = seen(items.flatMap((item) => item.causes.filter((cause) => cause[0] !== "annotation").map((cause) => cause[1])));
  return [
    { id: "class", label: "Class", options: data.classes.map((/** @type {{name: string}} */ entry) => entry.name).filter((/** @type {string} */ name) => classes.has(name)).map(twice), fits: (item, name) => item.touched.includes(name) },
    { id: "cause", label: "Cause", options: /** @type {any} */ (causes), fits: hasCause },
    { id: "which", label: "Which", options: named.map(twice), fits: (item, name) => item.causes.some((cause) => cause[1] === name) },
    { id: "moved", label: "Moved", options: movedOptions(data, items), fits: (item, pair) => (item.transitions || []).some(([before, after]) => pair === pairOf(data, before, after)) },
    { id: "annotator", label: "Annotator", options: seen(items.map((item) => item.annotator)).map((who) => [who, `user ${who}`]), fits: (item, who) => item.annotator === who },
    { id: "split", label: "Split", options: seen(items.map((item) => item.split)).map(twice), fits: (item, split) => item.split === split },
  ];
}

/** Return two classes as the value of a filter. @param {any} data @param {string} before @param {string} after */
const pairOf = (data, before, after) => [before, after].map((name) => data.classes.findIndex((/** @type {any} */ entry) => entry.name === name)).join("-");

/** @param {any} data @param {Item[]} items @returns {[string, string][]} */
function movedOptions(data, items) {
  const found = new Map(items.flatMap((item) => (item.transitions || []).map(([before, after]) => [pairOf(data, before, after), `${before} → ${after}`])));
  return [...found].sort((a, b) => byName(a[1], b[1]));
}

/** @param {string} name @returns {[string, string]} */
const twice = (name) => [name, name];

/** @param {Item} item @param {string} kind */
function hasCause(item, kind) {
  return item.status === kind || (kind === "moved" && Boolean(item.moved)) || item.causes.some((cause) => cause[0] === kind);
}

/** @type {import("pages/filters.js").Order<Item>[]} */
export const orders = [
  { id: "worst", label: "worst first", compare: (a, b) => (a.n < b.n ? -1 : 1) },
  { id: "pixels", label: "most pixels", compare: (a, b) => (b.changed || 0) - (a.changed || 0) },
  { id: "name", label: "name", compare: (a, b) => byName(a.key, b.key) },
];

/** @param {Item} item */
function badges(item) {
  const found = item.status === "changed" ? [] : [[item.status, ""]];
  for (const kind of new Set(item.causes.map((cause) => cause[0]))) {
    const names = item.causes.filter((cause) => cause[0] === kind).map((cause) => cause[1]);
    const isAlarm = kind === "unexplained";
    found.push([isAlarm ? "NO CAUSE" : kind === "rule" ? `rule ${names[0]}` : kind.replace("_", " "), isAlarm ? " alarm" : ""]);
  }
  if (item.moved) found.push(["moved split", " alarm"]);
  return make("span", { class: "badges" }, ...found.map(([text, kind]) => make("span", { class: `badge${kind}` }, text)));
}

/** Return an image's card in the list. @param {Item} item @param {string} mark what triage says @param {() => void} open */
export function card(item, mark, open) {
  const isChanged = item.status === "changed";
  const share = item.share || 0;
  const bar = make("span", { class: "bar", title: "Share of the pixels that changed" }, make("i", { style: { width: `${Math.max(1, 100 * share)}%` } }));
  return make("button", { type: "button", class: "card", "data-key": item.key, on: { click: open } },
    make("img", { class: "thumb", src: `images/${item.n}-thumbnail.jpg`, alt: "", loading: "lazy", decoding: "async", width: "96", height: "70" }),
    make("span", { class: "about" },
      make("span", { class: "key", title: item.key }, item.key),
      isChanged ? bar : null,
      make("span", { class: "numbers" }, isChanged ? `${percent(share)} · ${count(item.changed || 0)} px` : item.split, mark ? ` · ${mark}` : null),
      badges(item)));
}
