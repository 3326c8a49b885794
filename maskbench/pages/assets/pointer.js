// Mouse, pen and fingers on the stage: drag, wheel, two fingers, click, the divider, the pointer's place.

/** Let a viewer follow the pointers on its stage. @param {import("pages/viewer.js").Viewer} viewer */
export function listen(viewer) {
  const { stage, tip } = viewer;
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let isFar = false;
  let isDivider = false;

  stage.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const pane = paneOf(event);
    if (!pane || event.button !== 0) return;
    if (!down.size) [isFar, isDivider] = [false, /** @type {Element} */ (event.target).classList.contains("divider")];
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (down.size === 2) isFar = true;
    pane.setPointerCapture(event.pointerId);
  });

  stage.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const last = down.get(event.pointerId);
    if (!last) { hover(event); return; }
    const pane = paneOf(event);
    if (!pane) return;
    if (isDivider) { viewer.setDivider((100 * inPane(pane, event)[0]) / pane.clientWidth); return; }
    const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
    if (!isFar && Math.hypot(dx, dy) < 4) return;
    isFar = true;
    if (down.size === 2) pinch(pane, event);
    else viewer.move(dx, dy);
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });

  // Two fingers: the picture follows their distance and the point between them.
  function pinch(/** @type {HTMLElement} */ pane, /** @type {PointerEvent} */ event) {
    const [, other] = [...down].find(([id]) => id !== event.pointerId) || [0, { x: 0, y: 0 }];
    const last = down.get(event.pointerId) || other;
    const now = { x: event.clientX, y: event.clientY };
    const before = Math.hypot(last.x - other.x, last.y - other.y);
    const after = Math.hypot(now.x - other.x, now.y - other.y);
    viewer.move((now.x - last.x) / 2, (now.y - last.y) / 2);
    if (before > 0) viewer.zoom(after / before, inPane(pane, { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 }));
  }

  const end = (/** @type {boolean} */ isClick) => (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId) || !isClick || isFar || isDivider) return;
    const pane = paneOf(event);
    const at = pane && pixelAt(viewer, pane, event);
    if (at) viewer.ask(at);
  };
  stage.addEventListener("pointerup", end(true));
  stage.addEventListener("pointercancel", end(false));
  stage.addEventListener("pointerleave", () => { tip.hidden = true; });

  stage.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
    const pane = paneOf(event);
    if (!pane) return;
    event.preventDefault();
    viewer.zoom(Math.exp(-event.deltaY / 400), inPane(pane, event));
  }, { passive: false });

  function hover(/** @type {PointerEvent} */ event) {
    const pane = paneOf(event);
    const at = pane && event.pointerType !== "touch" ? pixelAt(viewer, pane, event) : null;
    const words = at && viewer.events.hover?.(at, shownPane(/** @type {HTMLElement} */ (pane)));
    tip.hidden = !words;
    if (!words) return;
    tip.textContent = words;
    const isRight = event.clientX > innerWidth - 260;
    tip.style.left = `${event.clientX + (isRight ? -14 : 14)}px`;
    tip.style.top = `${event.clientY + 14}px`;
    tip.classList.toggle("leftwards", isRight);
  }
}

/** @param {Event} event @returns {HTMLElement | null} */
const paneOf = (event) => /** @type {Element} */ (event.target).closest(".pane");

/** Return a pointer's place in a pane. @param {HTMLElement} pane @param {{clientX: number, clientY: number}} event @returns {[number, number]} */
function inPane(pane, { clientX, clientY }) {
  const box = pane.getBoundingClientRect();
  return [clientX - box.left - pane.clientLeft, clientY - box.top - pane.clientTop];
}

/** Return which of the viewer's panes is seen in a pane of the page. @param {HTMLElement} pane */
function shownPane(pane) {
  const box = pane.querySelector(".picture:not([hidden])");
  return Number(box instanceof HTMLElement ? box.dataset.pane : 0);
}

/**
 * Return the pixel of the last pane's picture below a pointer; null off the picture.
 * @param {import("pages/viewer.js").Viewer} viewer
 * @param {HTMLElement} pane
 * @param {{clientX: number, clientY: number}} event
 * @returns {[number, number] | null}
 */
function pixelAt({ panes, place, size }, pane, event) {
  if (!panes.length) return null;
  const [left, top] = inPane(pane, event);
  const [x, y] = [(left - place.x) / place.scale, (top - place.y) / place.scale].map(Math.floor);
  return x >= 0 && y >= 0 && x < size[0] && y < size[1] ? [x, y] : null;
}
