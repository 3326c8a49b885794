// Data of single images lie beside the page as scripts, for a page in a file may load no other data.
// Each calls maskbenchItem(name, data), the only global of the pages.

/** @type {Map<string, any>} */
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
    script.onload = end(() => { resolve(loaded.get(name)); loaded.delete(name); });
    script.onerror = end(() => reject(new Error(`items/${name}.js cannot be read: was the whole folder copied?`)));
    document.head.append(script);
  });
}
