// A matrix of numbers as a picture: rows, columns, shaded cells that lead somewhere.
import { counted, make } from "pages/elements.js";

/**
 * @typedef {Object} MatrixCell
 * @property {string} text few letters
 * @property {string} label all of it, in words
 * @property {number} shade 0 to 1
 * @property {"right" | "wrong"} kind
 */

/**
 * Return a matrix, in a frame that scrolls sideways.
 * @param {string} label
 * @param {string} corner what rows and columns are
 * @param {string[]} rows names
 * @param {string[]} columns names
 * @param {(row: number, column: number) => MatrixCell | null} cell null: empty
 * @param {(row: number, column: number) => void} lead where a cell leads to
 * @param {number} [apart] the first of the columns that stand apart, behind a gap
 */
export function matrix(label, corner, rows, columns, cell, lead, apart) {
  const gap = (/** @type {number} */ j) => (j === apart ? "apart" : "");
  const head = make("tr", {}, make("td", {}, make("small", {}, corner)), ...columns.map((name, j) => make("th", { scope: "col", title: name, class: gap(j) }, make("span", {}, name))));
  const body = rows.map((name, i) => make("tr", {}, make("th", { scope: "row", title: name }, name), ...columns.map((_, j) => {
    const found = cell(i, j);
    if (!found) return make("td", { class: gap(j) });
    const button = make("button", { type: "button", title: found.label, "aria-label": found.label, "data-cell": `${i}-${j}`, on: { click: () => lead(i, j) } }, found.text);
    return make("td", { class: `${found.kind} ${gap(j)}`, style: { "--shade": `${Math.round(100 * found.shade)}%` } }, button);
  })));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    make("table", { class: "matrix" }, make("thead", {}, head), make("tbody", {}, ...body)));
}

/** Return a number in few letters: 512, 9.1k, 20M. @param {number} number */
export function short(number) {
  const [size, letter] = number >= 1e9 ? [1e9, "G"] : number >= 1e6 ? [1e6, "M"] : number >= 1e3 ? [1e3, "k"] : [1, ""];
  return `${Number((number / size).toPrecision(number < 1e3 ? 4 : 3))}${letter}`;
}

/** Return words for a cell of pixels. @param {string} row @param {string} verb @param {string} column @param {number} pixels */
export const cellWords = (row, verb, column, pixels) => `${row} ${verb} ${column}: ${counted(pixels, "pixel")}`;
