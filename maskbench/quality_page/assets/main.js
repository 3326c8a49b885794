// The page of label quality: agreement of annotators, images with who drew what, and findings.
import { byId, make } from "pages/elements.js";
import { Filters } from "pages/filters.js";
import { Gallery, triageFilter } from "pages/gallery.js";
import { loadItem } from "pages/items.js";
import { legend, swatch } from "pages/legend.js";
import { classLayer, Mask } from "pages/masks.js";
import { sortTables } from "pages/table.js";
import { Triage } from "pages/triage.js";
import { Viewer } from "pages/viewer.js";
import { Windowed } from "pages/windowed.js";
import { caption, colorOf, details, hover, opinions, tell } from "quality_page/details.js";
import { drawChoices, drawMatrix, drawTimeline } from "quality_page/figures.js";
import { findingGallery } from "quality_page/findings.js";
import { card, filters as itemFilters, named, orders } from "quality_page/list.js";

/** @typedef {import("quality_page/list.js").Item} Item */
/** @typedef {import("quality_page/list.js").Finding} Finding */
/** @typedef {import("quality_page/details.js").Drawn} Drawn */

const data = JSON.parse(byId("data").textContent);
/** @type {import("pages/viewer.js").Mode[]} */
const MODES = [{ id: "together", title: "Together", kind: "single", pane: 0 }, { id: "side", title: "Side by side", kind: "side" }];

/** @type {Drawn[]} */
let drawn = [];
/** @type {[number, number, number, number, number][]} */
let places = [];
let place = -1; // the disagreement that was gone to
/** @type {Set<string>} */
const hidden = new Set(); // annotators whose outlines are not shown
/** @type {import("quality_page/figures.js").Choice} */
let choice = { coefficient: data.coefficients[0], of: "" };
let chosenPerson = "";

/** @type {Viewer} */
const viewer = new Viewer(byId("viewer"), MODES, {
  pixel: (at) => { gallery.pixel = at; tell(drawn, data, at); gallery.save(false); },
  hover: (at, pane) => hover(viewer.mode.id === "side" && pane > 0 ? [drawn[pane - 1]] : drawn.filter(({ who }) => !hidden.has(who)), data, at),
  moved: () => { drawLegend(); gallery.save(false); },
});
viewer.shown.outlines = true;
viewer.look.opacity = 0.45; // outlines and scene matter most
const triage = new Triage(data.id, () => gallery.judged());
/** @type {Filters<Item>} */
const filters = new Filters(byId("filters"), [...itemFilters(data), triageFilter(triage)], orders(data, (id) => filters.value(id)), (item) => `${item.key} ${item.people.map(({ task }) => `task ${task}`).join(" ")}`, () => gallery.filtered());
/** @type {Windowed<Item>} */
const list = new Windowed(byId("list"), { width: 0, height: 94 }, (item) => card(item, data, filters.value("class"), mark(item), () => gallery.choose(item)), "Images", (i) => gallery.step(i - gallery.shown.indexOf(gallery.chosen)));
const found = data.findings.length ? findingGallery(data, goTo, () => gallery.save(false)) : null;
/** @type {Gallery} */
const gallery = new Gallery({
  items: data.items, list, filters, viewer, triage, draw, home: "figures", title: data.title,
  more: data.left_out ? `; ${data.left_out} more are not in this page (--worst)` : "",
  shownChanged: () => found?.show(),
  own: { read, write },
  keys: [
    ["f", "next place of disagreement", nextPlace],
    ["o", "outlines of one annotator alone, the next, all", nextPerson],
    ["s", "agreement", () => gallery.open(gallery.view === "figures" && gallery.chosen ? "image" : "figures")],
    ...(found ? [/** @type {[string, string, () => void]} */ (["w", "findings", () => gallery.open("findings")])] : []),
  ],
});

/** What triage says of an image. @param {Item} item */
function mark(item) {
  const { seen, verdict } = triage.of(item.key);
  return verdict ? { fine: "✓ fine", wrong: "✗ wrong" }[verdict] : seen ? "seen" : "";
}

/** Take what the address says beside the image and its filters. @param {Record<string, string>} state */
function read(state) {
  choice = { coefficient: data.coefficients.includes(state.coefficient) ? state.coefficient : data.coefficients[0], of: state.of || "" };
  if (found) found.filters.state = Object.fromEntries(Object.entries(state).filter(([name]) => name.startsWith("f.")).map(([name, value]) => [name.slice(2), value]));
  drawFigures();
}

/** @returns {Record<string, string>} */
function write() {
  const coefficient = choice.coefficient === data.coefficients[0] ? "" : choice.coefficient;
  return { coefficient, of: choice.of, ...Object.fromEntries(Object.entries(found?.filters.state || {}).map(([name, value]) => [`f.${name}`, value])) };
}

function drawFigures() {
  if (!document.getElementById("matrix")) return;
  drawChoices(data, choice, (next) => { choice = next; drawFigures(); gallery.save(false); });
  drawMatrix(data, choice, (state) => gallery.lead(state));
  drawTimeline(data, choice, chosenPerson, (who) => { chosenPerson = who; drawFigures(); });
}

