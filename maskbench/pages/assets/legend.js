// The legend of an image: its classes with pixels; pointing at one shows it alone, a click filters.
import { count, make } from "pages/elements.js";

/**
 * @typedef {Object} LegendEntry
 * @property {string} name
 * @property {string | null} color null: transparent, such as the background
 * @property {number} [number] of the layers, which pointing shows alone
 * @property {string} [note] such as its pixels and images
 * @property {boolean} [hatched]
 */

/**
 * Return a legend.
 * @param {LegendEntry[]} entries
 * @param {{isolate?: (number: number | null) => void, choose?: (name: string) => void, chosen?: string[]}} events
 */
export function legend(entries, { isolate, choose, chosen = [] }) {
  return make("ul", { class: "legend", "aria-label": "Legend" }, ...entries.map((entry) => {
    const { number } = entry;
    const point = (/** @type {number | null} */ which) => () => { if (number !== undefined) isolate?.(which); };
    const on = { mouseenter: point(number ?? null), mouseleave: point(null), focus: point(number ?? null), blur: point(null), click: () => choose?.(entry.name) };
    const content = [swatch(entry), make("span", {}, entry.name), entry.note ? make("small", {}, entry.note) : null];
    const pressed = choose ? String(chosen.includes(entry.name)) : null;
    const isButton = Boolean(choose) || number !== undefined;
    return make("li", {}, isButton ? make("button", { type: "button", "aria-pressed": pressed, on }, ...content) : make("span", {}, ...content));
  }));
}

/** @param {{color: string | null, hatched?: boolean}} entry */
export function swatch({ color, hatched }) {
  const kind = color ? (hatched ? "swatch hatched" : "swatch") : "swatch empty";
  return make("span", { class: kind, style: color ? { "--color": color } : {} });
}

/** Return how many pixels and images a class has, in words. @param {number} pixels @param {number} images */
export const classNote = (pixels, images) => `${count(pixels)} px · ${count(images)} img`;
