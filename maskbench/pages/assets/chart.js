// Charts of values from 0 to 1: lines over something, with a grid.
import { make, makeSvg } from "pages/elements.js";

const WIDTH = 520, HEIGHT = 250, LEFT = 40, RIGHT = 12, TOP = 12, BOTTOM = 36;

/** @typedef {[number, number, string][]} Points share of the width, value from 0 to 1, words */

/** @param {number} share */
export const across = (share) => LEFT + share * (WIDTH - LEFT - RIGHT);
/** @param {number} value */
export const up = (value) => HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM);

/** @param {string} text @param {Record<string, string | number>} attributes */
function label(text, attributes) {
  const element = makeSvg("text", attributes);
  element.textContent = text;
  return element;
}

/**
 * Return a chart of values from 0 to 1.
 * @param {string} title
 * @param {string} axis what stands below
 * @param {[number, string][]} ticks share of the width, text
 * @param {Element[]} marks
 */
export function chart(title, axis, ticks, marks) {
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
    makeSvg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: up(value), y2: up(value), class: "grid" }),
    label(String(value), { x: LEFT - 6, y: up(value) + 4, "text-anchor": "end" })]);
  const below = ticks.map(([share, text]) => label(text, { x: across(share), y: HEIGHT - BOTTOM + 15, "text-anchor": share > 0.98 ? "end" : share < 0.02 ? "start" : "middle" }));
  const name = label(axis, { x: across(0.5), y: HEIGHT - 4, "text-anchor": "middle" });
  const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title }, ...grid, ...below, name, ...marks);
  return make("figure", {}, make("figcaption", {}, title), svg);
}

/** Return a line with its points, each with words. @param {Points} points @param {string} kind @param {string} color @param {boolean} dots */
export function line(points, kind, color, dots) {
  const path = points.map(([share, value], i) => `${i ? "L" : "M"}${across(share).toFixed(1)},${up(value).toFixed(1)}`).join("");
  const found = [makeSvg("path", { d: path, class: `line ${kind}`, style: `--color: ${color}` })];
  for (const [share, value, words] of dots ? points : []) {
    const dot = makeSvg("circle", { cx: across(share), cy: up(value), r: 3.5, class: `dot ${kind}`, style: `--color: ${color}` });
    dot.append(Object.assign(makeSvg("title"), { textContent: words }));
    found.push(dot);
  }
  return found;
}
