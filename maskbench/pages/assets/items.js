// Data of single images lie beside the page as scripts, for a page in a file may load no other data.
// Each calls maskbenchItem(name, packed), the only global of the pages; packed is JSON, see inflate.
import { inflate } from "pages/masks.js";

/** @type {Map<string, string>} */
const loaded = new Map();
/** @type {any} */ (globalThis).maskbenchItem = loaded.set.bind(loaded);

/**
 * Return the data of `items/<name>.js`, such as an image's.
 * @param {string} name
 * @returns {Promise<any>}
 */
export function loadItem(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `items/${encodeURIComponent(name)}.js`;
    const end = (/** @type {() => void} */ action) => () => { script.remove(); action(); };
    script.onload = end(() => { resolve(inflate(loaded.get(name) || "").json()); loaded.delete(name); });
    script.onerror = end(() => reject(new Error(`items/${name}.js cannot be read: was the whole folder copied?`)));
    document.head.append(script);
  });
}
