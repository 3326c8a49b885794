// One image: its caption and tables, and what a pixel tells.
import { byId, count, make, outerLink, percent, quoted } from "pages/elements.js";
import { factList } from "pages/gallery.js";
import { table } from "pages/table.js";
import { spent } from "show/items.js";

/** @typedef {import("show/items.js").Item} Item */
/** @typedef {import("pages/masks.js").Mask} Mask */
/** @typedef {import("pages/viewer.js").Viewer} Viewer */

/** @param {Item} item */
export function caption(item) {
  const who = [item.annotator && `user ${item.annotator}`, item.when && `saved ${item.when}`, spent(item)].filter(Boolean).join(", ");
  const score = item.score === null ? "" : ` · mean IoU ${item.score.toFixed(3)}`;
  byId("facts").replaceChildren(`${item.size.join(" × ")} · ${item.split} · `, outerLink(item.link ? `task ${item.task} in Label Studio` : `task ${item.task}`, item.link), who ? ` · ${who}` : "", score);
}

/** Return the regions on a pixel in words. @param {Mask} mask @param {number[]} places */
const named = (mask, places) => places.map((i) => mask.regions[i]).map((region) => `${region.labels.join(" + ")} (${region.shape} ${region.id})`);

/** Say at the pointer what lies there. @param {Item} item @param {any} data @param {Mask | null} mask @param {[number, number]} at */
export function hover(item, data, mask, [x, y]) {
  const cell = mask?.at(x, y);
  if (!mask || !cell) return null;
  const lines = [data.classes[cell.class_number].name];
  if (cell.regions.length) lines.push(cell.reason, ...named(mask, cell.regions), ...(item.annotator ? [`user ${item.annotator}`] : []));
  return lines.join("\n");
}

/** @param {Item} item @param {any} data @param {Mask | null} mask @param {[number, number]} at */
export function tell(item, data, mask, [x, y]) {
  const cell = mask?.at(x, y);
  if (!mask || !cell) return;
  const labels = new Set(cell.deciding.flatMap((i) => mask.regions[i].labels));
  const hidden = cell.regions.filter((i) => !cell.deciding.includes(i));
  const facts = [["class", data.classes[cell.class_number].name], ["labels", [...labels].sort().join(" + ") || "none"], ["because of", cell.reason],
    ["regions", named(mask, cell.deciding).join(", ") || "none"]];
  if (hidden.length) facts.push(["below them", named(mask, hidden).join(", ")]);
  if (item.annotator) facts.push(["drawn by", `user ${item.annotator}${item.when ? `, saved ${item.when}` : ""}`]);
  const rev = data.revision ? ` --rev ${data.revision}` : "";
  byId("pixel").replaceChildren(make("h3", {}, `Pixel (${x}, ${y})`), factList(/** @type {any} */ (facts)),
    make("p", { class: "hint" }, "Since which version: ", make("code", {}, `maskbench blame ${quoted(item.key)} ${x} ${y}${rev}`)));
}

/** @param {Item} item @param {any} data @param {Mask} mask @param {Viewer} viewer */
export function details(item, data, mask, viewer) {
  const pixels = item.size[0] * item.size[1];
  const light = (/** @type {string | null} */ id) => () => viewer.light(id);
  const rows = mask.regions.map((region) => [
    make("button", { type: "button", class: "link", on: { mouseenter: light(region.id), mouseleave: light(null), focus: light(region.id), blur: light(null) } }, `${region.shape} ${region.id}`),
    region.labels.join(" + "), count(region.pixels)]);
  byId("regions").replaceChildren(...table("Regions", ["region", "labels", ">pixels"], rows));
  const combinations = item.combinations.map(([i, n]) => {
    const { labels, reason, class: name } = data.combinations[i];
    return [labels.join(" + ") || "(no label)", name || make("span", { class: "unmatched" }, "no class"), reason, count(n)];
  });
  byId("labels").replaceChildren(...table("Labels on a pixel", ["labels", "class", "because of", ">pixels"], combinations));
  const classes = item.classes.map(([number, n]) => [data.classes[number].name, count(n), percent(n / pixels)]);
  byId("shares").replaceChildren(...table("Classes", ["class", ">pixels", ">share"], classes));
  const place = data.items.indexOf(item);
  const dropped = data.dropped.filter((/** @type {any[]} */ entry) => entry[0] === place)
    .map((/** @type {any[]} */ [, id, shape, labels, why]) => [`${shape} ${id}`, labels.join(" + "), why]);
  byId("lost").replaceChildren(...table("Did not become pixels", ["region", "labels", "why"], dropped));
}
