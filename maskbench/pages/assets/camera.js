// Where a picture lies in its pane. Pure numbers: scale is screen pixels a picture's pixel, x and y
// the place of the picture's corner in the pane.

const MOST = 64;
const IN_SIGHT = 48; // of the picture, in screen pixels, wherever it is dragged

/** @typedef {{scale: number, x: number, y: number, fitted: boolean}} Place */
/** @typedef {[number, number]} Pair */

/**
 * Return the place in which the whole picture is seen, in the middle.
 * @param {Pair} size
 * @param {Pair} pane
 * @returns {Place}
 */
export function fit(size, pane) {
  const scale = Math.min(pane[0] / size[0], pane[1] / size[1]);
  return { scale, x: (pane[0] - size[0] * scale) / 2, y: (pane[1] - size[1] * scale) / 2, fitted: true };
}

/**
 * Zoom by a factor; the point stays where it is in the pane.
 * @param {Place} place
 * @param {number} factor
 * @param {Pair} point
 * @param {Pair} size
 * @param {Pair} pane
 * @returns {Place}
 */
export function zoom(place, factor, point, size, pane) {
  const least = Math.min(1, fit(size, pane).scale) / 2;
  const scale = Math.min(Math.max(place.scale * factor, least), MOST);
  const grown = scale / place.scale;
  return { scale, x: point[0] - (point[0] - place.x) * grown, y: point[1] - (point[1] - place.y) * grown, fitted: false };
}

/**
 * Return the place that shows a box of the picture as large as possible.
 * @param {[number, number, number, number]} box left, top, right, bottom in the picture's pixels
 * @param {Pair} pane
 * @returns {Place}
 */
export function frame([left, top, right, bottom], pane) {
  const margin = Math.max(8, 0.5 * Math.max(right - left, bottom - top));
  const [width, height] = [right - left + 2 * margin, bottom - top + 2 * margin];
  const scale = Math.min(pane[0] / width, pane[1] / height, MOST / 2);
  const [x, y] = [pane[0] / 2 - ((left + right) / 2) * scale, pane[1] / 2 - ((top + bottom) / 2) * scale];
  return { scale, x, y, fitted: false };
}

/**
 * Return a place from which some of the picture is seen.
 * @param {Place} place
 * @param {Pair} size
 * @param {Pair} pane
 * @returns {Place}
 */
export function inSight(place, size, pane) {
  const within = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ room) => {
    const seen = Math.min(IN_SIGHT, length);
    return Math.min(Math.max(at, seen - length), room - seen);
  };
  const { scale } = place;
  return { ...place, x: within(place.x, size[0] * scale, pane[0]), y: within(place.y, size[1] * scale, pane[1]) };
}
