// Curves of IoU: over the images from worst to best, and over the size of a class in an image.
import { across, chart, line, up } from "pages/chart.js";
import { byId, count, counted, make, makeSvg } from "pages/elements.js";
import { swatch } from "pages/legend.js";

/** Return the curve over images, worst first. @param {number[]} scores sorted */
function overImages(scores) {
  const last = Math.max(1, scores.length - 1);
  const points = /** @type {import("pages/chart.js").Points} */ (scores.map((score, i) => [i / last, score, `${count(i + 1)} of ${count(scores.length)}: ${score.toFixed(3)}`]));
  const middle = scores.length ? scores[Math.floor((scores.length - 1) / 2)] : 0;
  const ticks = /** @type {[number, string][]} */ ([[0, "worst"], [0.5, `half of the images: ${middle.toFixed(3)} or less`], [1, "best"]]);
  return chart(`IoU over ${counted(scores.length, "image")}`, "images, from worst to best", ticks, line(points, "", "var(--accent)", scores.length <= 60));
}

/** Return words for a range of sizes: the side of a square. @param {number} pixels */
const side = (pixels) => `${count(Math.round(Math.sqrt(pixels)))}²`;

/**
 * Return the curves over sizes: one a class; the chosen one stands out.
 * @param {[number, number, number, number, number][]} sizes class, first and end of the range, images, IoU
 * @param {{name: string, color: string}[]} classes
 * @param {number | null} chosen
 */
function overSizes(sizes, classes, chosen) {
  const firsts = [...new Set(sizes.map((entry) => entry[1]))].sort((a, b) => a - b);
  const [least, most] = [firsts[0] ?? 1, firsts[firsts.length - 1] ?? 1];
  const steps = Math.max(1, Math.log2(most / least) / 2);
  const place = (/** @type {number} */ first) => Math.log2(first / least) / 2 / steps;
  const marks = classes.flatMap((entry, number) => {
    const own = sizes.filter((range) => range[0] === number);
    const points = /** @type {import("pages/chart.js").Points} */ (own.map(([, first, end, images, iou]) =>
      [place(first), iou, `${entry.name}, ${side(first)} to ${side(end)} pixels: ${iou.toFixed(3)} (${counted(images, "image")})`]));
    const kind = chosen === null ? "" : chosen === number ? "chosen" : "faint";
    return line(points, kind, number ? entry.color : "var(--soft)", true);
  });
  const ticks = /** @type {[number, string][]} */ (firsts.map((first) => [place(first), side(first)]));
  return chart("IoU over the size of a class in an image", "true pixels, as a square's side; each range has twice the side", ticks, marks);
}

/**
 * Draw the curves of a split.
 * @param {any} part
 * @param {{name: string, color: string}[]} classes
 */
export function drawCurves(part, classes) {
  /** @type {number | null} */
  let chosen = null;
  const box = byId("curves").querySelector(".charts");
  const present = classes.map((_, number) => number).filter((number) => part.sizes.some((/** @type {number[]} */ entry) => entry[0] === number));
  const draw = () => {
    const buttons = present.map((number) => make("li", {}, make("button", { type: "button", "aria-pressed": String(chosen === number), "data-curve": String(number), on: { click: () => { chosen = chosen === number ? null : number; draw(); } } },
      swatch({ color: number ? classes[number].color : null }), make("span", {}, classes[number].name))));
    box.replaceChildren(overImages(part.scores), make("div", {}, overSizes(part.sizes, classes, chosen), make("ul", { class: "legend", "aria-label": "Classes of the curves" }, ...buttons)));
  };
  draw();
}

/**
 * Return a scatter of two scores an image, whose points lead to the images.
 * @param {import("evaluation/list.js").Item[]} items
 * @param {string[]} titles
 * @param {(item: any) => void} open
 */
export function scatter(items, titles, open) {
  const points = items.filter((item) => item.score !== null && item.before !== null).map((item) => {
    const [before, after] = [Number(item.before), Number(item.score)];
    const dot = makeSvg("circle", { cx: across(before), cy: up(after), r: 5, class: `point ${after < before ? "worse" : "better"}`, "data-key": item.key });
    dot.append(Object.assign(makeSvg("title"), { textContent: `${item.key}: ${before.toFixed(3)} → ${after.toFixed(3)}` }));
    dot.addEventListener("click", () => open(item));
    return dot;
  });
  const diagonal = makeSvg("line", { x1: across(0), y1: up(0), x2: across(1), y2: up(1), class: "grid" });
  const ticks = /** @type {[number, string][]} */ ([[0, "0"], [0.25, "0.25"], [0.5, "0.5"], [0.75, "0.75"], [1, "1"]]);
  return chart(`IoU of each image: ${titles[0]} (across) and ${titles[1]} (up)`, titles[0], ticks, [diagonal, ...points]);
}
