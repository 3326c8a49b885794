// The confusion matrix as a picture whose cells lead to images.
import { make, percent } from "pages/elements.js";
import { cellWords, matrix, short } from "pages/matrix.js";

/** @typedef {{id: string, title: string, value: (pixels: number[][], row: number, column: number) => number}} Mode */

const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, n) => total + n, 0);

/** @type {Mode[]} */
export const MODES = [
  { id: "row", title: "Share of the true class", value: (pixels, row, column) => pixels[row][column] / sum(pixels[row]) },
  { id: "column", title: "Share of the predicted class", value: (pixels, row, column) => pixels[row][column] / sum(pixels.map((entry) => entry[column])) },
  { id: "pixels", title: "Pixels", value: (pixels, row, column) => pixels[row][column] },
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
 * @param {number[][]} pixels true classes in rows; the last column: no class
 * @param {string[]} names of the columns
 * @param {string} modeId
 * @param {(truth: number, predicted: number) => void} lead to the images of a cell
 */
export function confusion(pixels, names, modeId, lead) {
  const mode = MODES.find(({ id }) => id === modeId) || MODES[0];
  const isShare = mode.id !== "pixels";
  const largest = Math.max(1, ...pixels.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const hasVoid = pixels.some((row) => row[pixels.length]);
  const columns = hasVoid ? names : names.slice(0, pixels.length);
  return matrix(`Confusion, ${mode.title.toLowerCase()}`, "true ↓ predicted →", names.slice(0, pixels.length), columns, (i, j) => {
    if (!pixels[i][j]) return null;
    const value = mode.value(pixels, i, j);
    const part = isShare ? value : i === j ? 0 : value / largest;
    return {
      text: isShare ? share(value) : short(value),
      label: cellWords(names[i], "predicted as", names[j], pixels[i][j]) + (isShare ? `, ${percent(value)}` : ""),
      shade: i === j ? part : Math.sqrt(part), // few pixels of a confusion are seen, too
      kind: i === j ? "right" : "wrong",
    };
  }, lead);
}

/** Return a share in a cell's few letters: 98.7, 0.3, <0.1. @param {number} value */
function share(value) {
  const hundredths = 100 * value;
  return hundredths < 0.1 ? "<0.1" : hundredths >= 99.95 ? "100" : hundredths.toFixed(1);
}
