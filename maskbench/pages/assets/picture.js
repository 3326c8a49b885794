// What a pane holds: the scene, the canvas over it, outlines and the marked pixel.
import { make, makeSvg } from "pages/elements.js";

/** @param {string} title @param {...Node} parts */
export const frameOf = (title, ...parts) => make("div", { class: "pane" }, make("h3", {}, title), ...parts);

/**
 * Return what a pane shows: the scene and the canvas over it.
 * @param {import("pages/viewer.js").Pane} pane
 * @param {number} number
 * @param {HTMLCanvasElement[]} used canvases to use again
 */
export function picture({ title, size, scene, layer, note }, number, used) {
  if (note) return make("p", { class: "nothing" }, note);
  const photo = scene ? make("img", { src: scene, alt: `${title}: the image`, draggable: "false", decoding: "async" }) : null;
  photo?.addEventListener("error", () => photo.replaceWith(make("p", { class: "nothing" }, "the image is not here")));
  const canvas = layer ? used.pop() || make("canvas", { role: "img" }) : null;
  canvas?.setAttribute("aria-label", `${title}: ${layer?.hatched ? "marks" : "classes"}`);
  const style = { width: `${size[0]}px`, height: `${size[1]}px` };
  return make("div", { class: "picture", "data-pane": String(number), style }, photo, canvas);
}

/** Return an outline, dark below light so that it is seen on every ground. @param {import("pages/masks.js").Region & {color?: string}} region @param {string} kind */
export function outline({ ring, rows = [], color }, kind) {
  let path = "";
  if (ring) path = `M${ring.map((n, i) => (i % 2 ? `${n}L` : `${n},`)).join("").slice(0, -1)}Z`;
  else for (let i = 0; i < rows.length; i += 3) path += `M${rows[i + 1]},${rows[i]}v1M${rows[i + 2]},${rows[i]}v1`;
  return ["under", kind].map((name) => makeSvg("path", { d: path, class: `outline ${name}`, ...(color ? { style: `--own: ${color}` } : {}) }));
}

/** @param {[number, number]} at */
export const marker = ([x, y]) => ["marker under", "marker"].map((name) => makeSvg("rect", { x, y, width: 1, height: 1, class: name }));