/** Show an image. @param {Item} item */
async function draw(item) {
  [drawn, places, place] = [[], [], -1];
  caption(item);
  details(item, data, goTo);
  byId("pixel").replaceChildren(make("h3", {}, "Pixel"), make("p", { class: "hint" }, "Point at a pixel to see which class each annotator gave it; click to keep it in view."));
  byId("go").hidden = true;
  try {
    const loaded = await loadItem(item.n);
    const masks = await Promise.all(loaded.people.map((/** @type {any} */ person) => Mask.of(person.mask)));
    if (gallery.chosen !== item) return;
    drawn = loaded.people.map((/** @type {{who: string}} */ { who }, /** @type {number} */ i) => ({ who, mask: masks[i] }));
    places = loaded.places;
    byId("go").hidden = !places.length;
    drawWho();
    drawLegend();
    if (drawn.length) viewer.show(panes(item));
    else viewer.clear("no annotation of this image can be drawn");
  } catch (error) {
    viewer.clear(/** @type {Error} */ (error).message);
  }
}

/** The picture of all together, then one of each annotator. @param {Item} item @returns {import("pages/viewer.js").Pane[]} */
function panes(item) {
  const scene = `images/${item.n}.jpg`;
  const own = drawn.map(({ who, mask }) => ({ title: named(who), size: mask.size, scene, layer: classLayer(mask, data.classes), regions: outlines(who, mask) }));
  const colors = [null, data.marks["two-classes"], data.marks["more-classes"]];
  const size = drawn[0].mask.size;
  if (drawn.length < 2) return own;
  return [{ title: "Together", size, scene, layer: { size, values: opinions(drawn), colors }, regions: shownOutlines() }, ...own];
}

/** Return the regions of an annotator, in the annotator's colour. @param {string} who @param {Mask} mask */
const outlines = (who, mask) => mask.regions.map((region) => ({ ...region, id: `${who} ${region.id}`, color: colorOf(data, who) }));

const shownOutlines = () => drawn.filter(({ who }) => !hidden.has(who)).flatMap(({ who, mask }) => outlines(who, mask));

/** The annotators, whose outlines can be taken away. */
function drawWho() {
  const buttons = drawn.map(({ who }) => make("button", { type: "button", "aria-pressed": String(!hidden.has(who)), "data-who": who, on: { click: () => { if (!hidden.delete(who)) hidden.add(who); reoutline(); } } },
    swatch({ color: colorOf(data, who) }), named(who)));
  byId("who").replaceChildren(make("span", { class: "hint" }, "Outlines of"), ...buttons);
}

/** Show the outlines of the annotators that are chosen now. */
function reoutline() {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.who;
  drawWho();
  if (focused) /** @type {HTMLElement} */ (byId("who").querySelector(`[data-who="${CSS.escape(focused)}"]`)).focus();
  if (drawn.length > 1 && viewer.panes.length) viewer.panes[0].regions = shownOutlines();
  viewer.drawOutlines();
}

/** Show one annotator's outlines alone, then the next one's, then all. */
function nextPerson() {
  const all = drawn.map(({ who }) => who);
  const alone = all.filter((who) => !hidden.has(who));
  const next = alone.length === 1 ? all[all.indexOf(alone[0]) + 1] : all[0];
  hidden.clear();
  if (next !== undefined) for (const who of all) if (who !== next) hidden.add(who);
  reoutline();
}

/** What the colours of the picture mean: disagreement, or classes. */
function drawLegend() {
  if (!drawn.length) return;
  const isTogether = viewer.mode.id === "together" && drawn.length > 1;
  const used = new Set(drawn.flatMap(({ mask }) => mask.cells.map((cell) => cell.class_number)));
  const classes = [...used].sort((a, b) => a - b).map((number) => ({ ...data.classes[number], number, color: number ? data.classes[number].color : null }));
  const marks = [{ name: "two classes", color: data.marks["two-classes"], number: 1 }, { name: "three or more", color: data.marks["more-classes"], number: 2 }];
  const shown = isTogether ? marks.slice(0, drawn.length > 2 ? 2 : 1) : classes;
  byId("legend").replaceChildren(make("span", { class: "hint" }, isTogether ? "A pixel has" : ""), legend(shown, { isolate: (number) => viewer.isolate(number) }));
}

function nextPlace() {
  if (!places.length || gallery.view !== "image") return;
  place = (place + 1) % places.length;
  const [left, top, right, bottom] = places[place];
  viewer.frame([left, top, right, bottom]);
}

/** Open the place of a finding. @param {Finding} finding */
async function goTo(finding) {
  const item = data.items.find((/** @type {Item} */ entry) => entry.key === finding.item);
  if (!item) return;
  if (gallery.chosen !== item || gallery.view !== "image") await gallery.choose(item);
  const [left, top, width, height] = finding.box;
  if (width && height) viewer.frame([left, top, left + width, top + height]);
  const region = viewer.panes.flatMap((pane) => pane.regions || []).find(({ id }) => finding.regions.some((own) => id.endsWith(` ${own}`)));
  viewer.light(region?.id ?? null);
}

byId("go").textContent = "Go to the disagreement";
byId("go").addEventListener("click", nextPlace);
byId("image").insertBefore(byId("who"), byId("viewer"));
byId("figures").addEventListener("click", (/** @type {MouseEvent} */ event) => {
  const link = /** @type {Element} */ (event.target).closest?.('a[href^="#class="], a[href^="#annotator="]');
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  const [name, value] = (link.getAttribute("href") || "").slice(1).split("=");
  gallery.lead({ [name]: value });
});
sortTables(byId("figures"));
gallery.start();
