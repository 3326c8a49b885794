// The gallery of a version: a grid of all images, one of them large, the wall of regions, overlaps, what
// was dropped.
import { byId, count, make, outerLink } from "pages/elements.js";
import { Filters } from "pages/filters.js";
import { Gallery, triageFilter } from "pages/gallery.js";
import { loadItem } from "pages/items.js";
import { classNote, legend } from "pages/legend.js";
import { classLayer, Mask } from "pages/masks.js";
import { table } from "pages/table.js";
import { Triage } from "pages/triage.js";
import { Viewer } from "pages/viewer.js";
import { Windowed } from "pages/windowed.js";
import { caption, details, hover, tell } from "show/image.js";
import { itemFilters, itemOrders, joined, tile } from "show/items.js";
import { wall } from "show/wall.js";

/** @typedef {import("show/items.js").Item} Item */

const data = JSON.parse(byId("data").textContent);
const NOTE = 46; // height of the words below a thumbnail
const GAP = 10;
let tileWidth = 192;

/** @type {Mask | null} */
let mask = null;

const viewer = new Viewer(byId("viewer"), [{ id: "image", title: "Image", kind: "single" }], {
  pixel: (at) => { gallery.pixel = at; tell(open(), data, mask, at); gallery.save(false); },
  hover: (at) => hover(open(), data, mask, at),
  moved: () => gallery.save(false),
});
const triage = new Triage(data.id, () => gallery.judged());
/** @type {Filters<Item>} */
const filters = new Filters(byId("filters"), [...itemFilters(data), triageFilter(triage)], itemOrders(data, () => filters.value("class")), searched, () => gallery.filtered());
/** @type {Windowed<Item>} */
const list = new Windowed(byId("list"), { width: 200, height: 200 }, (item) => tile(item, data, {
  width: tileWidth, hasMask: byId("masks-on").checked, isTimed: filters.order.value.endsWith("time"), mark: mark(item), open: () => gallery.choose(item) }), "Images");
const showWall = wall(data, (item, box) => gallery.choose(item).then(() => viewer.frame(box)));
/** @type {Gallery} */
const gallery = new Gallery({
  items: data.items, list, filters, viewer, triage, draw, home: "list", title: data.title, shownChanged,
  keys: [
    ["Escape", "back to the grid", () => gallery.open("list")],
    ["w", "wall of regions", () => gallery.open(gallery.view === "wall" ? "list" : "wall")],
  ],
});

const open = () => /** @type {Item} */ (gallery.chosen);

/** What a word is looked for in. @param {Item} item */
function searched(item) { return `${item.key} task ${item.task} user ${item.annotator}`; }

/** What triage says of an image. @param {Item} item */
function mark(item) {
  const { seen, verdict } = triage.of(item.key);
  return verdict ? { fine: "✓ fine", wrong: "✗ wrong" }[verdict] : seen ? "seen" : "";
}

/** Let as many thumbnails stand in a row as have the size asked for, and fill the row. */
function fitTiles() {
  const room = list.inner.clientWidth;
  if (!room) return;
  const columns = Math.max(1, Math.floor(room / (Number(byId("tile-size").value) + GAP)));
  tileWidth = room / columns - GAP;
  list.cell = { width: Math.floor(room / columns), height: (tileWidth * data.sheet.cell[1]) / data.sheet.cell[0] + NOTE };
  list.refresh(true);
}

/** @param {Item} item */
async function draw(item) {
  caption(item);
  byId("pixel").replaceChildren(make("h3", {}, "Pixel"), make("p", { class: "hint" }, "Point at a pixel to see what lies there; click to keep it in view."));
  drawLegend();
  try {
    const found = await Mask.of((await loadItem(item.key)).mask);
    if (gallery.chosen !== item) return;
    mask = found;
    details(item, data, mask, viewer);
    viewer.show([{ title: item.key, size: mask.size, scene: item.scene, layer: classLayer(mask, data.classes), regions: mask.regions }]);
  } catch (error) {
    viewer.clear(/** @type {Error} */ (error).message);
  }
}

/** The classes of the open image, with its pixels and how many images have them. */
function drawLegend() {
  const item = open();
  if (!item) return;
  const entries = item.classes.map(([number, pixels]) => ({ ...data.classes[number], number, color: number ? data.classes[number].color : null, note: classNote(pixels, images(number)) }));
  byId("legend").replaceChildren(legend(entries, { isolate: (number) => viewer.isolate(number), choose: chooseClass, chosen: [filters.value("class")] }));
}

/** @param {number} number of a class */
const images = (number) => data.items.filter((/** @type {Item} */ item) => item.classes.some((entry) => entry[0] === number)).length;

/** @param {string} name */
function chooseClass(name) { gallery.toggleFilter("class", name); }

/** Other images fit: count their classes, and show their regions. */
function shownChanged() {
  const totals = new Map();
  for (const item of gallery.shown) {
    for (const [number, pixels] of item.classes) {
      const [p, n] = totals.get(number) || [0, 0];
      totals.set(number, [p + pixels, n + 1]);
    }
  }
  const entries = data.classes.map((/** @type {any} */ entry, /** @type {number} */ number) => ({ ...entry, color: number ? entry.color : null, note: classNote(.../** @type {[number, number]} */ (totals.get(number) || [0, 0])) }));
  byId("classes").replaceChildren(legend(entries.filter((/** @type {any} */ entry, /** @type {number} */ number) => totals.has(number) || filters.value("class") === entry.name), { choose: chooseClass, chosen: [filters.value("class")] }));
  drawLegend();
  showWall(gallery.shown);
}

/** Return a link to an image. @param {Item} item */
const imageLink = (item) => make("a", { href: `#${new URLSearchParams({ key: item.key })}` }, item.key);

const combinations = data.combinations.map((/** @type {any} */ entry, /** @type {number} */ i) => [
  make("a", { href: `#${new URLSearchParams({ combination: String(i) })}` }, joined(entry)),
  entry.class || make("span", { class: "unmatched" }, "no class"), entry.reason, count(entry.pixels), count(entry.images)]);
byId("combinations").append(make("section", {}, ...table("Labels that overlap, and what decides the class", ["labels", "class", "because of", ">pixels", ">images"], combinations, "h2")));

const dropped = data.dropped.map((/** @type {any[]} */ [place, id, shape, labels, why]) => [imageLink(data.items[place]), `${shape} ${id}`, labels.join(" + "), why, outerLink(`task ${data.items[place].task}`, data.items[place].link)]);
const tasks = data.tasks.map((/** @type {any[]} */ [key, task, why, link]) => [key, why, outerLink(`task ${task}`, link)]);
for (const part of [table("Regions that did not become pixels", ["image", "region", "labels", "why", "task"], dropped, "h2"), table("Tasks that are not in the benchmark", ["key", "why", "task"], tasks, "h2")]) {
  if (part.length) byId("dropped").append(make("section", {}, ...part));
}
if (!dropped.length && !tasks.length) byId("dropped").append(make("p", { class: "hint" }, "Nothing was dropped: every region of these images became pixels."));

byId("tile-size").value = String(Math.min(Math.max(innerWidth / 9, 150), 320));
byId("tile-size").addEventListener("input", fitTiles);
byId("masks-on").addEventListener("change", () => list.refresh(true));
new ResizeObserver(fitTiles).observe(list.inner);
if (!location.hash && data.view !== "list") history.replaceState(null, "", `#${new URLSearchParams(data.view === "dropped" ? { view: "dropped" } : { key: data.view })}`);
gallery.start();
