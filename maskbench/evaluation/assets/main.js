// The page of an evaluation: figures, confusion and curves, and the images in the viewer.
import { byId, make } from "pages/elements.js";
import { Filters } from "pages/filters.js";
import { Gallery, triageFilter } from "pages/gallery.js";
import { loadItem } from "pages/items.js";
import { classLayer, Mask } from "pages/masks.js";
import { sortTables } from "pages/table.js";
import { Triage } from "pages/triage.js";
import { Viewer } from "pages/viewer.js";
import { Windowed } from "pages/windowed.js";
import { confusion, modeButtons } from "evaluation/confusion.js";
import { drawCurves, scatter } from "evaluation/curves.js";
import { caption, details, drawLegend, pixelFacts, tell } from "evaluation/details.js";
import { card, filters as itemFilters, orders } from "evaluation/list.js";

/** @typedef {import("evaluation/list.js").Item} Item */
/** @typedef {import("pages/viewer.js").Mode} Mode */

const data = JSON.parse(byId("data").textContent);
const isPair = data.titles.length > 1;
const MODES = /** @type {Mode[]} */ ([
  { id: "side", title: "Side by side", kind: "side" }, { id: "slider", title: "Slider", kind: "slider" }, { id: "blink", title: "Blink", kind: "blink" },
  ...(isPair ? [] : [{ id: "mistakes", title: "Mistakes", kind: "single", pane: 2 }]),
]);

/** @type {import("evaluation/details.js").Masks | null} */
let masks = null;
let showsMistakes = false;
const first = Object.keys(data.parts).find((name) => name === "all") || Object.keys(data.parts)[0];
let part = first; // the split whose figures are shown
let mode = "row"; // the numbers of the confusion

const viewer = new Viewer(byId("viewer"), MODES, {
  pixel: (at) => { gallery.pixel = at; if (masks) tell(data, masks, at); gallery.save(false); },
  hover: (at) => (masks ? pixelFacts(data, masks, at).map((fact) => fact.join(": ")).join("\n") || null : null),
  moved: () => gallery.save(false),
});
const triage = new Triage(data.id, () => gallery.judged());
/** @type {Filters<Item>} */
const filters = new Filters(byId("filters"), [...itemFilters(data), triageFilter(triage)], orders(data, (id) => filters.value(id)), (item) => `${item.key} ${item.group}`, () => gallery.filtered());
/** @type {Windowed<Item>} */
const list = new Windowed(byId("list"), { width: 0, height: 94 }, (item) => card(item, data, words(item), () => gallery.choose(item)), "Images", (i) => gallery.step(i - gallery.shown.indexOf(gallery.chosen)));
const more = data.left_out ? `; ${data.left_out} more are not in this page (--worst)` : "";
/** @type {Gallery} */
const gallery = new Gallery({
  items: data.items, list, filters, viewer, triage, draw, home: "figures", title: data.title, more,
  own: {
    read: (state) => { mode = state.numbers || "row"; showPart(state.part in data.parts ? state.part : first); },
    write: () => ({ part: part === first ? "" : part, numbers: mode === "row" ? "" : mode }),
  },
  keys: [
    ["s", "figures", () => gallery.open(gallery.view === "figures" && gallery.chosen ? "image" : "figures")],
    ...(isPair ? [/** @type {[string, string, () => void]} */ (["e", "mistakes instead of classes", toggleMistakes])] : []),
  ],
});

/** What triage says of an image. @param {Item} item */
function words(item) {
  const { seen, verdict } = triage.of(item.key);
  return verdict ? { fine: "✓ fine", wrong: "✗ wrong" }[verdict] : seen ? "seen" : "";
}

/** Show an image. @param {Item} item */
async function draw(item) {
  caption(item, data);
  details(item, data);
  byId("pixel").replaceChildren(make("h3", {}, "Pixel"), make("p", { class: "hint" }, "Point at a pixel, or click it."));
  drawLegend(item, data, viewer, { class: filters.value("class"), mistake: filters.value("mistake") }, (filter, value) => gallery.toggleFilter(filter, value));
  try {
    const found = await loadItem(item.n);
    const all = (/** @type {string} */ kind) => Promise.all(data.titles.map((/** @type {string} */ title) => Mask.of(found[kind][title])));
    const [truth, predictions, mistakes] = await Promise.all([Mask.of(found.truth), all("predictions"), all("mistakes")]);
    if (gallery.chosen !== item) return;
    masks = { truth, predictions, mistakes };
    viewer.show(panes(item, masks));
  } catch (error) {
    viewer.clear(/** @type {Error} */ (error).message);
  }
}

