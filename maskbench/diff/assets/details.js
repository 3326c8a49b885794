// Beside the picture of a changed image: why it changed, and what a pixel tells.
import { byId, count, make, outerLink, percent, quoted } from "pages/elements.js";
import { factList } from "pages/gallery.js";
import { legend } from "pages/legend.js";
import { table } from "pages/table.js";

/** @typedef {import("diff/list.js").Item} Item */
/** @typedef {import("pages/viewer.js").Viewer} Viewer */

/** Say what an image is, in its caption. @param {Item} item */
export function caption(item) {
  const isResized = item.size_before && item.size_before.join() !== item.size.join();
  const size = [...(isResized ? [item.size_before] : []), item.size].map((pair) => pair?.join(" × ")).join(" → ");
  const changed = item.status === "changed" ? `${percent(item.share || 0)} of pixels changed · ` : `image ${item.status} · `;
  byId("facts").replaceChildren(`${changed}${size} · ${item.split} · `, outerLink(`task ${item.task}`, item.link));
}

/** Fill the tables. @param {Item} item @param {Record<string, string>} titles of the kinds of causes @param {Viewer} viewer */
export function details(item, titles, viewer) {
  const why = item.causes.map(([kind, name, pixels]) => [titles[kind], name, count(pixels)]);
  if (item.moved) why.push(["moved between splits", `${item.moved[0]} → ${item.moved[1]}: ${item.moved[2]}`, ""]);
  byId("why").className = item.alarm ? "alarm" : "";
  byId("why").replaceChildren(...table("Why", ["cause", "which", ">pixels"], why));
  const regions = item.regions || [];
  byId("regions").replaceChildren(...table("Regions", ["what", "labels", "region"], regions.map((entry) => regionRow(entry, viewer))));
  if (item.by && regions.length) byId("regions").append(make("p", { class: "hint" }, `saved by ${item.by}`));
  byId("transitions").replaceChildren(...table("Pixels that moved", ["from", "to", ">pixels"], (item.transitions || []).map(([a, b, n]) => [a, b, count(n)])));
  const score = (/** @type {number | null} */ share) => (share === null ? "-" : (Math.floor(share * 1000) / 1000).toFixed(3));
  byId("scores").replaceChildren(...table("Classes", ["class", ">before", ">after", ">IoU"], (item.iou || []).map(([name, a, b, share]) => [name, count(a), count(b), score(share)])));
}

/** @param {[string, string, string, string[], string[]]} region @param {Viewer} viewer */
function regionRow([kind, id, shape, before, after], viewer) {
  const light = (/** @type {string | null} */ which) => () => viewer.light(which);
  const name = make("button", { type: "button", class: "link", on: { mouseenter: light(id), mouseleave: light(null), focus: light(id), blur: light(null) } }, `${shape} ${id}`);
  const isRelabelled = before.length && after.length && before.join() !== after.join();
  const labels = isRelabelled ? `${before.join(" + ")} → ${after.join(" + ")}` : (after.length ? after : before).join(" + ");
  return [kind, labels, id ? name : ""];
}

/** @param {Item} item @param {any} data @param {Viewer} viewer @param {(name: string) => void} choose @param {string} chosen */
export function drawLegend(item, data, viewer, choose, chosen) {
  const pixels = new Map((item.iou || []).map(([name, , after]) => [name, after]));
  const names = item.iou ? item.iou.map((row) => row[0]) : item.touched;
  const classes = data.classes.map((/** @type {any} */ entry, /** @type {number} */ number) => ({ ...entry, number, color: number ? entry.color : null,
    note: pixels.has(entry.name) ? `${count(pixels.get(entry.name) || 0)} px` : "" })).filter((/** @type {any} */ entry) => names.includes(entry.name));
  const background = data.classes[0].name;
  const marks = [[`was ${background}`, "gained"], [`is ${background} now`, "lost"], ["another class", "other-class"]]
    .map(([name, mark]) => ({ name, color: `var(--${mark})`, hatched: true }));
  byId("legend").replaceChildren(
    legend(classes, { isolate: (number) => viewer.isolate(number), choose, chosen: chosen ? [chosen] : [] }),
    ...(item.status === "changed" ? [make("p", { class: "hint" }, "Difference:"), legend(marks, {})] : []));
}

/** Say all that is known of a pixel. @param {Item} item @param {any} data @param {Record<string, import("pages/masks.js").Mask>} masks @param {[number, number]} at */
export function tell(item, data, masks, [x, y]) {
  const facts = ["before", "after"].flatMap((side) => {
    const mask = masks[side];
    const cell = mask?.at(x, y);
    if (!cell) return [];
    const regions = cell.regions.map((i) => mask.regions[i]).map((region) => `${region.labels.join(" + ")} (${region.shape} ${region.id})`);
    return [[side, className(data, cell.class_number)], ["because of", cell.reason], ["regions", regions.join(", ") || "none"]];
  });
  if (item.annotator) facts.push(["drawn by", `user ${item.annotator}${item.when ? `, saved ${item.when}` : ""}`]);
  const rev = data.after.revision ? ` --rev ${data.after.revision}` : "";
  const command = `maskbench blame ${quoted(item.key)} ${x} ${y}${rev}`;
  byId("pixel").replaceChildren(make("h3", {}, `Pixel (${x}, ${y})`), factList(/** @type {any} */ (facts)),
    make("p", { class: "hint" }, "Since which version: ", make("code", {}, command)));
}

/** @param {any} data @param {number} number */
export const className = (data, number) => data.classes[number]?.name ?? "(unnamed)";
