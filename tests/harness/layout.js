// What is wrong with the layout of what is seen: a page wider than the window, controls and pictures
// that lie under something else, and words that are cut off without an ellipsis.
const faults = [];
const named = (element) => `<${element.tagName.toLowerCase()} ${element.id || element.className || ""}> ${element.textContent.trim().slice(0, 40)}`;
const wider = document.documentElement.scrollWidth - innerWidth;
if (wider > 0) faults.push(`the page is ${wider} pixels wider than the window`);

/** Tell whether a point of an element is scrolled or clipped away by what it lies in. */
function isClipped(element, x, y) {
  for (let box = element.parentElement; box; box = box.parentElement) {
    if (getComputedStyle(box).overflow === "visible") continue;
    const frame = box.getBoundingClientRect();
    if (x < frame.left || x > frame.right || y < frame.top || y > frame.bottom) return true;
  }
  return x < 0 || y < 0 || x > innerWidth || y > innerHeight;
}

for (const control of document.querySelectorAll("a[href], button, img:not(.stage img), input, select, summary, textarea")) {
  const box = control.getBoundingClientRect();
  if (!box.width || !control.checkVisibility()) continue;
  for (const share of [0.1, 0.5, 0.9]) {
    const [x, y] = [box.left + share * box.width, box.top + box.height / 2];
    if (isClipped(control, x, y)) continue;
    const seen = document.elementFromPoint(x, y);
    const isOwn = seen && (control.contains(seen) || seen.contains(control) || [...(control.labels || [])].some((label) => label.contains(seen)));
    if (!isOwn) faults.push(`${named(control)} lies under ${seen ? named(seen) : "nothing"}`);
  }
}

const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (words.nextNode()) {
  const element = words.currentNode.parentElement;
  if (!words.currentNode.textContent.trim() || !element.checkVisibility()) continue;
  for (let box = element; box && box !== document.body; box = box.parentElement) {
    const style = getComputedStyle(box);
    if (style.overflowX === "visible" || box.closest("svg")) continue;
    const range = document.createRange();
    range.selectNodeContents(words.currentNode);
    const [text, frame] = [range.getBoundingClientRect(), box.getBoundingClientRect()];
    const isShown = style.overflowX !== "hidden" || style.textOverflow === "ellipsis";
    if (!isShown && text.width && (text.left < frame.left - 1 || text.right > frame.right + 1)) faults.push(`cut off: ${named(element)}`);
    break;
  }
}
return faults;
