// The confusion matrix as a picture whose cells lead to images.
import { count, make, percent } from "pages/elements.js";

/** @typedef {{id: string, title: string, value: (matrix: number[][], row: number, column: number) => number}} Mode */

const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, n) => total + n, 0);

/** @type {Mode[]} */
export const MODES = [
  { id: "row", title: "Share of the true class", value: (matrix, row, column) => matrix[row][column] / (sum(matrix[row]) || NaN) },
  { id: "column", title: "Share of the predicted class", value: (matrix, row, column) => matrix[row][column] / (sum(matrix.map((entry) => entry[column])) || NaN) },
  { id: "pixels", title: "Pixels", value: (matrix, row, column) => matrix[row][column] },
];

/**
 * Return the buttons that switch the numbers.
 * @param {string} chosen
 * @param {(id: string) => void} choose
 */
export function modeButtons(chosen, choose) {
  return MODES.map(({ id, title }) => make("button", { type: "button", role: "radio", "aria-checked": String(id === chosen), "data-confusion": id, on: { click: () => choose(id) } }, title));
}

/**
 * Return the matrix.
 * @param {number[][]} matrix true classes in rows; the last column: no class
 * @param {string[]} names of the columns
 * @param {string} modeId
 * @param {(truth: number, predicted: number) => void} lead to the images of a cell
 */
export function confusion(matrix, names, modeId, lead) {
  const mode = MODES.find(({ id }) => id === modeId) || MODES[0];
  const largest = Math.max(1, ...matrix.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const columns = names.map((_, j) => j).filter((j) => j < matrix.length || matrix.some((row) => row[j]));
  const head = make("tr", {}, make("td", {}, make("small", {}, "true ↓ predicted →")), ...columns.map((j) => make("th", { scope: "col", title: names[j] }, make("span", {}, names[j]))));
  const rows = matrix.map((row, i) => make("tr", {}, make("th", { scope: "row", title: names[i] }, names[i]), ...columns.map((j) => {
    const value = mode.value(matrix, i, j);
    const part = mode.id === "pixels" ? (i === j ? 0 : row[j] / largest) : value || 0;
    const shade = i === j ? part : Math.sqrt(part); // few pixels of a confusion are seen, too
    const text = Number.isNaN(value) ? "-" : mode.id === "pixels" ? short(value) : value === 0 ? "" : share(value);
    const label = `${names[i]} predicted as ${names[j]}: ${count(row[j])} pixels${mode.id === "pixels" || Number.isNaN(value) ? "" : `, ${percent(value)}`}`;
    const kind = i === j ? "right" : "wrong";
    const cell = row[j] ? make("button", { type: "button", title: label, "aria-label": label, "data-pair": `${i}-${j}`, on: { click: () => lead(i, j) } }, text) : text;
    return make("td", { class: kind, style: { "--shade": `${Math.round(100 * shade)}%` } }, cell);
  })));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Confusion, ${mode.title.toLowerCase()}` },
    make("table", { class: "confusion" }, make("thead", {}, head), make("tbody", {}, ...rows)));
}

/** Return a share in a cell's few letters: 98.7, 0.3, <0.1. @param {number} value */
function share(value) {
  const hundredths = 100 * value;
  return hundredths < 0.1 ? "<0.1" : hundredths >= 99.95 ? "100" : hundredths.toFixed(1);
}

/** Return pixels in a cell's few letters. @param {number} pixels */
function short(pixels) {
  const [size, letter] = pixels >= 1e9 ? [1e9, "G"] : pixels >= 1e6 ? [1e6, "M"] : pixels >= 1e3 ? [1e3, "k"] : [1, ""];
  return pixels ? `${Number((pixels / size).toPrecision(3))}${letter}` : "";
}
