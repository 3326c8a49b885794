// Beside the picture of an image: its caption, classes, confusions, and what a pixel is.
import { byId, count, make, outerLink, percent } from "pages/elements.js";
import { factList } from "pages/gallery.js";
import { legend } from "pages/legend.js";
import { table } from "pages/table.js";
import { change, figure, mistakeBar, signed } from "evaluation/list.js";

/** @typedef {import("evaluation/list.js").Item} Item */
/** @typedef {import("pages/masks.js").Mask} Mask */
/** @typedef {{truth: Mask, predictions: Mask[], mistakes: Mask[]}} Masks */

/** Say what an image is. @param {Item} item @param {any} data */
export function caption(item, data) {
  const moved = change(item);
  const score = moved === null ? `IoU ${figure(item.score)}` : `IoU ${figure(item.before)} → ${figure(item.score)} (${signed(moved)})`;
  byId("facts").replaceChildren(`${score} · accuracy ${figure(item.accuracy)} · ${item.split}`,
    item.task === null ? "" : " · ", item.task === null ? "" : outerLink(`task ${item.task}`, item.link), mistakeBar(item, data));
}

/** Fill the tables. @param {Item} item @param {any} data */
export function details(item, data) {
  const name = (/** @type {number} */ number) => data.classes[number].name;
  byId("scores").replaceChildren(...table("Classes", ["class", ">true px", ">predicted px", ">IoU"],
    item.classes.map(([number, truth, predicted, iou]) => [name(number), count(truth), count(predicted), figure(iou)])));
  const pairs = [...item.confused].sort((a, b) => b[2] - a[2]);
  byId("confused").replaceChildren(...table("Wrong pixels", ["true", "predicted", ">pixels", ">share"],
    pairs.map(([truth, predicted, pixels]) => [name(truth), name(predicted), count(pixels), percent(pixels / Math.max(1, item.pixels))])));
}

/**
 * Draw the legend: classes, and kinds of mistake.
 * @param {Item} item
 * @param {any} data
 * @param {import("pages/viewer.js").Viewer} viewer
 * @param {{class: string, mistake: string}} chosen
 * @param {(filter: string, value: string) => void} choose
 */
export function drawLegend(item, data, viewer, chosen, choose) {
  const classes = item.classes.map(([number]) => ({ ...data.classes[number], number, color: number ? data.classes[number].color : null, value: String(number) }));
  const marks = data.mistakes.map((/** @type {any} */ entry, /** @type {number} */ i) => ({ name: entry.name, color: `var(--${entry.name})`, hatched: true, note: `${count(item.mistakes[i])} px` }));
  const numbers = new Map(classes.map((entry) => [entry.name, entry.value]));
  byId("legend").replaceChildren(
    legend(classes, { isolate: (number) => viewer.isolate(number), choose: (name) => choose("class", numbers.get(name) || ""), chosen: classes.filter((entry) => entry.value === chosen.class).map((entry) => entry.name) }),
    make("p", { class: "hint" }, "Mistakes:"), legend(marks, { choose: (name) => choose("mistake", name), chosen: [chosen.mistake] }));
}

/** Say what a pixel is in truth and predictions. @param {any} data @param {Masks} masks @param {[number, number]} at @returns {[string, string][]} */
export function pixelFacts(data, masks, [x, y]) {
  const name = (/** @type {Mask} */ mask) => data.classes[mask.at(x, y)?.class_number ?? -1]?.name ?? "";
  if (!masks.truth.at(x, y)) return [];
  const facts = /** @type {[string, string][]} */ ([["truth", name(masks.truth)]]);
  masks.predictions.forEach((mask, i) => {
    const kind = masks.mistakes[i].at(x, y)?.class_number ?? 0;
    facts.push([data.titles[i].toLowerCase(), kind ? `${name(mask)} (${data.mistakes[kind - 1].name})` : name(mask)]);
  });
  return facts;
}

/** @param {any} data @param {Masks} masks @param {[number, number]} at */
export function tell(data, masks, at) {
  byId("pixel").replaceChildren(make("h3", {}, `Pixel (${at[0]}, ${at[1]})`), factList(pixelFacts(data, masks, at)));
}
