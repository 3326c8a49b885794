// Elements, numbers and words. Text is never read as HTML.

/**
 * Return the element with an id.
 * @param {string} id
 * @returns {any}
 */
export const byId = (id) => document.getElementById(id);

/** @param {number} n */
export const count = (n) => n.toLocaleString("en-US");

/**
 * Return a number with its noun, such as `1 image` or `3 images`.
 * @param {number} n
 * @param {string} noun
 */
export const counted = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

/** @param {number} share */
export const percent = (share) => (share > 0 && share < 0.00001 ? "<0.001 %" : `${Number((100 * share).toPrecision(2))} %`);

/** Return a time in words, such as `4.5 s`, `12 min 5 s` or `2 h 10 min`. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  return minutes < 60 ? `${minutes} min ${rest} s` : `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/**
 * Return an element with attributes, listeners (`on`), text and children.
 * Attributes that are null, undefined or false are left out.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, action] of Object.entries(value)) element.addEventListener(event, action);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Return a shape of an SVG drawing.
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * Return a link that opens beside the page; other text than a web address is text.
 * @param {string} text
 * @param {string | null | undefined} address
 */
export function outerLink(text, address) {
  if (!address || !/^https?:\/\//.test(address)) return make("span", {}, text);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text);
}

/** Return a word quoted for a POSIX shell. @param {string} word */
export const quoted = (word) => (/^[\w.@/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * Compare names as people sort them: 2 before 10.
 * @param {string} a
 * @param {string} b
 */
export const byName = (a, b) => a.localeCompare(b, "en", { numeric: true });
