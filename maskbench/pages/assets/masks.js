// Masks as the pages' data have them (docs/pages.md): a number a pixel, and what each number means.

/**
 * @typedef {Object} Region
 * @property {string} id Label Studio's region id
 * @property {string} shape
 * @property {string[]} labels
 * @property {number} pixels
 * @property {number[]} [ring] x, y, x, y … of the outline in pixels
 * @property {number[]} [rows] y, first x, end x of each run of a stroke's pixels
 */

/**
 * @typedef {Object} Cell Pixels on which the same regions lie, with the same class.
 * @property {number} class_number place in the page's classes
 * @property {string} reason why they have this class, in words
 * @property {number[]} regions places in the mask's regions, in drawing order
 * @property {number[]} deciding those of them whose labels count
 */

/**
 * @typedef {Object} MaskData
 * @property {[number, number]} size width and height in pixels
 * @property {Cell[]} cells
 * @property {string} pixels the cell of each pixel, packed: see unpack
 * @property {Region[]} regions
 */

/** @typedef {{name: string, color: string}} ClassEntry */

/** @typedef {Uint8Array | Uint16Array} Numbers */

/**
 * @typedef {Object} Layer What is painted over a scene.
 * @property {[number, number]} size
 * @property {Numbers} values a number a pixel
 * @property {(string | null)[]} colors colour (#rrggbb) by number; null: transparent
 * @property {boolean} [hatched] drawn as stripes: its colours are no classes
 */

/** A mask whose pixels are unpacked. */
export class Mask {
  /** @param {MaskData} data @param {Uint16Array} pixels */
  constructor(data, pixels) {
    this.size = data.size;
    this.cells = data.cells;
    this.regions = data.regions;
    this.pixels = pixels;
  }

  /** @param {MaskData} data @returns {Promise<Mask>} */
  static async of(data) {
    return new Mask(data, await unpack(data.pixels, data.size));
  }

  /** Return what is known of a pixel; null off the mask. @param {number} x @param {number} y */
  at(x, y) {
    const [width, height] = this.size;
    return x >= 0 && y >= 0 && x < width && y < height ? this.cells[this.pixels[y * width + x]] : null;
  }

  /** Return the place in the page's classes of each pixel. */
  classNumbers() {
    const table = Uint16Array.from(this.cells, (cell) => cell.class_number);
    const numbers = new Uint16Array(this.pixels.length); // a loop: map() takes ten times as long
    for (let i = 0; i < numbers.length; i++) numbers[i] = table[this.pixels[i]];
    return numbers;
  }
}

/**
 * Return the numbers that `pack` of data.py made text of: runs, each as its difference from the one
 * at the same place in the row above.
 * @param {string} text
 * @param {[number, number]} size
 * @returns {Promise<Uint16Array>}
 */
export async function unpack(text, [width, height]) {
  const stored = new Uint16Array(await inflate(text).arrayBuffer());
  const many = (stored.length - height) / 2;
  const pixels = new Uint16Array(width * height);
  let begins = new Uint16Array(0), numbers = begins;
  for (let y = 0, at = height; y < height; y++) {
    const count = stored[y];
    const [above, same] = [begins, numbers];
    begins = stored.slice(at, at + count);
    numbers = stored.slice(at + many, at + many + count);
    for (let i = 0; i < count && i < above.length; i++) {
      begins[i] += above[i];
      numbers[i] += same[i];
    }
    for (let i = 0; i < count; i++) {
      pixels.fill(numbers[i], y * width + begins[i], y * width + (i + 1 < count ? begins[i + 1] : width));
    }
    at += count;
  }
  return pixels;
}

/** Return what a base64 text of a zlib stream holds. @param {string} text */
export function inflate(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")));
}

/**
 * Return a mask in the colours of its classes; class 0 is transparent.
 * @param {Mask} mask
 * @param {ClassEntry[]} classes
 * @returns {Layer}
 */
export function classLayer(mask, classes) {
  const colors = classes.map((entry, i) => (i === 0 ? null : entry.color));
  return { size: mask.size, values: mask.classNumbers(), colors };
}

/**
 * Paint a layer. Borders between numbers have their full colour, so that it can be told whatever
 * the scene's colours are; the area within is as opaque as asked.
 * @param {HTMLCanvasElement} canvas
 * @param {Layer} layer
 * @param {{opacity: number, only?: number | null, patterns?: boolean}} look
 *   opacity 0 to 1; only: paint no other number; patterns: stripes that differ by number
 */
export function paint(canvas, layer, look) {
  const [width, height] = layer.size;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const picture = blank(width, height);
  const target = new Uint32Array(picture.data.buffer);
  const shades = (/** @type {number} */ alpha, light = 1) => Uint32Array.from(layer.colors,
    (color, n) => (color && visible(n, look.only) ? rgba(color, alpha, light) : 0));
  const full = shades(1), soft = shades(look.opacity), dark = shades(Math.min(1, look.opacity * 1.4), 0.55);
  const striped = layer.hatched || look.patterns;
  const period = Math.max(4, 2 * Math.round(Math.max(width, height) / 240));
  const values = layer.values;
  for (let y = 0; y < height; y++) {
    const row = y * width, end = row + width;
    const above = y > 0 ? width : 0, below = y < height - 1 ? width : 0; // 0: compares with itself
    for (let first = row, next; first < end; first = next) {
      const n = values[first];
      for (next = first + 1; next < end && values[next] === n;) next++;
      if (!full[n]) continue;
      for (let i = first; i < next; i++) {
        if (values[i - above] !== n || values[i + below] !== n) target[i] = full[n];
        else if (striped && isStripe(layer.hatched ? 0 : n, i - row, y, period)) target[i] = layer.hatched ? full[n] : dark[n];
        else target[i] = soft[n];
      }
      if (first > row) target[first] = full[n];
      if (next < end) target[next - 1] = full[n];
    }
  }
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
}

/** @type {ImageData | undefined} */
let scratch;

/** Return a transparent picture, the same again where the size is: fresh memory takes longer than painting. @param {number} width @param {number} height */
function blank(width, height) {
  if (scratch?.width !== width || scratch.height !== height) scratch = new ImageData(width, height);
  else scratch.data.fill(0);
  return scratch;
}

/** @param {number} n @param {number | null | undefined} only */
const visible = (n, only) => only === null || only === undefined || n === only;

/**
 * Tell whether a pixel lies on a stripe; direction and width differ by number.
 * @param {number} n
 * @param {number} x
 * @param {number} y
 * @param {number} period
 */
function isStripe(n, x, y, period) {
  const along = [x + y, x, y, x - y + (period << 16)][n & 3];
  const length = period * (1 + ((n >> 2) & 1));
  return along % length < length / 3;
}

/**
 * Return a colour as a pixel of ImageData, read as one little-endian number.
 * @param {string} color #rrggbb
 * @param {number} alpha 0 to 1
 * @param {number} light 1: as it is, 0: black
 */
function rgba(color, alpha, light) {
  const [red, green, blue] = [1, 3, 5].map((at) => Math.round(parseInt(color.slice(at, at + 2), 16) * light));
  return ((Math.round(255 * alpha) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
