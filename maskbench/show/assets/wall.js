// The wall: all regions of a label as crops, so that a wrong one stands out. Crops are windows on scenes.
import { byId, count, make } from "pages/elements.js";
import { loadItem } from "pages/items.js";
import { Windowed } from "pages/windowed.js";

/** @typedef {[number, string[], number, number, number, number, number, string]} Entry item, labels, left, top, right, bottom, pixels, colour */

const MARGIN = 0.2; // around the region, of its longer side
const CROP = { width: 150, height: 126 };

const ORDERS = /** @type {[string, string][]} */ ([
  ["-area", "largest first"], ["area", "smallest first"], ["color", "oddest colour first"], ["aspect", "tallest first"], ["-aspect", "widest first"],
]);

/** Fill the wall; returns what shows it for the images that fit. @param {any} data @param {(item: any, box: [number, number, number, number]) => void} open */
export function wall(data, open) {
  /** @type {Entry[]} */
  let regions = [];
  /** @type {Set<number>} */
  let fitting = new Set();
  const label = make("select", { id: "wall-label", on: { change: () => refresh() } });
  const order = make("select", { id: "wall-order", on: { change: () => refresh() } }, ...ORDERS.map(([value, text]) => make("option", { value }, text)));
  const total = make("span", { class: "hint", role: "status" });
  const grid = make("div", { class: "wall-grid" });
  byId("wall").append(make("div", { class: "wall-bar" }, make("label", {}, "Label", label), make("label", {}, "Order", order), total), grid);
  const list = new Windowed(grid, { width: CROP.width + 8, height: CROP.height + 34 }, (/** @type {Entry} */ entry) => crop(entry, data, open), "Regions");
  loadItem("_regions").then((found) => {
    regions = found;
    const names = [...new Set(regions.flatMap((entry) => entry[1]))].sort();
    label.append(...names.map((name) => make("option", { value: name }, name)));
    refresh();
  }, (error) => { total.textContent = error.message; });

  function refresh() {
    const found = regions.filter((entry) => entry[1].includes(label.value) && fitting.has(entry[0]));
    total.textContent = `${count(found.length)} region${found.length === 1 ? "" : "s"} in the images that fit`;
    list.show(sorted(found, order.value));
  }
  return (/** @type {any[]} */ items) => {
    const places = new Map(data.items.map((/** @type {any} */ item, /** @type {number} */ i) => [item, i]));
    fitting = new Set(items.map((item) => /** @type {number} */ (places.get(item))));
    if (!byId("wall").hidden) refresh();
  };
}

/** @param {Entry[]} entries @param {string} order @returns {Entry[]} */
function sorted(entries, order) {
  const middle = median(entries.map((entry) => rgb(entry[7])).filter(Boolean));
  const values = {
    area: (/** @type {Entry} */ entry) => entry[6],
    aspect: (/** @type {Entry} */ entry) => (entry[4] - entry[2]) / Math.max(1, entry[5] - entry[3]),
    color: (/** @type {Entry} */ entry) => -distance(rgb(entry[7]) || middle, middle),
  };
  const value = values[/** @type {keyof typeof values} */ (order.replace("-", ""))];
  const sign = order.startsWith("-") ? -1 : 1;
  return entries.map((entry) => ({ entry, at: value(entry) })).sort((a, b) => sign * (a.at - b.at)).map(({ entry }) => entry);
}

/** @param {string} color @returns {number[] | null} */
const rgb = (color) => (color ? [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) : null);

/** @param {any[]} colors @returns {number[]} */
const median = (colors) => [0, 1, 2].map((i) => colors.map((color) => color[i]).sort((a, b) => a - b)[Math.floor(colors.length / 2)] ?? 0);

/** @param {number[]} a @param {number[]} b */
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Return a region's window on its scene. @param {Entry} entry @param {any} data @param {(item: any, box: [number, number, number, number]) => void} open */
function crop([place, labels, left, top, right, bottom, pixels], data, open) {
  const item = data.items[place];
  const margin = Math.max(6, MARGIN * Math.max(right - left, bottom - top));
  const scale = Math.min(CROP.width / (right - left + 2 * margin), CROP.height / (bottom - top + 2 * margin));
  const [x, y] = [CROP.width / 2 - ((left + right) / 2) * scale, CROP.height / 2 - ((top + bottom) / 2) * scale];
  const image = make("img", { src: item.scene, alt: "", loading: "lazy", decoding: "async",
    style: { width: `${item.size[0] * scale}px`, height: `${item.size[1] * scale}px`, left: `${x}px`, top: `${y}px` } });
  const box = make("i", { style: { left: `${x + left * scale - 2}px`, top: `${y + top * scale - 2}px`, width: `${(right - left) * scale + 4}px`, height: `${(bottom - top) * scale + 4}px` } });
  return make("button", { type: "button", class: "tile", title: `${labels.join(" + ")} in ${item.key}`, on: { click: () => open(item, [left, top, right, bottom]) } },
    make("span", { class: "crop", style: { width: `${CROP.width}px` } }, image, box), make("span", { class: "note" }, `${count(pixels)} px · ${item.key}`));
}
