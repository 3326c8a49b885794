// The page of a comparison: the list of changed images, one of them large, and the summary.
import { byId, make } from "pages/elements.js";
import { Filters } from "pages/filters.js";
import { Gallery, triageFilter } from "pages/gallery.js";
import { loadItem } from "pages/items.js";
import { classLayer, Mask } from "pages/masks.js";
import { cellWords, matrix, short } from "pages/matrix.js";
import { sortTables } from "pages/table.js";
import { Triage } from "pages/triage.js";
import { Viewer } from "pages/viewer.js";
import { Windowed } from "pages/windowed.js";
import { caption, className, details, drawLegend, tell } from "diff/details.js";
import { card, filters as itemFilters, orders } from "diff/list.js";

/** @typedef {import("diff/list.js").Item} Item */

const data = JSON.parse(byId("data").textContent);
const MODES = /** @type {import("pages/viewer.js").Mode[]} */ ([
  { id: "side", title: "Side by side", kind: "side" }, { id: "slider", title: "Slider", kind: "slider" },
  { id: "blink", title: "Blink", kind: "blink" }, { id: "difference", title: "Difference", kind: "single", pane: 2 },
]);

/** @type {Record<string, Mask>} */
let masks = {};
/** @type {number[][]} */
let parts = [];
let part = -1;

const viewer = new Viewer(byId("viewer"), MODES, {
  pixel: (at) => { gallery.pixel = at; tell(open(), data, masks, at); gallery.save(false); },
  hover: ([x, y]) => {
    const names = ["before", "after"].map((side) => masks[side]?.at(x, y)).map((cell) => cell && className(data, cell.class_number));
    return names[0] && names[1] && names[0] !== names[1] ? `${names[0]} → ${names[1]}` : names[1] || names[0] || null;
  },
  moved: () => gallery.save(false),
});
const triage = new Triage(data.id, () => gallery.judged());
const filters = new Filters(byId("filters"), [...itemFilters(data), triageFilter(triage)], orders, (item) => item.key, () => gallery.filtered());
/** @type {Windowed<Item>} */
const list = new Windowed(byId("list"), { width: 0, height: 94 }, (item) => card(item, words(item), () => gallery.choose(item)), "Images", (i) => gallery.step(i - gallery.shown.indexOf(gallery.chosen)));
const left = data.left_out ? `; ${data.left_out} more are not in this page (--most)` : "";
/** @type {Gallery} */
const gallery = new Gallery({
  items: data.items, list, filters, viewer, triage, draw, home: "summary", title: data.title, more: left,
  keys: [
    ["s", "summary", () => gallery.open(gallery.view === "summary" && gallery.chosen ? "image" : "summary")],
    ["f", "go to the next changed part, largest first", () => goToPart(1)],
    ["F", "go to the changed part before", () => goToPart(-1)],
  ],
});

const open = () => /** @type {Item} */ (gallery.chosen);

/** What triage says of an image. @param {Item} item */
function words(item) {
  const { seen, verdict } = triage.of(item.key);
  return verdict ? { fine: "✓ fine", wrong: "✗ wrong" }[verdict] : seen ? "seen" : "";
}

/** Show an image. @param {Item} item */
async function draw(item) {
  caption(item);
  byId("pixel").replaceChildren(make("h3", {}, "Pixel"), make("p", { class: "hint" }, "Point at a pixel to see its class; click to see which region, label and rule decided it."));
  details(item, data.causes, viewer);
  drawLegend(item, data, viewer, (name) => { gallery.toggleFilter("class", name); drawLegend(item, data, viewer, () => {}, filters.value("class")); }, filters.value("class"));
  try {
    const found = await loadItem(item.n);
    const sides = await Promise.all(["before", "after"].filter((side) => found[side]).map(async (side) => [side, await Mask.of(found[side])]));
    if (gallery.chosen !== item) return;
    masks = Object.fromEntries(sides);
    [parts, part] = [found.parts, -1];
    byId("go").hidden = !parts.length;
    viewer.show(panes(item));
  } catch (error) {
    viewer.clear(/** @type {Error} */ (error).message);
  }
}

/** @param {Item} item @returns {import("pages/viewer.js").Pane[]} */
function panes(item) {
  const changed = new Set((item.regions || []).map((entry) => entry[1]));
  const scene = (/** @type {string} */ side) => `images/${item.n}-${side === "before" && (item.scene_before || item.status === "removed") ? "scene-before" : "scene"}.jpg`;
  const sides = Object.entries(masks).map(([side, mask]) => ({
    title: side === "before" ? "Before" : "After", size: mask.size, scene: scene(side), layer: classLayer(mask, data.classes), regions: mask.regions, changed }));
  if (sides.length < 2) return sides;
  const difference = { title: "Difference", size: masks.after.size, scene: scene("after"), regions: [] };
  if (!item.comparable) return [...sides, { ...difference, layer: null, note: "The image's size changed: pixels cannot be compared." }];
  return [...sides, { ...difference, layer: differenceLayer(masks.before, masks.after) }];
}

/** Return what happened to each pixel. @param {Mask} before @param {Mask} after @returns {import("pages/masks.js").Layer} */
function differenceLayer(before, after) {
  const [old, now] = [before.classNumbers(), after.classNumbers()];
  const values = new Uint8Array(now.length);
  for (let i = 0; i < values.length; i++) if (old[i] !== now[i]) values[i] = old[i] === 0 ? 1 : now[i] === 0 ? 2 : 3;
  return { size: after.size, values, colors: [null, data.marks.gained, data.marks.lost, data.marks["other-class"]], hatched: true };
}

/** Zoom to a changed part. @param {number} by */
function goToPart(by) {
  if (gallery.view !== "image" || !parts.length) return;
  part = (part + by + parts.length) % parts.length;
  viewer.frame(/** @type {any} */ (parts[part].slice(0, 4)));
}

byId("go").addEventListener("click", () => goToPart(1));
/** Show how many pixels moved between which classes; a cell leads to its images. */
function drawMoved() {
  /** @type {[string, string, number][]} */
  const transitions = data.transitions;
  if (!transitions.length) return;
  const names = data.classes.map((/** @type {{name: string}} */ entry) => entry.name);
  const known = (/** @type {0 | 1} */ side) => names.filter((/** @type {string} */ name) => transitions.some((entry) => entry[side] === name));
  const [rows, columns] = [known(0), known(1)];
  const pixels = new Map(transitions.map(([before, after, n]) => [`${names.indexOf(before)}-${names.indexOf(after)}`, n]));
  const pair = (/** @type {number} */ i, /** @type {number} */ j) => `${names.indexOf(rows[i])}-${names.indexOf(columns[j])}`;
  const largest = Math.max(...pixels.values());
  byId("moved").hidden = false;
  byId("moved").lastElementChild.replaceChildren(matrix("Pixels that moved between classes", "before ↓ after →", rows, columns, (i, j) => {
    const n = pixels.get(pair(i, j));
    return n ? { text: short(n), label: cellWords(rows[i], "is now", columns[j], n), shade: Math.sqrt(n / largest), kind: "wrong" } : null;
  }, (i, j) => gallery.lead({ moved: pair(i, j), order: "pixels" })));
}

sortTables(byId("summary"));
drawMoved();
gallery.start();