/** @param {Item} item @param {import("evaluation/details.js").Masks} found @returns {import("pages/viewer.js").Pane[]} */
function panes(item, { truth, predictions, mistakes }) {
  const scene = `images/${item.n}.jpg`;
  const pane = (/** @type {string} */ title, /** @type {Mask} */ mask) => ({ title, size: mask.size, scene, layer: classLayer(mask, data.classes) });
  const wrong = (/** @type {string} */ title, /** @type {Mask} */ mask) => ({ title, size: mask.size, scene, layer: { ...classLayer(mask, [{ name: "", color: "" }, ...data.mistakes]), hatched: true } });
  const predicted = predictions.map((mask, i) => (showsMistakes ? wrong(data.titles[i], mistakes[i]) : pane(data.titles[i], mask)));
  return isPair ? [...predicted, pane("Truth", truth)] : [pane("Truth", truth), ...predicted, wrong("Mistakes", mistakes[0])];
}

/** Show the mistakes of two predictions instead of their classes, or the classes again. */
function toggleMistakes() {
  showsMistakes = !showsMistakes;
  byId("go").textContent = showsMistakes ? "Show classes" : "Show mistakes";
  if (masks && gallery.chosen) viewer.show(panes(gallery.chosen, masks));
}

/** Show a split's figures. @param {string} name */
function showPart(name) {
  for (const panel of document.querySelectorAll(".part")) /** @type {HTMLElement} */ (panel).hidden = /** @type {HTMLElement} */ (panel).dataset.part !== name;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const isChosen = /** @type {HTMLElement} */ (tab).dataset.part === name;
    tab.setAttribute("aria-selected", String(isChosen));
    /** @type {HTMLElement} */ (tab).tabIndex = isChosen ? 0 : -1;
  }
  part = name;
  drawConfusion();
  drawCurves(data.parts[name], data.classes.slice(0, -1));
}

function drawConfusion() {
  byId("confusion-modes").replaceChildren(...modeButtons(mode, (id) => { mode = id; drawConfusion(); gallery.save(false); }));
  const split = filterOfPart();
  byId("confusion").replaceChildren(confusion(data.parts[part].confusion, data.classes.map((/** @type {any} */ entry) => entry.name), mode,
    (truth, predicted) => gallery.lead(truth === predicted ? { class: String(truth), order: "class", ...split } : { pair: `${truth}-${predicted}`, order: "pair", ...split })));
}

/** The images of the split that is shown; of all together: no filter. @returns {Record<string, string>} */
function filterOfPart() {
  return part === "all" || Object.keys(data.parts).length < 2 ? {} : { split: part };
}

/** Links and buttons of the figures lead to images. @param {MouseEvent} event */
function followed(event) {
  const target = /** @type {Element} */ (event.target);
  const link = target.closest?.('#figures a[href^="#class="]');
  const button = /** @type {HTMLElement | null} */ (target.closest?.("#figures [data-mistake]"));
  if (link) {
    event.preventDefault();
    event.stopPropagation();
    gallery.lead({ class: (link.getAttribute("href") || "").slice("#class=".length), order: "class", ...filterOfPart() });
  } else if (button) gallery.lead({ mistake: button.dataset.mistake || "", order: "mistake", ...filterOfPart() });
}

/** Arrows turn the tabs. @param {KeyboardEvent} event */
function turned(event) {
  const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[role=tab]")]);
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const here = tabs.indexOf(/** @type {HTMLElement} */ (event.target));
  if (!by || here < 0) return;
  event.preventDefault();
  event.stopPropagation();
  const next = tabs[(here + by + tabs.length) % tabs.length];
  next.click();
  next.focus();
}

byId("figures").addEventListener("click", followed);
for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => { showPart(/** @type {HTMLElement} */ (tab).dataset.part || ""); gallery.save(true); });
  tab.addEventListener("keydown", (event) => turned(/** @type {KeyboardEvent} */ (event)));
}
byId("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(byId("citation").textContent).catch(() => getSelection()?.selectAllChildren(byId("citation")));
  byId("copied").textContent = "copied";
});
if (isPair) {
  byId("go").hidden = false;
  byId("go").textContent = "Show mistakes";
  byId("go").title = "e";
  byId("go").addEventListener("click", toggleMistakes);
  byId("scatter").append(scatter(data.items, data.titles, (item) => gallery.choose(item)));
}
sortTables(byId("figures"));
gallery.start();
